"""Training."""

import os
import shutil
import tempfile

from . import _nn4n
from ._arrays import needs, plain, seed_of
from ._html import Listing, table
from ._models import Model
from ._network import Network, load
from ._task import Task, _task, _trials


def presets():
    """The experiments of papers: id, summary and task of each."""
    return Listing({name: one[name] for name in ("id", "summary", "task")} for one in _nn4n.presets())


class Preset:
    """The experiment of a paper: ``task``, ``model``, the ``settings`` of its training, ``seed``."""

    def __init__(self, id):
        raw, model, settings, self.seed = _nn4n.preset(id)
        self.id = id
        self.task = Task._wrap(raw)
        self.model = Model(**model)
        self.settings = plain(settings)

    def train(self, **options):
        """:func:`nn4n_rs.train` with all of it; what is named replaces it."""
        return train(self.model, self.task, **{"seed": self.seed, **self.settings, **options})

    def __repr__(self):
        return f"Preset({self.id!r})"


def preset(id):
    """The experiment of a paper by its id, see :func:`presets`."""
    return Preset(id)


def train(
    net,
    task,
    *,
    out=None,
    exist="fail",
    seed=0,
    curriculum=(),
    device="auto",
    progress=True,
    callback=None,
    **settings,
):
    """Train a network on a task and leave the run in the directory ``out``.

    ``net`` is a description (:class:`EI` and the like), drawn from ``seed``, or a :class:`Network` to start from. Other
    arguments are settings of the training, as in the table ``[train]`` of a run.toml: ``updates``, ``learning_rate``,
    ``batch_size``, ``regularisers``, ``optimizer``, ``validation``, ``stop`` ...

    ``exist`` is what becomes of a run that is in ``out`` already: ``"fail"``, ``"resume"`` goes on with it, ``"replace"``.
    Without ``out`` the run is in a temporary directory, which goes when the :class:`Run` does.

    ``callback(validation)`` is called after each validation with a dictionary; where it returns true the run is saved
    and ends. Ctrl-C (the stop button of a notebook) saves the run, too, and raises ``KeyboardInterrupt``, which says
    where it is; it goes on with ``exist="resume"``, with the settings that it began with, but for ``updates`` and
    ``learning_rate``. The same arguments give the same weights, bit for bit, interrupted or not.

    ``curriculum`` are pairs of an easier task and the performance in [0, 1] from which on the next one follows.
    """
    _task("task", task)
    if exist not in ("fail", "resume", "replace"):
        raise ValueError(f"exist = {exist!r}: must be 'fail', 'resume' or 'replace'")
    temporary = tempfile.TemporaryDirectory(prefix="nn4n-") if out is None else None
    out = temporary.name if temporary else os.fspath(out)
    model, init, kept = _start(net, out, exist)
    if exist == "resume":
        _refuse_others(out, seed_of(seed), plain(settings))
    stages = [(_task("curriculum", stage)._raw, float(threshold)) for stage, threshold in curriculum]
    bar = _bar(progress)

    def hear(told):
        # The run has begun, so that nothing of another one is replaced that was not asked for.
        _keep(net, kept)
        bar.show(told)
        return bool(told["validation"] is not None and callback is not None and callback(told["validation"]))

    try:
        outcome = _nn4n.train(task._raw, model, plain(settings), stages, seed_of(seed), init, out, exist, device, hear)
    except KeyboardInterrupt:
        if temporary:
            out = shutil.copytree(out, tempfile.mkdtemp(prefix="nn4n-interrupted-"), dirs_exist_ok=True)
        raise KeyboardInterrupt(f"the run is in {out}; go on with it by out={out!r}, exist='resume'") from None
    finally:
        bar.close()
    _keep(net, kept)
    return Run(out, outcome, task, temporary)


def _start(net, out, exist):
    """The description of what is trained, what it starts from, and the file that is to keep that beside the run."""
    if isinstance(net, Model):
        return net.to_dict(), None, []
    if not isinstance(net, Network):
        raise TypeError(f"net: must be a Network or a description such as EI(100), but is {type(net).__name__}")
    model = {
        name: value for name, value in plain(net.model).items() if name not in ("inputs", "outputs", "dt", "readout")
    }
    if net._source is not None:
        return model, (net._source, net._raw), []
    # A run names what it started from, so that is kept beside it; one that is resumed has it already.
    name = os.path.join(out, "init.safetensors")
    if os.path.exists(name):
        if exist == "fail":
            raise FileExistsError(f"{name}: is there already; pass exist='resume' or exist='replace', or another `out`")
        if not os.path.exists(os.path.join(out, "run.toml")):
            raise FileExistsError(f"{name}: is there already, and is of no run; move it, or pass another `out`")
        if exist == "resume":
            if load(name) != net:
                raise ValueError(
                    f"net: is not the network that the run in {out} started from; pass nn4n_rs.load({name!r})"
                )
            return model, (name, net._raw), []
    return model, (name, net._raw), [name]


# What may change when a run goes on: how long, how fast, and what is written.
_MAY_CHANGE = ("updates", "learning_rate", "log_every", "tensorboard", "remat")


def _refuse_others(out, seed, settings):
    """Refuses settings that are not those of the run that goes on."""
    if not os.path.exists(os.path.join(out, "optimizer.safetensors")):
        return
    run = load(out)
    known = {**run.settings, "seed": run.seed}
    for name, value in {"seed": seed, **settings}.items():
        if name not in _MAY_CHANGE and not _says(known.get(name), value):
            raise ValueError(
                f"{name} = {value!r}: the run in {out} has {known.get(name)!r}; pass that to go on with it, or "
                "exist='replace' or another `out`"
            )


def _says(known, given):
    """Whether what is known says at least what is given."""
    if isinstance(given, dict):
        return isinstance(known, dict) and all(_says(known.get(name), one) for name, one in given.items())
    if isinstance(given, list):
        known = known or []
        return len(known) == len(given) and all(map(_says, known, given))
    return known == given or (known is None and not given)


def _keep(net, files):
    """Saves the network in the file that waits for it, if one does."""
    while files:
        net.save(files.pop())


class _Quiet:
    def show(self, told):
        pass

    def close(self):
        pass


class _Tqdm:
    def __init__(self, tqdm):
        self._tqdm, self._bar, self._last = tqdm, None, ""

    def show(self, told):
        if self._bar is None:
            self._bar = self._tqdm(total=told["updates"], unit="update", dynamic_ncols=True)
        found = told["validation"]
        if found is not None:
            measured = [("performance", found.get("performance")), ("rms_error", found.get("rms_error"))]
            self._last = ", ".join(f"{name} {value:.3f}" for name, value in measured if value is not None)
        self._bar.n = told["update"]
        self._bar.set_postfix_str(
            ", ".join(part for part in (f"loss {told['loss']:.4f}", self._last) if part), refresh=False
        )
        self._bar.refresh()

    def close(self):
        if self._bar is not None:
            self._bar.close()


def _bar(progress):
    if not progress:
        return _Quiet()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Quiet()
    return _Tqdm(tqdm)


def history(validations):
    """Validations as a DataFrame, one row each."""
    pandas = needs("pandas", "data", "a history as a DataFrame")
    named = dict.fromkeys(("update", "loss", "performance", *(name for one in validations for name in one)))
    return pandas.DataFrame(validations, columns=[name for name in named if name != "per_task"])


class Run:
    """How a training went, and what it left.

    ``directory`` holds its files; ``reason`` says why it ended; ``updates`` are those done, ``new_updates`` those of this
    call; ``validations`` what was found on the way, a dictionary each; ``saved`` that of the saved network, the best.
    """

    def __init__(self, directory, outcome, task=None, temporary=None):
        self.directory = directory
        self.reason = outcome["reason"]
        self.is_interrupted = outcome["is_interrupted"]
        self.updates, self.new_updates = outcome["updates"], outcome["new_updates"]
        self.validations, self.saved = outcome["validations"], outcome["saved"]
        self.guessing = outcome["guessing"]
        self._task, self._temporary = task, temporary
        self._network = None

    @property
    def network(self):
        """The best network so far."""
        if self._network is None:
            self._network = load(self.directory)
            self._network._given_task = self._task
            if self._temporary is not None:
                # The directory will be gone.
                self._network._source = None
        return self._network

    @property
    def history(self):
        """The validations as a DataFrame: update, loss, performance, rms_error ..."""
        return history(self.validations)

    def plot(self):
        """Loss and performance against update."""
        return self.network.plot("learning")

    def __repr__(self):
        return f"Run({self.directory!r}, {self.updates} updates, {self.reason})"

    def _repr_html_(self):
        found = self.saved or {}
        rows = [("updates", self.updates), ("ended", self.reason), *found.items()]
        return table(f"Run in {self.directory}", rows)


class Trainer:
    """A network in training, for loops of one's own: :meth:`step` does one update.

    Arguments are those of :func:`train`; the updates are those of the same run.
    """

    def __init__(self, net, task, *, seed=0, **settings):
        self.task = _task("task", task)
        if not isinstance(net, (Network, Model)):
            raise TypeError(f"net: must be a Network or a description such as EI(100), but is {type(net).__name__}")
        if isinstance(net, Network):
            model, raw = plain(net.model), net._raw
        else:
            model, raw = net.to_dict(), None
        self._raw = _nn4n.Trainer(task._raw, model, plain(settings), seed_of(seed), raw)

    updates = property(lambda self: self._raw.updates, doc="Updates done.")

    def step(self, trials=None):
        """One update on :class:`Trials`, or on those that :func:`train` would take.

        Returns a dictionary: ``update``, ``loss``, its ``terms``, ``gradient_norm``, ``learning_rate``, ``seconds``.
        """
        return self._raw.step(None if trials is None else _trials("trials", trials)._raw)

    @property
    def network(self):
        """The network as it is now."""
        return Network(self._raw.network(), task=self.task)
