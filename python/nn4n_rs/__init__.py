"""Continuous-time recurrent networks for computational neuroscience.

Define a network by its biology, train it on a cognitive task, and see how it works::

    import nn4n_rs as nn

    task = nn.Task("song2016/rdm_varstim")
    run = nn.train(nn.EI(100), task, out="runs/first")
    recording = run.network.record(task, trials=20)
    nn.pca(recording).plot()

Arrays are (trials, steps, channels), float32, weights ``w[post, pre]``, times in ms.
"""

import logging as _logging
import os as _os

# Set before the first product of matrices: this library brings its own threads, and those of the library below it would
# only spin beside them, and would be missing in a process made by os.fork.
_os.environ.setdefault("CANDLE_NUM_THREADS", "1")

from . import _nn4n
from ._analysis import (
    bifurcations,
    chronometric,
    confusion,
    currents,
    decision_model,
    decoding,
    dpca,
    duration,
    fixed_points,
    flow_field,
    interventions,
    jpca,
    kernel,
    local,
    lyapunov,
    mixed_selectivity,
    nonnormality,
    pca,
    potent_space,
    psychometric,
    psychometric_of_two,
    rate_maps,
    remapping,
    remapping_matrix,
    selectivity,
    sequence,
    similarity,
    structure,
    subspaces,
    task_variance,
    tdr,
    tuning,
)
from ._arrays import ConversionWarning
from ._fields import fields
from ._models import EI, Area, Layer, Model, MultiArea, Stacked, Vanilla
from ._network import Network, import_network, load, zoo
from ._recording import Recording
from ._result import Result
from ._study import Study
from ._task import PythonTask, Task, Trials, tasks
from ._threads import set_threads, threads
from ._training import Preset, Run, Trainer, preset, presets, train

__version__ = _nn4n.__version__

_nn4n.listen(_logging.getLogger("nn4n_rs").warning)

if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(before=_nn4n.before_fork, after_in_parent=_nn4n.after_fork, after_in_child=_nn4n.after_fork)

_LATER = {"Env": "gym", "make_env": "gym", "NetworkClassifier": "sklearn", "NetworkRegressor": "sklearn"}


def __getattr__(name):
    # What needs another package is imported when it is asked for.
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LATER])
