"""Times the search for fixed points in nn4n and in fixed-point-finder side by side, and prints the table of ratios.

    python fixed_points.py --nn4n ../../target/release/nn4n                  64 and 256 units, three rounds, one thread
    python fixed_points.py --nn4n ../../target/release/nn4n --units 64 --threads 2 --finder ~/src/fixed-point-finder

Both start from the same states of the same network, which remembers three bits, and end with the eigenvalues of what they found. fixed-point-finder
(https://github.com/mattgolub/fixed-point-finder, its PyTorch form) runs with its defaults: joint optimisation by Adam to q < 1e-12, in f32 and in f64.
nn4n goes to q < 1e-24.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compare import StepFailed, cpu_model, output_of, positive

FINDER = "https://github.com/mattgolub/fixed-point-finder"
COMMIT = "1a3041798a8c227878bb889fbe7ae47370a1848c"
ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "models" / "zoo" / "flip-flop-3bit" / "run.toml"
INPUT = "pulse_1=0,pulse_2=0,pulse_3=0"

STARTS = 1024
NOISE = 0.5
"""Standard deviation of what is added to states of trials, as in the example that comes with fixed-point-finder."""

OURS_Q, THEIRS_Q = 1e-24, 1e-12
TYPES = ("float32", "float64")
PARTS = ("search", "all")
"""Without and with Jacobians and their eigenvectors."""


@dataclass
class Network:
    """A network and the states that searches start from."""

    units: int
    checkpoint: str
    arrays: Path
    starts: Path

    @classmethod
    def prepare(cls, program: str, units: int, folder: Path, threads: int) -> "Network":
        """The network of the zoo, or one of another size by the same recipe, which is trained unless it is there."""
        network = cls(units, "flip-flop-3bit", folder / f"network-{units}.npz", folder / f"starts-{units}.npz")
        if units != 64:
            network.checkpoint = str(folder / f"trained-{units}")
            if not Path(network.checkpoint, "model.safetensors").exists():
                print(f"training {units} units", file=sys.stderr)
                words = ["train", str(RECIPE), "--units", str(units), "--device", "cpu", "--out", network.checkpoint]
                output_of([program, *words], threads)
        trials, activity = folder / "trials.npz", folder / f"activity-{units}.npz"
        sample = ["tasks", "sample", "golub2018/flip_flop", "--set", "bits=3", "--batch", "64", "--seed", "3"]
        output_of([program, *sample, "--out", str(trials), "--force"], threads)
        output_of([program, "export", network.checkpoint, "--to", "npz", "--out", str(network.arrays), "--force"], threads)
        words = ["run", network.checkpoint, "--inputs", str(trials), "--out", str(activity), "--force"]
        output_of([program, *words], threads)
        with np.load(activity) as arrays:
            states = arrays["states"].reshape(-1, units).astype(np.float64)
        rng = np.random.default_rng(1)
        chosen = states[rng.integers(len(states), size=STARTS)]
        np.savez(network.starts, starts=chosen + NOISE * rng.standard_normal(chosen.shape))
        return network

    def as_torch(self, torch: Any, dtype: str) -> Any:
        """The same network as PyTorch's own."""
        with np.load(self.arrays) as arrays:
            model = json.loads(bytes(arrays["header"]))["model"]
            is_plain = model["form"] == "rate" and model["activation"] == "tanh" and (arrays["alpha"] == 1).all()
            if not is_plain:
                raise StepFailed(f"{self.arrays}: torch.nn.RNN is a rate network of tanh units with dt = tau, and this is another")
            units, inputs = arrays["w_in"].shape
            rnn = torch.nn.RNN(inputs, units, batch_first=True).to(getattr(torch, dtype))
            zero = np.zeros_like(arrays["b_rec"])
            values = {"weight_ih_l0": arrays["w_in"], "weight_hh_l0": arrays["w_rec"], "bias_ih_l0": arrays["b_rec"], "bias_hh_l0": zero}
            with torch.no_grad():
                for name, value in values.items():
                    getattr(rnn, name).copy_(torch.from_numpy(value))
        return rnn


def find(network: Network, finder: Path, dtype: str, part: str, threads: int) -> dict[str, Any]:
    """One search by fixed-point-finder, in this process."""
    import torch

    sys.path.insert(0, str(finder))
    from FixedPointFinderTorch import FixedPointFinderTorch

    warnings.simplefilter("ignore")  # on what newer versions of PyTorch will no longer convert
    torch.set_num_threads(threads)
    rnn = network.as_torch(torch, dtype)
    with np.load(network.starts) as arrays:
        starts = arrays["starts"].astype(dtype)
    inputs = np.zeros((1, rnn.input_size), dtype)
    options = {"dtype": dtype, "verbose": False}
    if part == "search":
        options |= {"do_compute_jacobians": False, "do_decompose_jacobians": False}
    with contextlib.redirect_stdout(io.StringIO()):
        # What is loaded once; a search overwrites the starts that it is given.
        FixedPointFinderTorch(rnn, max_iters=2, **options).find_fixed_points(starts[:8].copy(), inputs)
        begin = time.perf_counter()
        unique, every = FixedPointFinderTorch(rnn, **options).find_fixed_points(starts.copy(), inputs)
        seconds = time.perf_counter() - begin
    reached = int((every.qstar < THEIRS_Q).sum())
    return {"seconds": seconds, "count": int(unique.n), "reached": reached, "iterations": int(every.n_iters[0])}


def theirs(network: Network, finder: Path, dtype: str, part: str, threads: int) -> dict[str, Any]:
    """The same in a process of its own."""
    words = [sys.executable, __file__, "--worker", json.dumps([network.units, str(network.arrays), str(network.starts), dtype, part])]
    output = output_of([*words, "--finder", str(finder), "--threads", str(threads)], threads)
    return json.loads(output.splitlines()[-1])


def ours(program: str, network: Network, threads: int) -> dict[str, Any]:
    """One search by nn4n: its seconds by part, and what was found."""
    words = ["analyze", "fixed-points", network.checkpoint, "--starts", str(network.starts), "--input", INPUT, "--json"]
    report = json.loads(output_of([program, *words], threads))
    worst = max(point["q"] for point in report["points"] if point["kind"] == "fixed")
    if worst >= OURS_Q or report["n_failed"] > 0:
        raise StepFailed(f"nn4n: q up to {worst:.1e} where {OURS_Q} was asked for, {report['n_failed']} starts failed")
    return {"search": report["search_seconds"], "all": report["seconds"], "count": report["count"], "stable": report["stable"]}


@dataclass
class Times:
    """Seconds of one network, round by round."""

    network: Network
    ours: list[dict[str, Any]] = field(default_factory=list)
    theirs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def run_round(self, program: str, finder: Path, threads: int) -> None:
        """Each search once."""
        self.ours.append(ours(program, self.network, threads))
        for dtype in TYPES:
            for part in PARTS:
                self.theirs.setdefault(f"{dtype} {part}", []).append(theirs(self.network, finder, dtype, part, threads))

    def rows(self) -> list[str]:
        """Its lines of the table."""
        lines = []
        for part in PARTS:
            own = [run[part] for run in self.ours]
            cells = [f"{self.network.units}, {part}", f"{statistics.median(own):.3f} s, {self.ours[-1]['count']} points"]
            for dtype in TYPES:
                runs = self.theirs[f"{dtype} {part}"]
                ratios = [run["seconds"] / own for run, own in zip(runs, own, strict=True)]
                seconds = statistics.median(run["seconds"] for run in runs)
                found = f"{runs[-1]['count']} points, {runs[-1]['reached']} starts"
                cells.append(f"{seconds:.2f} s, {found}, **{statistics.median(ratios):.1f}x** ({min(ratios):.1f}-{max(ratios):.1f})")
            lines.append(f"| {' | '.join(cells)} |")
        return lines


def table(times: list[Times], threads: int, rounds: int) -> str:
    """The Markdown table and what it was measured on."""
    heads = ["units, part", "nn4n, q < 1e-24", *(f"fixed-point-finder, {dtype}" for dtype in TYPES)]
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join(['---', *['---:'] * (len(heads) - 1)])} |"]
    lines += [row for one in times for row in one.rows()]
    legend = f"{STARTS} starts; those that reached q < 1e-12; **ratio** to nn4n, median over {rounds} rounds (least-greatest)."
    return "\n".join([*lines, "", f"{legend} {cpu_model()}, {threads} threads; fixed-point-finder {COMMIT[:7]}."])


def cloned(folder: Path) -> Path:
    """fixed-point-finder at the commit that is compared."""
    path = folder / "fixed-point-finder"
    if not path.exists():
        subprocess.run(["git", "clone", "--quiet", FINDER, str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "checkout", "--quiet", COMMIT], check=True)
    return path


def main() -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nn4n", default="target/release/nn4n", help="the program to compare (default: %(default)s)")
    parser.add_argument("--units", nargs="+", type=positive, default=[64, 256], help="default: 64 256")
    parser.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=1, help="cores for each program (default: %(default)s)")
    parser.add_argument("--finder", type=Path, help="a copy of fixed-point-finder (default: cloned into --work)")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "peers", help="where networks and starts are kept")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        units, arrays, starts, dtype, part = json.loads(args.worker)
        network = Network(units, "", Path(arrays), Path(starts))
        print(json.dumps(find(network, args.finder, dtype, part, args.threads)))
        return 0

    cores = sorted(os.sched_getaffinity(0))
    if args.threads > len(cores):
        parser.error(f"--threads {args.threads}, but this process may use {len(cores)} cores")
    args.work.mkdir(parents=True, exist_ok=True)
    times = [Times(Network.prepare(args.nn4n, units, args.work, args.threads)) for units in args.units]
    finder = args.finder or cloned(args.work)
    os.sched_setaffinity(0, cores[: args.threads])  # inherited by every process started below
    for one in times:
        for number in range(args.rounds):
            print(f"{one.network.units} units: round {number + 1} of {args.rounds}", file=sys.stderr)
            one.run_round(args.nn4n, finder, args.threads)
    print(table(times, args.threads, args.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
