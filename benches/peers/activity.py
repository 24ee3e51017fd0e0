"""Times analyses of activity in nn4n and in Python packages side by side, on the same arrays, and prints the table of ratios.

    python activity.py --nn4n ../../target/release/nn4n                      1,000 trials x 100 steps x 300 units, three rounds
    python activity.py --nn4n ../../target/release/nn4n --only pca similarity --threads 1
    python activity.py --nn4n ../../target/release/nn4n --trials 60 --steps 20 --units 30 --rounds 1        is it all the same?

PCA and decoding are compared with scikit-learn, dPCA with dPCA, RSA with rsatoolbox. Both sides read the arrays from the same file. A round in
which their numbers differ is refused.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Callable

import numpy as np

from compare import StepFailed, cpu_model, output_of, positive

ROOT = Path(__file__).resolve().parents[2]
STIMULI, CHOICES, LATENTS = 5, 2, 12
DT = 10.0
BIN_STEPS = 5
"""Steps of a bin of the decoding."""

FOLDS = 5
RIDGE = 1e-5
PACKAGES = ("numpy", "scipy", "scikit-learn", "dPCA", "rsatoolbox")


def write_arrays(path: Path, trials: int, steps: int, units: int) -> None:
    """Trials of every stimulus with both choices in turn: latent time courses of both, of their product, and of neither, in noise."""
    rng = np.random.default_rng(1)
    stimulus, choice = np.arange(trials) % STIMULI, np.arange(trials) // STIMULI % CHOICES
    s, c = stimulus - (STIMULI - 1) / 2, 2.0 * choice - 1
    drive = np.stack([np.ones(trials), s, c, s * c], 1) @ rng.standard_normal((4, LATENTS))
    phase, speed = rng.uniform(0, 2 * np.pi, LATENTS), rng.uniform(0.5, 3, LATENTS)
    courses = np.sin(phase + np.linspace(0, np.pi, steps)[:, None] * speed)
    weights = rng.standard_normal((LATENTS, units)) / np.sqrt(LATENTS)
    rates = (drive[:, None] * courses) @ weights + 2.0 * rng.standard_normal((trials, steps, units))
    area = np.array(["a"] * (units // 2) + ["b"] * (units - units // 2))
    # Words, so that both are classes.
    named = {"cue": np.array([f"s{k}" for k in stimulus]), "choice": np.array(["left", "right"])[choice]}
    np.savez(path, rates=rates.astype(np.float32), dt=DT, area=area, **named)


@dataclass(frozen=True)
class Arrays:
    """What the file holds, as the packages take it."""

    rates: np.ndarray
    stimulus: np.ndarray
    choice: np.ndarray
    area: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Arrays":
        with np.load(path) as file:
            return cls(file["rates"].astype(np.float64), file["cue"], file["choice"], file["area"])

    def means(self) -> np.ndarray:
        """(stimuli, choices, steps, units)."""
        of = lambda s, c: self.rates[(self.stimulus == s) & (self.choice == c)].mean(0)
        return np.array([[of(s, c) for c in np.unique(self.choice)] for s in np.unique(self.stimulus)])


def their_pca(arrays: Arrays) -> dict[str, list[float]]:
    from sklearn.decomposition import PCA

    found = PCA().fit(arrays.rates.reshape(-1, arrays.rates.shape[2]))
    variances = found.explained_variance_
    return {"ratios": found.explained_variance_ratio_.tolist(), "participation": [float(variances.sum() ** 2 / (variances**2).sum())]}


def their_dpca(arrays: Arrays) -> dict[str, list[float]]:
    from dPCA.dPCA import dPCA

    means = np.moveaxis(arrays.means(), 3, 0)
    means -= means.reshape(len(means), -1).mean(1)[:, None, None, None]
    model = dPCA(labels="sct", regularizer=RIDGE, n_components=5, join={"st": ["s", "st"], "ct": ["c", "ct"], "sct": ["sc", "sct"]})
    model.protect, model.debug = ["t"], 0
    model.fit_transform(means)
    parts = {name: float((np.array(part) ** 2).sum() / (means**2).sum()) for name, part in model._marginalize(means).items()}
    return {"parts": sorted(parts.values())}


def their_decoding(arrays: Arrays) -> dict[str, list[float]]:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    trials, steps, units = arrays.rates.shape
    bins = arrays.rates[:, : steps // BIN_STEPS * BIN_STEPS].reshape(trials, -1, BIN_STEPS, units).mean(2)
    model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    scores = [cross_val_score(model, bins[:, k], arrays.choice, cv=folds, scoring="balanced_accuracy").mean() for k in range(bins.shape[1])]
    return {"accuracy": [float(score) for score in scores]}


def their_similarity(arrays: Arrays) -> dict[str, list[float]]:
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm, compare

    patterns = arrays.means().reshape(-1, arrays.rates.shape[2])
    rdms = [calc_rdm(Dataset(patterns[:, arrays.area == area]), method="euclidean") for area in ("a", "b")]
    return {"cosine": [float(compare(*rdms, method="cosine")[0, 0])]}


def our_pca(report: dict[str, Any]) -> dict[str, list[float]]:
    return {"ratios": report["explained_variance_ratio"], "participation": [report["participation_ratio"]]}


def our_dpca(report: dict[str, Any]) -> dict[str, list[float]]:
    return {"parts": sorted(part["variance"] for part in report["marginalisations"])}


def our_decoding(report: dict[str, Any]) -> dict[str, list[float]]:
    return {"accuracy": report["value"]}


def our_similarity(report: dict[str, Any]) -> dict[str, list[float]]:
    a, b = (report["names"].index(next(name for name in report["names"] if name.endswith(area))) for area in "ab")
    return {"cosine": [report["matrix"][a][b]]}


@dataclass(frozen=True)
class Analysis:
    """The same analysis on both sides."""

    package: str
    words: tuple[str, ...]
    """Of `nn4n analyze`; what the package does not do is off."""

    ours: Callable[[dict[str, Any]], dict[str, list[float]]]
    theirs: Callable[[Arrays], dict[str, list[float]]]
    tolerance: float
    """How far the numbers may be apart; folds are drawn otherwise, so that only means of accuracies are alike."""


ANALYSES = {
    "pca": Analysis("scikit-learn", ("--shuffles", "0"), our_pca, their_pca, 1e-6),
    "dpca": Analysis(
        "dPCA",
        ("--variables", "cue,choice", "--bin", str(DT), "--ridge", str(RIDGE), "--components", "5", "--shuffles", "0"),
        our_dpca,
        their_dpca,
        1e-6,
    ),
    "decoding": Analysis(
        "scikit-learn",
        ("--variable", "choice", "--decoder", "lda", "--zscore", "--folds", str(FOLDS), "--bin", str(BIN_STEPS * DT), "--shuffles", "0"),
        our_decoding,
        their_decoding,
        0.03,
    ),
    "similarity": Analysis(
        "rsatoolbox",
        ("--measure", "rsa", "--groups", "a,b", "--by", "cue,choice", "--shuffles", "0"),
        our_similarity,
        their_similarity,
        1e-6,
    ),
}


def ours(program: str, name: str, file: Path, threads: int) -> tuple[float, dict[str, list[float]]]:
    """Seconds of the whole process, and its numbers."""
    begin = time.perf_counter()
    output = output_of([program, "analyze", name, "--activity", str(file), *ANALYSES[name].words, "--json"], threads)
    seconds = time.perf_counter() - begin
    return seconds, ANALYSES[name].ours(json.loads(output))


def theirs(name: str, file: Path, threads: int) -> tuple[float, dict[str, list[float]]]:
    """Seconds from reading the file on, without imports, and the numbers; in a process of its own."""
    output = output_of([sys.executable, __file__, "--worker", json.dumps([name, str(file)])], threads)
    found = json.loads(output.splitlines()[-1])
    return found["seconds"], found["numbers"]


def work(name: str, file: Path) -> dict[str, Any]:
    """One analysis by a package, in this process. What it imports is imported by a run on a few trials before."""
    rng = np.random.default_rng(0)
    few = 4 * STIMULI * CHOICES
    stimulus, choice = np.arange(few) % STIMULI, np.arange(few) // STIMULI % CHOICES
    area = np.array(["a", "a", "b", "b"])
    ANALYSES[name].theirs(Arrays(rng.standard_normal((few, 2 * BIN_STEPS, 4)), stimulus, choice, area))
    begin = time.perf_counter()
    numbers = ANALYSES[name].theirs(Arrays.read(file))
    return {"seconds": time.perf_counter() - begin, "numbers": numbers}


def check(name: str, own: dict[str, list[float]], other: dict[str, list[float]]) -> float:
    """The largest difference; refuses one beyond the tolerance."""
    largest = 0.0
    for what, values in other.items():
        if len(own[what]) != len(values):
            raise StepFailed(f"{name}: nn4n gives {len(own[what])} numbers of {what}, {ANALYSES[name].package} {len(values)}")
        apart = np.abs(np.array(own[what], float) - values)
        # Accuracies of single bins differ by their folds, those of all bins hardly.
        largest = max(largest, float(abs(np.mean(own[what]) - np.mean(values)) if what == "accuracy" else apart.max()))
    if not largest <= ANALYSES[name].tolerance:
        raise StepFailed(f"{name}: numbers are {largest:.2e} apart, more than {ANALYSES[name].tolerance:g}")
    return largest


@dataclass
class Times:
    """Seconds of one analysis, round by round."""

    name: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    apart: float = 0.0
    status: str = "ok"

    def run_round(self, program: str, file: Path, threads: int) -> None:
        """Each side once. What has failed is left out of the rounds that follow."""
        if self.status != "ok":
            return
        try:
            own_seconds, own = ours(program, self.name, file, threads)
            other_seconds, other = theirs(self.name, file, threads)
            self.apart = max(self.apart, check(self.name, own, other))
        except (StepFailed, KeyError, ValueError) as error:
            self.status = f"failed: {error}"
            print(f"{self.name}: {self.status}", file=sys.stderr)
            return
        self.ours.append(own_seconds)
        self.theirs.append(other_seconds)

    def row(self) -> str:
        """Its line of the table."""
        if self.status != "ok":
            return f"| {self.name} | {self.status.split(':')[0]} | {ANALYSES[self.name].package} | |"
        ratios = [other / own for own, other in zip(self.ours, self.theirs, strict=True)]
        ratio = f"**{statistics.median(ratios):.1f}x** ({min(ratios):.1f}-{max(ratios):.1f})"
        own, other = (statistics.median(seconds) for seconds in (self.ours, self.theirs))
        return f"| {self.name} | {own:.2f} s | {ANALYSES[self.name].package}: {other:.2f} s, {ratio} | {self.apart:.0e} |"


def versions() -> str:
    installed = []
    for package in PACKAGES:
        try:
            installed.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            installed.append(f"{package} not installed")
    return ", ".join(installed)


def table(times: list[Times], size: str, threads: int, rounds: int) -> str:
    """The Markdown table and what it was measured on."""
    lines = ["| analysis | nn4n | package | numbers apart |", "| --- | ---: | ---: | ---: |", *(one.row() for one in times)]
    legend = f"{size}; **ratio** to nn4n, median over {rounds} rounds (least-greatest)."
    machine = f"{cpu_model()}, {threads} threads; Python {platform.python_version()}, {versions()}."
    return "\n".join([*lines, "", f"{legend} {machine}"])


def main() -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nn4n", default="target/release/nn4n", help="the program to compare (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=list(ANALYSES), default=list(ANALYSES), help="default: all")
    parser.add_argument("--trials", type=positive, default=1000, help="default: %(default)s")
    parser.add_argument("--steps", type=positive, default=100, help="default: %(default)s")
    parser.add_argument("--units", type=positive, default=300, help="default: %(default)s")
    parser.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=2, help="cores for each side (default: %(default)s)")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "peers", help="where the arrays are kept")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        name, file = json.loads(args.worker)
        print(json.dumps(work(name, Path(file))))
        return 0

    cores = sorted(os.sched_getaffinity(0))
    if args.threads > len(cores):
        parser.error(f"--threads {args.threads}, but this process may use {len(cores)} cores")
    os.sched_setaffinity(0, cores[: args.threads])  # inherited by every process started below
    args.work.mkdir(parents=True, exist_ok=True)
    file = args.work / f"activity-{args.trials}-{args.steps}-{args.units}.npz"
    if not file.exists():
        write_arrays(file, args.trials, args.steps, args.units)
    times = [Times(name) for name in args.only]
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        for one in times:
            one.run_round(args.nn4n, file, args.threads)
    size = f"{args.trials:,} trials x {args.steps} steps x {args.units} units"
    print(table(times, size, args.threads, args.rounds))
    return 1 if any(one.status != "ok" for one in times) else 0


if __name__ == "__main__":
    sys.exit(main())
