"""Studies of many runs, as ``nn4n sweep`` makes them."""

import os

from . import _nn4n
from ._arrays import needs
from ._html import table
from ._network import load


class Study:
    """The runs of a study, of run directories, or of folders of them.

    ``runs`` has what is known of each: ``name``, ``directory``, ``settings``, ``seed``, ``state``, ``updates``,
    ``performance``, ``loss``, ``rms_error``, ``seconds``, and ``problem`` where one is damaged.
    """

    def __init__(self, *paths):
        if not paths:
            raise ValueError("paths: name a study, or run directories")
        self.paths = [os.fspath(path) for path in paths]
        self.runs = _nn4n.study(self.paths)

    def to_dataframe(self):
        """A row a run, a column for each setting in which runs differ."""
        pandas = needs("pandas", "data", "a study as a DataFrame")
        rows = [
            {**{name: one for name, one in run.items() if name != "settings"}, **run["settings"]} for run in self.runs
        ]
        return pandas.DataFrame(rows)

    def load(self, name):
        """The network of a run, by its name or its place."""
        run = (
            self.runs[name] if isinstance(name, int) else next((one for one in self.runs if one["name"] == name), None)
        )
        if run is None:
            raise KeyError(f"there is no run {name!r}; they are {', '.join(one['name'] for one in self.runs[:10])} ..")
        return load(run["directory"])

    def best(self, by="performance"):
        """The network of the run with the highest ``by``, or of ``loss`` and ``rms_error`` the lowest."""
        known = [run for run in self.runs if run.get(by) is not None]
        if not known:
            raise ValueError(f"by = {by!r}: no run has a value of it")
        pick = min if by in ("loss", "rms_error", "seconds") else max
        return load(pick(known, key=lambda run: run[by])["directory"])

    def __len__(self):
        return len(self.runs)

    def __repr__(self):
        return f"Study({', '.join(map(repr, self.paths))}, {len(self)} runs)"

    def _repr_html_(self):
        if not self.runs:
            return table(repr(self), [])
        try:
            return self.to_dataframe()._repr_html_()
        except ImportError:
            return table(repr(self), [(run["name"], run["performance"]) for run in self.runs])
