"""Descriptions of networks, from which :func:`nn4n_rs.train` or :meth:`Model.network` make them."""

from . import _nn4n
from ._arrays import plain
from ._html import table

# What may be another for each unit.
_PER_UNIT = ("tau", "activation", "sigma_rec", "sigma_post")


def _words(fields):
    """Fields as a run.toml says them."""
    made = plain(fields)
    return {name: {"units": one} if name in _PER_UNIT and isinstance(one, list) else one for name, one in made.items()}


class Model:
    """A description of a network, in the words of the table ``[model]`` of a run.toml.

    Of its fields ``inputs``, ``outputs`` and ``dt`` (ms) are the task's unless they are given. Among the others are
    ``tau`` (ms), ``activation``, ``sigma_rec``, ``form``, ``density``, ``w_in``, ``w_rec``, ``w_out``, ``b_rec``,
    ``readout``, ``dale``, ``learn_tau``; ``tau={"excitatory": 100, "inhibitory": 50}`` tells cell types apart. What is
    misspelt is refused with what may be meant. ``tau``, ``activation``, ``sigma_rec`` and ``sigma_post`` may be arrays
    with a value for each unit. :func:`nn4n_rs.fields` lists all.
    """

    kind = None

    def __init__(self, **fields):
        own = {} if self.kind is None else {"kind": self.kind}
        self._fields = _words({**own, **fields})
        _nn4n.check_model(self._fields)

    def to_dict(self):
        """The fields that are given."""
        return dict(self._fields)

    def with_(self, **fields):
        """The same description with other fields."""
        return Model(**{**self._fields, **fields})

    def network(self, task=None, *, seed=0):
        """A network drawn from a seed, before any training; for the channels of ``task`` if it is given."""
        from ._network import Network

        raw = None if task is None else task._raw
        return Network(_nn4n.Network.draw(self._fields, raw, int(seed)), task=task)

    def __eq__(self, other):
        return isinstance(other, Model) and self._fields == other._fields

    __hash__ = None

    def __repr__(self):
        name = type(self).__name__
        fields = ", ".join(
            f"{field}={value!r}" for field, value in self._fields.items() if field != "kind" or name == "Model"
        )
        return f"{name}({fields})"

    def _repr_html_(self):
        return table(type(self).__name__, self._fields.items())


class Vanilla(Model):
    """``units`` units without cell types."""

    kind = "vanilla"

    def __init__(self, units, **fields):
        super().__init__(units=units, **fields)


class EI(Model):
    """``units`` units, excitatory and inhibitory, under Dale's law; ``excitatory_fraction`` of them (0.8) excitatory."""

    kind = "ei"

    def __init__(self, units, *, excitatory_fraction=None, **fields):
        super().__init__(units=units, excitatory_fraction=excitatory_fraction, **fields)


class MultiArea(Model):
    """Areas in feedforward order; ``feedforward``, ``feedback`` and ``projections`` say which synapses leave them."""

    kind = "multi_area"

    def __init__(self, areas, **fields):
        super().__init__(areas=list(areas), **fields)


class Stacked(Model):
    """Layers from the input on, each driven by the rates of the one before at the same step."""

    kind = "stacked"

    def __init__(self, layers, **fields):
        super().__init__(layers=list(layers), **fields)


class _Part:
    def __init__(self, name, units, **fields):
        self._fields = _words({"name": name, "units": units, **fields})

    def to_dict(self):
        """The fields that are given."""
        return dict(self._fields)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._fields.items())})"


class Area(_Part):
    """An area of a :class:`MultiArea` network, with ``excitatory_fraction`` if it has cell types."""


class Layer(_Part):
    """A layer of a :class:`Stacked` network; what it does not say is as the network says."""
