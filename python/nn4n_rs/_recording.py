"""Activity of networks and of recorded neurons."""

import numpy as np

from . import _nn4n
from ._arrays import after_end, array, condition, frame, needs, own, read_npz, rows_of, step_of
from ._html import table
from ._task import _each, _epochs, _lengths, columns_of, conditions_along_trials


class Recording:
    """What units did in trials.

    ``Recording(rates, dt=10, conditions=table)`` makes one of a laboratory's arrays: ``rates`` (trials, steps, units),
    NaN where a trial is over, a step is missing or a unit was not recorded; ``dt`` in ms; ``conditions`` a DataFrame
    with a row a trial; ``epochs`` of each trial as ``(name, start, end)`` in steps; ``area`` and ``cell_type`` (units);
    ``places`` (trials, steps + 1, axes).

    Of networks there are also ``states`` (trials, steps, units) and ``outputs`` (trials, steps, outputs), all float32. A
    network goes on after the end of a trial that is shorter than others: ``n_steps`` says where that is, analyses leave
    it out, and :meth:`to_xarray` has NaN there.
    """

    def __init__(
        self,
        rates,
        dt,
        *,
        conditions=None,
        epochs=None,
        n_steps=None,
        area=None,
        cell_type=None,
        places=None,
        states=None,
        outputs=None,
        _own=own,
    ):
        rates = np.asarray(rates)
        self.rates = _own("rates", rates, 3, np.float64 if rates.dtype == np.float64 else np.float32)
        self.dt = step_of(dt)
        trials, steps, units = self.rates.shape
        if not steps:
            raise ValueError("rates: have no steps")
        self._n_steps = _until_nan(self.rates) if n_steps is None else _lengths(n_steps, trials, steps)
        self._variables = _each("conditions", rows_of(conditions) or [{}] * trials, trials)
        self._epochs = _epochs(_each("epochs", [[]] * trials if epochs is None else epochs, trials))
        self.area = _of_units("area", area, units)
        self.cell_type = _of_units("cell_type", cell_type, units)
        self.places = None if places is None else _own("places", places, 3, np.float64)
        self.states = None if states is None else _own("states", states, 3)
        self.outputs = None if outputs is None else _own("outputs", outputs, 3)
        for name, made in (("states", self.states), ("outputs", self.outputs)):
            if made is not None and made.shape[:2] != (trials, steps):
                raise ValueError(
                    f"{name}: have the shape {made.shape}, but must be ({trials} trials, {steps} steps, ..)"
                )
        self.trials = None
        self.output_names = None
        self._activity = None

    @classmethod
    def _of_network(cls, network, arrays, dt, trials=None, places=None):
        states, rates, outputs = arrays
        known = {"n_steps": [rates.shape[1]] * rates.shape[0]}
        if trials is not None:
            known = {"conditions": trials.variables, "epochs": trials.epochs, "n_steps": trials._raw.n_steps}
        area = network.area if len(network.areas) > 1 else None
        made = cls(
            rates,
            dt,
            area=area,
            cell_type=network.cell_type,
            places=places,
            states=states,
            outputs=outputs,
            _own=array,
            **known,
        )
        made.trials = trials
        made.output_names = network.outputs
        return made

    n_steps = property(lambda self: np.array(self._n_steps, dtype=np.int64), doc="Length of each trial, steps.")
    variables = property(lambda self: self._variables, doc="The variables of each trial, a dictionary each.")
    epochs = property(lambda self: self._epochs, doc="Name, start and end (steps) of the periods of each trial.")
    units = property(lambda self: self.rates.shape[2], doc="How many units there are.")

    @property
    def time(self):
        """The time at the end of each step from the start of the trial, ms (steps)."""
        return self.dt * np.arange(1, self.rates.shape[1] + 1)

    @property
    def conditions(self):
        """The variables of the trials as a DataFrame, a row each."""
        return frame(self._variables)

    def __len__(self):
        return self.rates.shape[0]

    def where(self, **values):
        """The trials that have these values."""
        wanted = condition(values)
        which = [
            place
            for place, one in enumerate(self._variables)
            if all(one.get(name) == value for name, value in wanted.items())
        ]
        if not which:
            raise ValueError(f"where: no trial has {wanted}")
        return self[which]

    def __getitem__(self, trials):
        places = np.atleast_1d(np.arange(len(self))[trials])
        pick = lambda values: [values[place] for place in places]
        part = lambda values: None if values is None else values[places]
        made = Recording(
            self.rates[places],
            self.dt,
            conditions=pick(self._variables),
            epochs=pick(self._epochs),
            n_steps=pick(self._n_steps),
            area=self.area,
            cell_type=self.cell_type,
            places=part(self.places),
            states=part(self.states),
            outputs=part(self.outputs),
        )
        made.output_names = self.output_names
        return made

    def to_xarray(self):
        """An ``xarray.Dataset`` with the dimensions trial, time (ms) and unit, NaN after a trial's end."""
        xarray = needs("xarray", "data", "to_xarray")
        after = after_end(self.n_steps, self.rates.shape[1])
        data = {"rates": (("trial", "time", "unit"), np.where(after, np.nan, self.rates))}
        coords = {
            "trial": np.arange(len(self)),
            "time": ("time", self.time, {"units": "ms"}),
            "unit": np.arange(self.units),
        }
        if self.states is not None:
            data["states"] = (("trial", "time", "unit"), np.where(after, np.nan, self.states))
        if self.outputs is not None:
            data["outputs"] = (("trial", "time", "output"), np.where(after, np.nan, self.outputs))
            if self.output_names and len(self.output_names) == self.outputs.shape[2]:
                coords["output"] = list(self.output_names)
        coords.update(conditions_along_trials(self._variables, ("trial", "time", "unit", "output")))
        if self.cell_type is not None:
            coords["cell_type"] = ("unit", self.cell_type)
        if self.area is not None:
            coords["area"] = ("unit", self.area)
        return xarray.Dataset(data, coords=coords, attrs={"dt_ms": self.dt})

    def save(self, path):
        """Write an ``.npz`` that the program and :meth:`load` read.

        Variables are columns of numbers or of words; epochs are ``NAME.start`` and ``NAME.end``, ms. A variable that is
        called as one of the arrays, and an epoch that a trial has twice, are refused.
        """
        after = after_end(self.n_steps, self.rates.shape[1])
        arrays = {"rates": np.where(after, np.nan, self.rates), "dt": self.dt, "n_steps": self.n_steps}
        for name in ("states", "outputs"):
            if getattr(self, name) is not None:
                arrays[name] = np.where(after, np.nan, getattr(self, name))
        if self.area is not None:
            arrays["area"] = self.area
        if self.cell_type is not None:
            arrays["cell_type"] = self.cell_type
        if self.places is not None:
            arrays["trajectory"] = self.places
        columns = {**columns_of(self._variables), **_columns_of_epochs(self._epochs, self.dt)}
        taken = [name for name in columns if name in (*_IN_FILE, *_NO_LABELS, "rates", "dt", "file")]
        if taken:
            raise ValueError(f"conditions: the variable {taken[0]!r} is called as an array of the file; rename it")
        with open(path, "wb") as file:
            np.savez_compressed(file, **arrays, **columns)

    @classmethod
    def load(cls, path):
        """Read what :meth:`save` or ``nn4n run`` wrote, or an ``.npz`` of a laboratory with the same names."""
        arrays = read_npz(path, "rates", "dt")
        rates, dt = arrays.pop("rates"), float(arrays.pop("dt"))
        known = {new: arrays.pop(old, None) for old, new in _IN_FILE.items()}
        for name in _NO_LABELS:
            arrays.pop(name, None)
        labels = {name: values for name, values in arrays.items() if values.shape == (len(rates),)}
        epochs = _epochs_of_columns(labels, len(rates), dt)
        return cls(rates, dt, conditions=labels or None, epochs=epochs, **known)

    def _made(self):
        if self._activity is None:
            rates = np.ascontiguousarray(self.rates, dtype=np.float64)
            places = self.places
            self._activity = _nn4n.Activity(rates, self.dt, self._n_steps, self._variables, self._epochs, places)
        return self._activity

    def __getstate__(self):
        return {**self.__dict__, "_activity": None}

    def plot(self, trials=None, *, most=100):
        """Rates of the units, averaged over trials, as an image of units by time."""
        from . import _plots

        return _plots.rates(self, trials, most)

    def __repr__(self):
        trials, steps, units = self.rates.shape
        return f"Recording({trials} trials, {steps} steps of {self.dt:g} ms, {units} units)"

    def _repr_html_(self):
        names = sorted({name for one in self._variables for name in one})
        periods = list(dict.fromkeys(epoch["name"] for epochs in self._epochs for epoch in epochs))
        return table(repr(self), [("variables", ", ".join(names)), ("epochs", ", ".join(periods))])


_IN_FILE = {
    "n_steps": "n_steps",
    "area": "area",
    "cell_type": "cell_type",
    "trajectory": "places",
    "states": "states",
    "outputs": "outputs",
}
_NO_LABELS = ("time_ms", "inputs", "x0", "targets", "loss_mask")


def _of_units(name, values, units):
    if values is None:
        return None
    if isinstance(values, str) or len(values) != units or not all(isinstance(one, str) for one in values):
        raise ValueError(f"{name}: must have a word for each of the {units} units")
    return np.array([str(one) for one in values])


def _columns_of_epochs(of_trials, dt):
    """When each epoch begins and ends (ms), NaN in trials without it."""
    columns = {}
    for trial, epochs in enumerate(of_trials):
        if len({epoch["name"] for epoch in epochs}) < len(epochs):
            raise ValueError(f"epochs: trial {trial} has one twice, and a file has room for each once")
        for epoch in epochs:
            for end in ("start", "end"):
                column = columns.setdefault(f"{epoch['name']}.{end}", np.full(len(of_trials), np.nan))
                column[trial] = dt * epoch[end]
    return columns


def _epochs_of_columns(labels, trials, dt):
    """Takes the epochs out of the columns of a file."""
    names = [name.removesuffix(".start") for name in labels if name.endswith(".start")]
    names = [name for name in names if f"{name}.end" in labels]
    ends = {name: [labels.pop(f"{name}.{end}") for end in ("start", "end")] for name in names}
    of_trials = [
        [
            (name, round(start[trial] / dt), round(end[trial] / dt))
            for name, (start, end) in ends.items()
            if start[trial] == start[trial]
        ]
        for trial in range(trials)
    ]
    return [sorted(epochs, key=lambda epoch: epoch[1:]) for epochs in of_trials] if names else None


def _until_nan(rates):
    """Where NaN of all units at the end of trials says how long they are."""
    recorded = ~np.isnan(rates).all(axis=2)
    last = rates.shape[1] - np.argmax(recorded[:, ::-1], axis=1)
    return [int(one) if some else rates.shape[1] for one, some in zip(last, recorded.any(axis=1))]
