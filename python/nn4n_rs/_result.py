"""What analyses find."""

import numpy as np

from ._arrays import frame, needs
from ._html import Svg, table

# Their names are those of variables, and no fields.
_OF_TRIALS = ("condition", "conditions")
_COMPLEX = ("eigenvalues", "continuous_eigenvalues", "right", "left")


def _read(name, value):
    """Lists of numbers as arrays, tables of complex numbers as complex arrays, what is nested as results."""
    if name in _OF_TRIALS:
        return value
    if isinstance(value, np.ndarray):
        return value[..., 0] + 1j * value[..., 1] if name in _COMPLEX and value.shape[-1:] == (2,) else value
    if isinstance(value, dict):
        if set(value) == {"v", "dim", "data"}:
            return np.array(value["data"], dtype=float).reshape(value["dim"])
        return Result._of("", {key: _read(key, one) for key, one in value.items()})
    if isinstance(value, (list, tuple)):
        numbers = _numbers(value)
        if numbers is None:
            return [_read(name, one) for one in value]
        return numbers[..., 0] + 1j * numbers[..., 1] if name in _COMPLEX and numbers.shape[-1:] == (2,) else numbers
    return value


def _numbers(value):
    """An array where all is numbers, ``None`` being NaN; nothing where it is not, or rows differ in length."""
    if not value:
        return None
    if all(isinstance(one, bool) for one in value):
        return np.array(value)
    if all(isinstance(one, int) and not isinstance(one, bool) for one in value):
        return np.array(value, dtype=np.int64)
    if all(one is None or (isinstance(one, (int, float)) and not isinstance(one, bool)) for one in value):
        return (
            None
            if all(one is None for one in value)
            else np.array([np.nan if one is None else one for one in value], float)
        )
    if all(isinstance(one, (list, tuple)) for one in value):
        rows = [_numbers(one) for one in value]
        if any(row is None for row in rows) or len({row.shape for row in rows}) > 1:
            return None
        return np.array(rows)
    return None


class Result:
    """What an analysis found: numbers and arrays as fields, :meth:`to_dict`, :meth:`plot`."""

    _kind = ""
    _found = None

    @classmethod
    def _of(cls, kind, fields, found=None, **more):
        made = cls.__new__(cls)
        made._kind, made._found = kind, found
        made.__dict__.update({name: _read(name, value) for name, value in fields.items()})
        made.__dict__.update(more)
        return made

    def _fields(self):
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def __getstate__(self):
        # Figures of the library stay behind; plot() draws from the fields.
        return {**self.__dict__, "_found": None}

    def to_dict(self):
        """All fields, results within results as dictionaries."""

        def plain(value):
            if isinstance(value, Result):
                return value.to_dict()
            return [plain(one) for one in value] if isinstance(value, list) else value

        return {name: plain(value) for name, value in self._fields().items()}

    def to_dataframe(self):
        """The ``rows`` of a result that has some: what is one value of each."""
        rows = self.__dict__.get("rows")
        if not rows or not all(isinstance(row, Result) for row in rows):
            raise ValueError(f"{self._kind} has no rows; use to_dict()")
        single = lambda value: not isinstance(value, (np.ndarray, list, dict, Result))
        return frame([{name: one for name, one in row._fields().items() if single(one)} for row in rows])

    @property
    def figures(self):
        """The names of the figures that the library itself draws, see :meth:`figure`."""
        return [] if self._found is None else self._found.figures

    def figure(self, name=None):
        """A figure as the program draws it (SVG); the first unless one is named."""
        names = self.figures
        if not names:
            raise ValueError(f"the library draws no figure of {self._kind} by itself; use plot()")
        name = names[0] if name is None else name
        if name not in names:
            raise ValueError(f"name = {name!r}: must be one of {', '.join(names)}")
        return Svg(self._found.svg(name))

    def plot(self, ax=None, **options):
        """A figure in matplotlib; returns its axes."""
        from . import _plots

        return _plots.draw(self, ax, **options)

    def __repr__(self):
        def short(value):
            if isinstance(value, np.ndarray):
                return f"{value.dtype} {value.shape}"
            if isinstance(value, (list, Result)):
                return f"{type(value).__name__} of {len(value)}" if isinstance(value, list) else "Result"
            return repr(value)

        return f"{self._kind or 'Result'}({', '.join(f'{name}: {short(value)}' for name, value in self._fields().items())})"

    def _repr_html_(self):
        rows = []
        for name, value in self._fields().items():
            if isinstance(value, np.ndarray):
                value = f"{value.dtype}, shape {value.shape}" if value.size > 8 else np.array2string(value, precision=4)
            elif isinstance(value, (list, Result)):
                continue
            elif isinstance(value, float):
                value = f"{value:.5g}"
            rows.append((name, value))
        return table(self._kind or "Result", rows)


class Evaluation(Result):
    """Performance of a network at its task, condition by condition.

    ``performance`` and ``minimum`` in [0, 1], ``rms_error``, ``reaction_time`` (ms), ``conditions``.
    """

    def __init__(self, fields):
        self._kind = "Evaluation"
        self.__dict__.update(fields)

    def to_dataframe(self):
        """A row for each condition."""
        pandas = needs("pandas", "data", "conditions as a DataFrame")
        return pandas.DataFrame(
            [{**one["condition"], **{k: v for k, v in one.items() if k != "condition"}} for one in self.conditions]
        )
