"""What a user gives, as the arrays and values that the extension takes."""

import warnings

import numpy as np


class ConversionWarning(UserWarning):
    """Numbers were converted to another precision."""


_said = set()


def array(name, value, ndim, dtype=np.float32):
    """``value`` as an array of ``ndim`` axes, without a copy where it is one already."""
    try:
        given = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: must be an array ({error})") from None
    if given.dtype == object or given.dtype.kind not in "fiub":
        raise ValueError(f"{name}: must be an array of numbers, but has the type {given.dtype}")
    if given.ndim != ndim:
        raise ValueError(f"{name}: must have {ndim} axes, but has the shape {given.shape}")
    if given.dtype.kind == "f" and given.dtype.itemsize > np.dtype(dtype).itemsize:
        _say_once(name, given.dtype, dtype)
    with np.errstate(over="ignore"):  # which is refused below
        made = np.ascontiguousarray(given, dtype=dtype)
    if made.dtype != given.dtype and np.isinf(made).any() and not np.isinf(given).any():
        raise ValueError(f"{name}: holds numbers beyond the range of {np.dtype(dtype).name}")
    return made


def own(name, value, ndim, dtype=np.float32):
    """The same in memory of its own, which nobody else can change."""
    made = array(name, value, ndim, dtype)
    return made.copy() if isinstance(value, np.ndarray) and np.shares_memory(made, value) else made


def whole(name, value, least=0, most=2**63 - 1):
    """A whole number within these bounds."""
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    is_whole = is_whole or (isinstance(value, (float, np.floating)) and float(value).is_integer())
    if not is_whole or not least <= value <= most:
        raise ValueError(f"{name} = {value!r}: must be a whole number from {least} to {most}")
    return int(value)


def seed_of(value, name="seed"):
    """A seed."""
    return whole(name, value, 0, 2**64 - 1)


def count(name, value, least=0, most=100_000):
    """How often something is done; the most are those of the program."""
    return whole(name, value, least, most)


def number(value):
    """A number, or ``None`` of what is missing."""
    return None if is_missing(value) else float(value)


def step_of(dt):
    """The length of a step, ms."""
    if not np.isfinite(float(dt)) or float(dt) <= 0:
        raise ValueError(f"dt = {dt!r}: must be above 0 and finite, in ms")
    return float(dt)


def switch(name, value):
    """``True`` or ``False``."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} = {value!r}: must be True or False")
    return bool(value)


def truth(name, value):
    """``True`` or ``False``, or ``None`` of what is missing."""
    if is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, (int, float, np.number)) and value in (0, 1)):
        return bool(value)
    raise ValueError(f"{name} holds {value!r}: must be true or false, 1 or 0, or missing (None or NaN)")


def _say_once(name, found, wanted):
    if name not in _said:
        _said.add(name)
        message = f"{name}: {found} is converted to {np.dtype(wanted).name}, as networks compute; this is said once"
        warnings.warn(message, ConversionWarning, stacklevel=4)


def plain(value):
    """Dictionaries, lists, numbers and words, of whatever they were: NumPy's numbers and arrays, tuples, paths."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, np.ndarray):
        # A matrix of what is there and what is not.
        return (value.astype(int) if value.dtype == bool and value.ndim == 2 else value).tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    return value


def rows_of(value):
    """The variables of trials, a dictionary each, from a DataFrame, a dictionary of lists, or a list of dictionaries."""
    if value is None:
        return None
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        rows = value.to_dict("records")
    elif isinstance(value, dict):
        columns = {name: list(np.asarray(column).tolist()) for name, column in value.items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError("conditions: every variable must have one value for each trial")
        rows = [dict(zip(columns, row)) for row in zip(*columns.values())]
    else:
        rows = list(value)
    return [{name: one for name, one in plain(dict(row)).items() if not is_missing(one)} for row in rows]


def after_end(n_steps, steps):
    """Whether trials of these lengths are over at each step, (trials, steps, 1)."""
    return np.arange(steps)[None, :, None] >= np.asarray(n_steps)[:, None, None]


def read_npz(path, *needed):
    """The arrays of a file by name, among them those that are needed."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name in needed:
        if name not in arrays:
            raise ValueError(f"{path}: has no array `{name}`; add it, as in numpy.savez(.., {name}=..)")
    return arrays


def frame(rows):
    """A DataFrame of a dictionary for each row; true and false with gaps stay what they are."""
    pandas = needs("pandas", "data", "a DataFrame")
    made = pandas.DataFrame(rows)
    for name in made.columns:
        there = made[name].dropna()
        if made[name].dtype == object and len(there) and there.map(lambda one: isinstance(one, bool)).all():
            made[name] = made[name].astype("boolean")
    return made


def is_missing(value):
    return value is None or (isinstance(value, (float, np.floating)) and value != value)


def condition(value):
    """One condition, from a dictionary."""
    return None if value is None else plain(dict(value))


def selection(units):
    """Units as the program writes them: ``"inhibitory"``, ``"0-9"``, numbers, or a mask (units)."""
    if isinstance(units, str):
        return units
    numbers = np.asarray(units)
    if numbers.dtype == bool and numbers.ndim == 1:
        numbers = np.flatnonzero(numbers)
    if numbers.dtype.kind not in "iu" or not numbers.size:
        raise ValueError(f"units = {units!r}: must be numbers of units, a mask, a cell type, an area or words as '0-9'")
    return ",".join(str(unit) for unit in numbers.ravel())


def several(value):
    """A list of what may be one; numbers together are one selection of units."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)) and not all(isinstance(one, (int, np.integer)) for one in value):
        return list(value)
    return [value]


def interventions(lesion=None, silence=None, inject=None, weight_noise=None, noise_factor=None):
    """What is done to a network, as the extension takes it.

    ``silence`` and ``inject`` may name a window: ``("inhibitory", "stimulus")``, ``(0.5, "0-9", (200, 600))``.
    """
    made = {"lesion": [selection(one) for one in several(lesion)]}
    made["silence"] = [_in_window(one) for one in _tuples(silence)]
    made["inject"] = [_current(one) for one in _tuples(inject)]
    if weight_noise is not None:
        sd, seed = weight_noise if isinstance(weight_noise, tuple) else (weight_noise, 0)
        made["weight_noise"] = [float(sd), seed_of(seed, "weight_noise's seed")]
    if noise_factor is not None:
        made["noise_factor"] = float(noise_factor)
    return made


def _tuples(value):
    return [value] if isinstance(value, tuple) else several(value)


def _in_window(one):
    if isinstance(one, tuple) and not all(isinstance(part, (int, np.integer)) for part in one):
        units, window = one
        return f"{selection(units)}@{_window(window)}"
    return selection(one)


def _current(one):
    if isinstance(one, str):
        return one
    if not isinstance(one, tuple) or len(one) not in (2, 3):
        raise ValueError("inject: must be (current, units) or (current, units, window)")
    current, units, *window = one
    if not abs(float(current)) < np.finfo(np.float32).max:
        raise ValueError(f"inject: the current must be a finite number, but is {current!r}")
    return f"{float(current)}:{selection(units)}" + (f"@{_window(window[0])}" if window else "")


def _window(window):
    return window if isinstance(window, str) else f"{window[0]:g}..{window[1]:g}"


def needs(package, extra, purpose):
    """The module of a package that is not needed for everything."""
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError:
        raise ImportError(
            f"{purpose} needs {package.split('.')[0]}; install it with pip install 'nn4n-rs[{extra}]'"
        ) from None
