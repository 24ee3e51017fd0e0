"""Networks: loaded or trained, at work."""

import logging
import os

import numpy as np

from . import _nn4n
from ._arrays import array, count, interventions, seed_of, switch
from ._html import Svg, table
from ._recording import Recording
from ._task import PythonTask, Task, Trials, _conditions, _task


def load(reference):
    """The network of a checkpoint file, a run directory, a name of :func:`zoo`, or ``hf:owner/repo[@revision]``."""
    return Network(_nn4n.Network.open(os.fspath(reference)), source=os.fspath(reference))


def zoo():
    """What there is to know about each network that comes with the module, a dictionary each."""
    return _nn4n.zoo()


def import_network(path, **options):
    """A network that another library saved: PyTorch, PsychRNN, NeuralRNN, pycog, the original nn4n, or arrays.

    ``format``, ``task``, ``form``, ``activation``, ``dt``, ``tau`` (ms) and ``sigma_rec`` say what the file does not. What
    was supplied, changed or left out is logged.
    """
    return _imported(path, options, path, logging.WARNING)


def _imported(path, options, name, level):
    """The network of a file, which notes call ``name``."""
    given = {name: value for name, value in options.items() if value is not None}
    raw, format, notes = _nn4n.Network.import_file(os.fspath(path), given)
    for note in notes:
        logging.getLogger("nn4n_rs").log(level, "%s (%s): %s", name, format, note)
    return Network(raw)


class Network:
    """A network: its description, its weights, and everything that made it. It never changes."""

    def __init__(self, raw, *, task=None, source=None):
        self._raw = raw
        self._header = raw.header()
        self._given_task = task
        self._source = source
        self._arrays = {}

    model = property(
        lambda self: self._header["model"], doc="The complete description, as the table [model] of a run.toml."
    )
    kind = property(lambda self: self.model["kind"], doc="``vanilla``, ``ei``, ``multi_area`` or ``stacked``.")
    dt = property(lambda self: self.model["dt"], doc="The step, ms.")
    inputs = property(lambda self: self._header["task"]["inputs"], doc="Names of the input channels.")
    outputs = property(lambda self: self._header["task"]["outputs"], doc="Names of the output channels.")
    seed = property(lambda self: self._header["seed"], doc="The seed of its run.")
    metrics = property(lambda self: self._header["metrics"], doc="What its last validation measured.")
    settings = property(lambda self: self._header["train"]["settings"], doc="The settings of its training.")
    provenance = property(lambda self: self._header["provenance"], doc="Where it comes from.")
    citations = property(lambda self: self._raw.citations(), doc="What to cite with it.")

    @property
    def task(self):
        """The task it was trained on; ``None`` where that is none of this module's."""
        if self._given_task is None:
            try:
                self._given_task = Task._wrap(self._raw.task())
            except (OSError, ValueError):
                return None
        return self._given_task

    @property
    def history(self):
        """The validations of its training as a DataFrame."""
        from ._training import history

        return history(self._header["train"]["validations"])

    @property
    def units(self):
        """How many units it has."""
        return len(self._raw.cell_types())

    @property
    def cell_type(self):
        """``"excitatory"`` or ``"inhibitory"`` of each unit (units); ``None`` without cell types."""
        types = self._raw.cell_types()
        return None if all(one is None for one in types) else np.array(["" if one is None else one for one in types])

    @property
    def areas(self):
        """The units of each area or layer, by name."""
        return {name: range(start, end) for name, start, end in self._raw.areas()}

    @property
    def area(self):
        """The name of the area or layer of each unit (units)."""
        return np.array([name for name, start, end in self._raw.areas() for _ in range(start, end)])

    def _weights(self, name):
        if name not in self._arrays:
            made = self._raw.weights(name)
            made.flags.writeable = False
            self._arrays[name] = made
        return self._arrays[name]

    w_in = property(lambda self: self._weights("w_in"), doc="Effective input weights (units, inputs), read-only.")
    w_rec = property(
        lambda self: self._weights("w_rec"),
        doc="Effective recurrent weights (units, units), ``w[post, pre]``, read-only.",
    )
    w_out = property(lambda self: self._weights("w_out"), doc="Effective output weights (outputs, units), read-only.")

    @property
    def tensors(self):
        """The tensors of its file by name, read-only: weights, biases, start state, time constants (ms), masks."""
        made = {name: self._raw.tensor(name) for name in self._raw.tensor_names()}
        for one in made.values():
            one.flags.writeable = False
        return made

    def with_(self, **tensors):
        """The same network with other numbers in some of its tensors: ``net.with_(w_rec=w)``.

        Names are those of :attr:`tensors`; a dot is written as two underscores. What breaks a rule of the network, such
        as Dale's law, is refused.
        """
        shapes = {name: self._raw.tensor(name).ndim for name in self._raw.tensor_names()}
        given = {}
        for name, value in tensors.items():
            name = name.replace("__", ".")
            if name not in shapes:
                raise ValueError(f"{name}: is no tensor of this network; they are {', '.join(shapes)}")
            given[name] = array(name, value, shapes[name])
        return Network(self._raw.with_tensors(given), task=self._given_task)

    def altered(self, *, lesion=None, weight_noise=None, noise_factor=None):
        """The network after lesions, with other weights or noise. ``lesion`` is units, ``"inhibitory"``, ``"a->b"`` ..."""
        given = interventions(lesion=lesion, weight_noise=weight_noise, noise_factor=noise_factor)
        raw, _ = self._raw.altered(given)
        return Network(raw, task=self._given_task)

    def run(
        self,
        inputs,
        *,
        noise=None,
        x0=None,
        lesion=None,
        silence=None,
        inject=None,
        weight_noise=None,
        noise_factor=None,
        plant=True,
    ):
        """States, rates and outputs on ``inputs``, (trials, steps, inputs) or :class:`Trials`, as a :class:`Recording`.

        ``noise`` is ``None`` for none, or the seed of the network's noise; ``x0`` (trials, units) the states to begin
        with. ``lesion`` is units (``[0, 5]``, ``"0-9"``, a mask), a cell type, an area, or a projection ``"a->b"``, and cuts
        what they send, so that they are still active themselves; ``silence`` holds rates at 0. ``silence``
        and ``inject`` take a window, too: ``silence=("inhibitory", "stimulus")``, ``inject=(0.5, [3], (200, 400))``. A
        network that drives an arm drives it, unless ``plant=False``.
        """
        trials = inputs if isinstance(inputs, Trials) else None
        given = array("inputs", inputs.inputs if trials is not None else inputs, 3)
        if given.shape[2] != self.model["inputs"]:
            names = ", ".join(self.inputs)
            raise ValueError(
                f"inputs: have {given.shape[2]} channels, but the network has {self.model['inputs']}: {names}"
            )
        if not np.isfinite(given).all():
            raise ValueError("inputs: must be finite")
        start = None if x0 is None else array("x0", x0, 2)
        if start is not None and not np.isfinite(start).all():
            raise ValueError("x0: must be finite")
        done = interventions(lesion, silence, inject, weight_noise, noise_factor)
        task = self.task._raw if plant and self.task is not None else None
        if isinstance(noise, bool):
            raise ValueError("noise: must be the seed of the noise, or None for none")
        seed = None if noise is None else seed_of(noise, "noise")
        lengths, raw = (trials._raw.n_steps, trials._raw) if trials is not None else (None, None)
        arrays = self._raw.run(given, seed, start, done, task, lengths, raw)
        return Recording._of_network(self, arrays, self.dt, trials)

    def record(
        self,
        task=None,
        *,
        trials=20,
        seed=0,
        noise=True,
        conditions=None,
        lesion=None,
        silence=None,
        inject=None,
        weight_noise=None,
        noise_factor=None,
    ):
        """The network at ``trials`` fresh trials of each condition of its task or another, as a :class:`Recording`.

        To the variables of trials are added ``choice``, ``chose_first``, ``was_right`` and ``reaction_time`` (ms), where
        a trial has them.
        """
        task = self._task_or(task)
        done = interventions(lesion, silence, inject, weight_noise, noise_factor)
        raw, arrays, places = self._raw.perform(
            task._raw, count("trials", trials, 1), seed_of(seed), switch("noise", noise), _conditions(conditions), done
        )
        return Recording._of_network(self, arrays, task.dt, Trials(raw, task), places)

    def evaluate(self, task=None, *, trials=100, seed=0, **done):
        """How well it does its task or another, in ``trials`` fresh trials of each condition, with its noise on.

        ``lesion``, ``silence``, ``inject``, ``weight_noise`` and ``noise_factor`` are as in :meth:`run`.
        """
        from ._result import Evaluation

        task = self._task_or(task)
        return Evaluation(
            self._raw.evaluate(task._raw, count("trials", trials, 1), seed_of(seed), interventions(**done))
        )

    def _task_or(self, task):
        if task is not None:
            return _task("task", task)
        if self.task is None:
            raise ValueError("task: nothing is known of the task of this network; name one")
        return self.task

    def save(self, path):
        """Write the checkpoint, a safetensors file that the program reads, too."""
        self._raw.save(os.fspath(path))

    def export(self, to):
        """The bytes of the network as ``"npz"``, ``"mat"``, ``"h5"``, ``"torch"``, ``"nn4n"`` or a ``"numpy"`` program."""
        return self._raw.export(to)

    def to_torch(self):
        """The network as a ``torch.nn.Module`` that keeps Dale's law, masks and fixed synapses while it is trained.

        ``outputs, rates = module(inputs)`` on (trials, steps, inputs); it is in evaluation mode, without noise.
        """
        from .torch import to_torch

        return to_torch(self)

    @staticmethod
    def from_torch(module):
        """The network that :meth:`to_torch` gave, as it is now."""
        from .torch import from_torch

        return from_torch(module)

    def plot(self, kind="network"):
        """A figure: ``"network"``, ``"weights"``, ``"histograms"`` of weights, ``"learning"`` curves."""
        if kind not in ("network", "weights", "histograms", "learning"):
            raise ValueError(f"kind = {kind!r}: must be 'network', 'weights', 'histograms' or 'learning'")
        return Svg(self._raw.svg(kind, None if self.task is None else self.task._raw))

    def plot_trials(self, recording, which=(0, 1, 2)):
        """Inputs, rates and outputs of a few trials of a recording that :meth:`run` or :meth:`record` made of trials."""
        if recording.trials is None:
            raise ValueError("recording: is of inputs alone; give run the trials, as in net.run(task.sample(3))")
        which = [one for one in which if one < len(recording)]
        arrays = (recording.states, recording.rates, recording.outputs)
        return Svg(
            self._raw.trials_svg(self._task_or(recording.trials.task)._raw, recording.trials._raw, arrays, which)
        )

    def __repr__(self):
        return f"Network({self.kind}, {self.units} units, {self._header['task']['id']})"

    def __eq__(self, other):
        if not isinstance(other, Network):
            return NotImplemented
        mine, theirs = self.tensors, other.tensors
        same = mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)
        return same and self.model == other.model

    __hash__ = None

    def __reduce__(self):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.safetensors")
            self.save(path)
            with open(path, "rb") as file:
                # Nothing but the task itself knows what a function in Python makes.
                task = self._given_task if isinstance(self._given_task, PythonTask) else None
                return _of_bytes, (file.read(), task)

    def _repr_html_(self):
        found = ", ".join(f"{name} {value:.4g}" for name, value in self.metrics.items())
        types = self.cell_type
        cells = None if types is None else ", ".join(f"{(types == one).sum()} {one}" for one in dict.fromkeys(types))
        areas = (
            ", ".join(f"{name} ({len(units)})" for name, units in self.areas.items()) if len(self.areas) > 1 else None
        )
        rows = [
            ("task", self._header["task"]["id"]),
            ("units", self.units),
            ("cell types", cells),
            ("areas", areas),
            ("inputs", ", ".join(self.inputs)),
            ("outputs", ", ".join(self.outputs)),
            ("updates", self._header["train"]["updates"]),
            ("last validation", found),
        ]
        return table(f"{self.kind} network", rows)


def _of_bytes(data, task=None):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        with open(path, "wb") as file:
            file.write(data)
        return Network(_nn4n.Network.open(path), task=task)
