"""Tasks and their trials."""

import numpy as np

from . import _nn4n
from ._arrays import (
    after_end,
    array,
    condition,
    frame,
    is_missing,
    needs,
    own,
    plain,
    read_npz,
    rows_of,
    seed_of,
    step_of,
    whole,
)
from ._html import Listing, Svg, table


def tasks(contains=""):
    """What there is to know about each task whose id contains a word, a dictionary each."""
    return Listing(task for task in _nn4n.tasks() if contains in task["id"])


class Task:
    """A cognitive task: it makes trials and scores the answers to them.

    ``Task("song2016/rdm_varstim", coherences=[0.032, 0.512])`` has the parameters of its paper, but for those named.
    ``tasks()`` lists all.
    """

    def __init__(self, id, **parameters):
        self._of(_nn4n.Task(id, plain(parameters)))

    def _of(self, raw):
        self._raw = raw
        self._about = raw.about()
        return self

    @classmethod
    def _wrap(cls, raw):
        return cls.__new__(cls)._of(raw)

    id = property(lambda self: self._raw.id, doc="``family/name``, the family naming the source.")
    dt = property(lambda self: self._raw.dt, doc="The step, ms.")
    inputs = property(lambda self: self._raw.inputs, doc="Names of the input channels.")
    outputs = property(lambda self: self._raw.outputs, doc="Names of the output channels.")
    summary = property(lambda self: self._about["summary"], doc="One sentence.")
    description = property(lambda self: self._about["description"], doc="The definition in words and equations.")
    citation = property(lambda self: self._about["citation"], doc="Where it is published.")
    parameters = property(lambda self: self._about["parameters"], doc="All parameters.")
    conditions = property(lambda self: self._about["conditions"], doc="The classes of trials, a dictionary each.")
    chance = property(lambda self: self._about["chance"], doc="The performance of guessing, in [0, 1].")
    remarks = property(lambda self: self._about["remarks"], doc="How data of one's own were understood.")

    def sample(self, n, seed=0, *, split="train", update=0, draw="drawn", conditions=None):
        """``n`` trials.

        ``draw`` is ``"drawn"``, as the source draws them, ``"balanced"``, ``n`` of each condition, or ``"noise_free"``,
        the same without the noise of the inputs. ``conditions`` are others than the task's own. Trials depend on the
        seed, the split, the update and their place alone, and are the same as those of the program.
        """
        n, update = whole("n", n, 1, 2**32), whole("update", update)
        raw = self._raw.sample(n, seed_of(seed), split, update, draw, _conditions(conditions))
        return Trials(raw, self)

    def score(self, trials, outputs):
        """The score of each trial, as a DataFrame: choice, whether it was right, reaction time (ms).

        ``outputs`` are (trials, steps, outputs).
        """
        return frame(self.scores(trials, outputs))

    def scores(self, trials, outputs):
        """The same, a dictionary for each trial."""
        return self._raw.scores(_trials("trials", trials)._raw, array("outputs", outputs, 3))

    def torch_dataset(self, batch_size=20, seed=0, *, split="train", updates=None):
        """A ``torch.utils.data.IterableDataset`` of batches ``(inputs, targets, loss_mask)``, (trials, steps, channels).

        Workers of a DataLoader (with ``batch_size=None``) share the batches among them.
        """
        from .torch import TaskDataset

        return TaskDataset(self, batch_size, seed, split=split, updates=updates)

    def gym(self, **options):
        """The task as a ``gymnasium.Env``, see :class:`nn4n_rs.gym.Env`."""
        from .gym import Env

        return Env(self, **options)

    def plot(self, seed=0, most=4):
        """One trial of each of a few conditions: inputs, targets, loss mask."""
        wanted = self.conditions[:most] or [{}]
        trials = self.sample(1, seed, split="test", draw="balanced", conditions=wanted)
        return Svg(self._raw.svg(trials._raw))

    def __eq__(self, other):
        return type(self) is type(other) and (self.id, self.parameters) == (other.id, other.parameters)

    def __hash__(self):
        return hash(self.id)

    def __repr__(self):
        return f"Task({self.id!r})"

    def __reduce__(self):
        return _task_of, (self.id, self.parameters)

    def _repr_html_(self):
        rows = [
            ("", self.summary),
            ("inputs", ", ".join(self.inputs)),
            ("outputs", ", ".join(self.outputs)),
            ("dt", f"{self.dt:g} ms"),
            ("conditions", len(self.conditions)),
            ("source", self.citation),
        ]
        return table(self.id, rows)


def _task_of(id, parameters):
    return Task(id, **parameters)


def _task(name, value):
    if not isinstance(value, Task):
        raise TypeError(f"{name}: must be a Task, but is {type(value).__name__}")
    return value


def _trials(name, value):
    if not isinstance(value, Trials):
        raise TypeError(f"{name}: must be Trials, as of Task.sample, but is {type(value).__name__}")
    return value


def _conditions(given):
    """The conditions that are asked for, a dictionary each."""
    rows = _rows(given)
    if rows is not None and not rows:
        raise ValueError("conditions: name one at least, or give None for those of the task")
    # In a table NaN is what a row does not have.
    named = [given] if isinstance(given, dict) else [] if given is None or hasattr(given, "columns") else given
    for row in named:
        for name, value in row.items():
            if value is not None and is_missing(value):
                raise ValueError(f"conditions: {name} is NaN; name a value, or leave it out")
    return rows


def _rows(given):
    if isinstance(given, dict) and not any(isinstance(one, (list, tuple, np.ndarray)) for one in given.values()):
        return [condition(given)]
    return rows_of(given)


class Trials:
    """Trials side by side, padded with 0 at the end to the longest.

    ``inputs`` (trials, steps, inputs), ``targets`` and ``loss_mask`` (trials, steps, outputs) are float32, ``n_steps``
    (trials) the lengths in steps, ``correct`` (trials) the output that should win, -1 for none.
    """

    def __init__(self, raw, task=None):
        self._raw = raw
        self.task = task

    @classmethod
    def of(
        cls, inputs, targets, loss_mask=None, *, n_steps=None, conditions=None, epochs=None, correct=None, task=None
    ):
        """Trials of arrays, which are copied."""
        inputs, targets = own("inputs", inputs, 3), own("targets", targets, 3)
        trials, steps, _ = inputs.shape
        if targets.shape[:2] != (trials, steps):
            raise ValueError(
                f"targets: have the shape {targets.shape}, but must be (trials, steps, outputs) = ({trials}, {steps}, ..)"
            )
        loss_mask = np.ones_like(targets) if loss_mask is None else own("loss_mask", loss_mask, 3)
        if loss_mask.shape != targets.shape:
            raise ValueError(
                f"loss_mask: has the shape {loss_mask.shape}, but must be that of targets, {targets.shape}"
            )
        lengths = _lengths(n_steps, trials, steps)
        of_trials = _each("conditions", rows_of(conditions) or [{}] * trials, trials)
        periods = _each("epochs", [[] for _ in range(trials)] if epochs is None else epochs, trials)
        right = (
            [None] * trials
            if correct is None
            else [None if one is None or one < 0 else whole("correct", one) for one in correct]
        )
        raw = _nn4n.Trials(
            inputs, targets, loss_mask, lengths, of_trials, _epochs(periods), _each("correct", right, trials)
        )
        return cls(raw, task)

    inputs = property(lambda self: self._raw.inputs, doc="What the network receives, (trials, steps, inputs).")
    targets = property(lambda self: self._raw.targets, doc="What it should answer, (trials, steps, outputs).")
    loss_mask = property(lambda self: self._raw.loss_mask, doc="The weight of each target, (trials, steps, outputs).")
    n_steps = property(lambda self: np.array(self._raw.n_steps, dtype=np.int64), doc="Length of each trial, steps.")
    variables = property(lambda self: self._raw.conditions, doc="The variables of each trial, a dictionary each.")
    epochs = property(lambda self: self._raw.epochs, doc="Name, start and end (steps) of the periods of each trial.")

    @property
    def correct(self):
        """The output that should win, (trials); -1 for none."""
        return np.array([-1 if one is None else one for one in self._raw.correct], dtype=np.int64)

    @property
    def conditions(self):
        """The variables of the trials as a DataFrame, a row each."""
        return frame(self.variables)

    def __len__(self):
        return len(self._raw.n_steps)

    def __getitem__(self, which):
        """Some of the trials: ``trials[3]``, ``trials[:10]``, ``trials[trials.conditions.coherence > 0]``."""
        places = np.atleast_1d(np.arange(len(self))[which])
        pick = lambda values: [values[place] for place in places]
        about = {
            "n_steps": pick(self._raw.n_steps),
            "conditions": pick(self.variables),
            "epochs": pick(self.epochs),
            "correct": pick(list(self._raw.correct)),
        }
        return Trials.of(self.inputs[places], self.targets[places], self.loss_mask[places], **about, task=self.task)

    def to_xarray(self):
        """An ``xarray.Dataset`` with the dimensions trial, time (ms), input and output, NaN after a trial's end."""
        if self.task is None:
            raise ValueError("these trials are of no task, which names their channels and says how long a step is")
        xarray = needs("xarray", "data", "to_xarray")
        steps = self.inputs.shape[1]
        after = after_end(self.n_steps, steps)
        data = {
            name: (("trial", "time", axis), np.where(after, np.nan, getattr(self, name)))
            for name, axis in (("inputs", "input"), ("targets", "output"), ("loss_mask", "output"))
        }
        coords = {
            "trial": np.arange(len(self)),
            "time": ("time", self.task.dt * np.arange(1, steps + 1), {"units": "ms"}),
            "input": list(self.task.inputs),
            "output": list(self.task.outputs),
            **conditions_along_trials(self.variables, ("trial", "time", "input", "output")),
        }
        return xarray.Dataset(data, coords=coords, attrs={"dt_ms": self.task.dt})

    def __reduce__(self):
        right = list(self._raw.correct)
        arrays = (self.inputs, self.targets, self.loss_mask)
        return _trials_of, (*arrays, self._raw.n_steps, self.variables, self.epochs, right, self.task)

    def save(self, path):
        """Write the trials as an ``.npz``, as the program reads it."""
        columns = {name: column for name, column in columns_of(self.variables).items() if name not in _ARRAYS}
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        extra = {} if self.task is None else {"dt": self.task.dt}
        np.savez_compressed(path, **arrays, **columns, **extra)

    @classmethod
    def load(cls, path, task=None):
        """Read what :meth:`save` wrote: all but the epochs, and the task, which can be named."""
        arrays = read_npz(path, "inputs", "targets")
        known = {name: arrays.pop(name) for name in _ARRAYS if name in arrays}
        labels = {name: values for name, values in arrays.items() if values.shape == known["inputs"].shape[:1]}
        return cls.of(**known, conditions=labels or None, task=None if task is None else _task("task", task))

    def plot(self):
        """Inputs, targets and loss mask, side by side."""
        if self.task is None:
            raise ValueError("these trials are of no task, which names their channels")
        return Svg(self.task._raw.svg(self._raw))

    def __repr__(self):
        trials, steps, inputs = self.inputs.shape
        return f"Trials({trials} trials, {steps} steps, {inputs} inputs, {self.targets.shape[2]} outputs)"

    def _repr_html_(self):
        names = sorted({name for one in self.variables for name in one})
        return table(repr(self), [("variables", ", ".join(names)), ("task", self.task.id if self.task else None)])


def _trials_of(inputs, targets, loss_mask, n_steps, conditions, epochs, correct, task):
    about = {"n_steps": n_steps, "conditions": conditions, "epochs": epochs, "correct": correct}
    return Trials.of(inputs, targets, loss_mask, **about, task=task)


_ARRAYS = ("inputs", "targets", "loss_mask", "n_steps", "correct")


def columns_of(variables):
    """An array for each variable: numbers with NaN, or words with "", where a trial has none."""
    names = list(dict.fromkeys(name for one in variables for name in one))
    made = {}
    for name in names:
        values = [one.get(name) for one in variables]
        if all(isinstance(value, bool) for value in values):
            made[name] = np.array(values)
        elif all(value is None or isinstance(value, (int, float)) for value in values):
            made[name] = np.array([np.nan if value is None else value for value in values], dtype=float)
        else:
            made[name] = np.array(["" if value is None else str(value) for value in values])
    return made


def conditions_along_trials(variables, dimensions):
    """Variables as coordinates of trials; one that is called as a dimension is told apart from it."""
    return {
        f"condition_{name}" if name in dimensions else name: ("trial", column)
        for name, column in columns_of(variables).items()
    }


def _lengths(n_steps, trials, steps):
    if n_steps is None:
        return [steps] * trials
    return [whole("n_steps", one, 1, steps) for one in _each("n_steps", n_steps, trials)]


def _each(name, values, trials):
    values = list(values)
    if len(values) != trials:
        raise ValueError(f"{name}: must have one value for each of the {trials} trials, but has {len(values)}")
    return values


def _epochs(of_trials):
    """Periods, as dictionaries of name, start and end, or as (name, start, end), in steps."""

    def one(epoch):
        if isinstance(epoch, dict):
            return {"name": str(epoch["name"]), "start": int(epoch["start"]), "end": int(epoch["end"])}
        name, start, end = epoch
        return {"name": str(name), "start": int(start), "end": int(end)}

    return [[one(epoch) for epoch in epochs] for epochs in of_trials]


class PythonTask(Task):
    """A task whose trials a Python function makes, a few dozen at a time.

    ``make(rng, trials, condition, split, noise)`` gets a ``numpy.random.Generator``, the number of trials, the condition
    that all of them are to have (a dictionary) or ``None``, ``"train"`` or ``"test"``, and whether inputs are to have
    their noise. It takes as many of these, by name, as it likes, and returns a dictionary with ``inputs`` (trials,
    steps, inputs), ``targets`` (trials, steps, outputs), and if it likes ``loss_mask`` (trials, steps, outputs),
    ``n_steps`` (trials), ``conditions`` (a list of dictionaries, or a dictionary of lists), ``epochs`` and ``correct``
    (trials), the output that should win.

    The same generator must give the same trials: what else is random makes runs that cannot be repeated, and is
    refused.

    ``conditions`` are the classes of trials that are told apart in validation, if ``make`` takes a condition.
    """

    def __init__(self, make, *, inputs, outputs, dt, name="task", conditions=(), parameters=None, summary=""):
        import inspect

        dt = step_of(dt)
        self.make = make
        known = inspect.signature(make).parameters
        takes_all = any(one.kind is one.VAR_KEYWORD for one in known.values())
        self._takes = [one for one in ("condition", "split", "noise") if one in known or takes_all]
        if conditions and "condition" not in self._takes:
            raise ValueError("conditions: are of a `make` that takes a `condition`, as in make(rng, trials, condition)")
        self._channels = [_names("inputs", inputs, "input"), _names("outputs", outputs, "output")]
        classes = _conditions(list(conditions)) if conditions else None
        first, again = (self._make([0, 0, 0, 0], 4, "train", classes and classes[0], True) for _ in range(2))
        _refuse_other(first, again, name)
        about = {
            "id": f"python/{name}",
            "summary": summary or (inspect.getdoc(make) or "A task in Python").splitlines()[0],
            "dt": dt,
            "inputs": self._channels[0],
            "outputs": self._channels[1],
            "conditions": classes or [{}],
            "parameters": plain(parameters or {}),
            "is_scored": any(one is not None for one in first["correct"]),
            "chance": 1 / len(self._channels[1]),
        }
        self._of(_nn4n.Task.of_function(about, self._make))

    def _make(self, seed, trials, split, condition, noise):
        given = {"condition": condition, "split": split, "noise": noise}
        made = self.make(np.random.default_rng(seed), trials, **{name: given[name] for name in self._takes})
        if not isinstance(made, dict) or not {"inputs", "targets"} <= set(made):
            raise ValueError("make: must return a dictionary with `inputs` and `targets`")
        # What a function computes in double precision is meant as networks compute.
        arrays = {
            name: np.asarray(made[name], np.float32) for name in ("inputs", "targets", "loss_mask") if name in made
        }
        batch = Trials.of(**{**made, **arrays})
        for name, made_of, channels in zip(("inputs", "targets"), (batch.inputs, batch.targets), self._channels):
            if made_of.shape[0] != trials or made_of.shape[2] != len(channels):
                wanted = f"({trials} trials, steps, {len(channels)} channels)"
                raise ValueError(f"{name}: have the shape {made_of.shape}, but must be {wanted}")
            if not made_of.shape[1]:
                raise ValueError(f"{name}: have no steps")
            if not np.isfinite(made_of).all():
                raise ValueError(f"{name}: must be finite")
        if not (np.isfinite(batch.loss_mask).all() and (batch.loss_mask >= 0).all()):
            raise ValueError("loss_mask: must be finite and not negative")
        if (batch.correct >= len(self._channels[1])).any():
            raise ValueError(f"correct: must be outputs, which are 0 to {len(self._channels[1]) - 1}, or -1 for none")
        periods = [
            one or [{"name": "trial", "start": 0, "end": int(n)}] for one, n in zip(batch.epochs, batch._raw.n_steps)
        ]
        return {
            "inputs": batch.inputs,
            "targets": batch.targets,
            "loss_mask": batch.loss_mask,
            "n_steps": batch._raw.n_steps,
            "conditions": [{**(condition or {}), **one} for one in batch.variables],
            "epochs": periods,
            "correct": batch._raw.correct,
        }

    def __eq__(self, other):
        return super().__eq__(other) and self.make == other.make and self.dt == other.dt

    __hash__ = Task.__hash__

    def __reduce__(self):
        about = self._about
        name = about["id"].removeprefix("python/")
        own = [one for one in about["conditions"] if one]
        return _python_task, (self.make, *self._channels, self.dt, name, own, about["parameters"], about["summary"])


def _python_task(make, inputs, outputs, dt, name, conditions, parameters, summary):
    return PythonTask(
        make,
        inputs=inputs,
        outputs=outputs,
        dt=dt,
        name=name,
        conditions=conditions,
        parameters=parameters,
        summary=summary,
    )


def _names(name, given, word):
    names = [f"{word}_{place + 1}" for place in range(given)] if isinstance(given, int) else [str(one) for one in given]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{name}: must be the number of channels, or their names, each another")
    return names


def _refuse_other(first, again, name):
    for part, one in first.items():
        same = np.array_equal(one, again[part]) if isinstance(one, np.ndarray) else one == again[part]
        if not same:
            raise ValueError(
                f"make: gave other {part} for the same generator, so that runs on {name!r} could not be repeated; draw all "
                "that is random from `rng`"
            )
