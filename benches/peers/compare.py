"""Times one training step of nn4n and of other libraries side by side, and prints the table of ratios.

    python compare.py --nn4n ../../target/release/nn4n                all cases, five rounds, two threads
    python compare.py --nn4n ../../target/release/nn4n --case small   one case
    python compare.py --check                                         do all libraries compute the same?

In each round each library times the case once, in a process of its own, one after the other; the ratios are taken within a round, so that
what else the machine does weighs on both sides.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from peers import PEERS, Peer
from problem import CASES, TINY_CASES, Case

WORKER = Path(__file__).with_name("peers.py")
TOLERANCE = 1e-4


class StepFailed(Exception):
    """A timing or check process ended in an error; its message is the last line of what it said."""


def environment(threads: int) -> dict[str, str]:
    """The caller's environment with every thread pool limited alike."""
    pools = ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return os.environ | dict.fromkeys(pools, str(threads)) | {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}


def output_of(command: list[str], threads: int) -> str:
    """Standard output of a command; its errors are shown and raised."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, env=environment(threads))
    except OSError as error:
        raise StepFailed(f"{command[0]}: {error.strerror}") from error
    if result.returncode != 0:
        print(result.stderr, file=sys.stderr)
        raise StepFailed((result.stderr.strip().splitlines() or [f"exit status {result.returncode}"])[-1])
    return result.stdout


def json_objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects that follow one another in a text, on one line each or spread over several."""
    decoder, objects = json.JSONDecoder(), []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        objects += value if isinstance(value, list) else [value]
        text = text[end:]
    return objects


def ours(program: str, case: Case, threads: int) -> dict[str, Any]:
    """One timing of nn4n."""
    output = output_of([program, "bench", "--case", case.name, "--threads", str(threads), "--json"], threads)
    try:
        reports = {report["case"]: report for report in json_objects(output)}
        report = reports[case.name]
        return {key: float(report[key]) for key in ("median_ms", "gflops", "sgemm_peak_gflops")}
    except (ValueError, KeyError, TypeError) as error:
        raise StepFailed(f"{program} bench printed no report on {case.name}: {error!r}") from error


def theirs(peer: Peer, case: Case, threads: int) -> float:
    """One timing of a peer, in ms."""
    output = output_of([sys.executable, str(WORKER), peer.name, case.name, "--threads", str(threads)], threads)
    return json.loads(output.splitlines()[-1])["median_ms"]


@dataclass
class PeerTimes:
    """A peer on one case, round by round."""

    ms: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    status: str = "ok"
    """`ok`, `not installed`, or `failed` with the error."""

    def cell(self, substitutes: bool) -> str:
        """Its place in the table."""
        if self.status != "ok":
            return self.status.split(":")[0]
        note = " (relu)" if substitutes else ""
        ratio = f", **{statistics.median(self.ratios):.1f}x** ({min(self.ratios):.1f}-{max(self.ratios):.1f})" if self.ratios else ""
        return f"{statistics.median(self.ms):.1f} ms{note}{ratio}"


@dataclass
class CaseTimes:
    """All libraries on one case."""

    case: Case
    ours: list[dict[str, float]] = field(default_factory=list)
    status: str = "ok"
    peers: dict[str, PeerTimes] = field(default_factory=lambda: {name: PeerTimes() for name in PEERS})

    def row(self) -> str:
        """Its line of the table."""
        case = self.case
        size = f"{case.name} ({case.units}, {case.batch}, {case.steps}, {case.inputs}, {case.outputs})"
        own = self.status.split(":")[0]
        if self.status == "ok":
            share = statistics.median(report["gflops"] / report["sgemm_peak_gflops"] for report in self.ours)
            own = f"{statistics.median(report['median_ms'] for report in self.ours):.2f} ms, {share:.0%}"
        cells = [times.cell(PEERS[name].substitutes(case)) for name, times in self.peers.items()]
        return f"| {' | '.join([size, own, *cells])} |"

    def run_round(self, program: str, threads: int) -> None:
        """Each library once. What has failed or is missing is left out of the rounds that follow."""
        own_ms = None
        if self.status == "ok":
            try:
                self.ours.append(ours(program, self.case, threads))
                own_ms = self.ours[-1]["median_ms"]
            except StepFailed as error:
                self.status = f"failed: {error}"
                print(f"{self.case.name}, nn4n: {self.status}", file=sys.stderr)
        for name, times in self.peers.items():
            if times.status != "ok":
                continue
            try:
                PEERS[name].versions()
                times.ms.append(theirs(PEERS[name], self.case, threads))
            except metadata.PackageNotFoundError:
                times.status = "not installed"
            except StepFailed as error:
                times.status = f"failed: {error}"
            if times.status != "ok":
                print(f"{self.case.name}, {name}: {times.status}", file=sys.stderr)
            elif own_ms is not None:
                times.ratios.append(times.ms[-1] / own_ms)


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Of the installed packages that the peers use."""
    installed: dict[str, str] = {}
    for peer in PEERS.values():
        for package in peer.packages:
            try:
                installed[package] = metadata.version(package)
            except metadata.PackageNotFoundError:
                installed[package] = "not installed"
    return installed


def machine(threads: int, rounds: int) -> str:
    """What the table was measured on."""
    packages = ", ".join(f"{package} {version}" for package, version in sorted(versions().items()))
    repeats = "1 round" if rounds == 1 else f"{rounds} rounds"
    return f"{cpu_model()}, {threads} cores; Python {platform.python_version()}, {packages}; float32, {repeats}."


def table(cases: list[CaseTimes], threads: int, rounds: int) -> str:
    """The Markdown table and what it was measured on."""
    heads = ["case (units, batch, steps, inputs, outputs)", "nn4n, share of sgemm peak", *PEERS]
    rule = ["---", *["---:"] * (len(heads) - 1)]
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join(rule)} |", *(times.row() for times in cases)]
    legend = "Time of one training step; **ratio** to nn4n, median over the rounds (least-greatest)."
    return "\n".join([*lines, "", f"{legend} {machine(threads, rounds)}"])


def compare(names: list[str], program: str, rounds: int, threads: int) -> list[CaseTimes]:
    """Time all libraries on the named cases."""
    cases = [CaseTimes(CASES[name]) for name in names]
    for times in cases:
        for number in range(rounds):
            print(f"{times.case.name}: round {number + 1} of {rounds}", file=sys.stderr)
            times.run_round(program, threads)
    return cases


def difference(values: dict[str, Any], reference: dict[str, Any]) -> float:
    """Largest deviation of loss and gradients, each relative to the largest value of its reference."""
    return max(float(np.abs(values[name] - reference[name]).max() / np.abs(reference[name]).max()) for name in reference)


def check() -> bool:
    """Whether all installed libraries agree on loss and gradients without noise, on tiny cases."""
    agree = True
    for case in TINY_CASES.values():
        reference, reference_name = None, None
        for peer in PEERS.values():
            verdict = ""
            try:
                peer.versions()
                if peer.substitutes(case):
                    verdict = f"lacks {case.activation}"
                else:
                    values = gradients(peer, case)
            except metadata.PackageNotFoundError:
                verdict = "not installed"
            except StepFailed as error:
                verdict, agree = f"failed: {error}", False
            if not verdict and reference is None:
                reference, reference_name = values, peer.name
                verdict = f"loss {values['loss']:.6f}"
            elif not verdict:
                deviation = difference(values, reference)
                agree &= deviation <= TOLERANCE  # false for nan
                verdict = f"deviates from {reference_name} by {deviation:.1e}{'' if deviation <= TOLERANCE else ', too much'}"
            print(f"{case.name}, {peer.name}: {verdict}")
    return agree


def gradients(peer: Peer, case: Case) -> dict[str, Any]:
    """Loss and gradients of a peer."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "gradients.npz")
        output_of([sys.executable, str(WORKER), peer.name, case.name, "--gradients", str(file)], threads=1)
        with np.load(file) as arrays:
            return dict(arrays)


def report(cases: list[CaseTimes], threads: int) -> dict[str, Any]:
    """All that was measured."""
    return {
        "cpu": cpu_model(),
        "threads": threads,
        "versions": versions(),
        "cases": {
            times.case.name: {
                "nn4n": {"status": times.status, "rounds": times.ours},
                **{name: vars(peer) for name, peer in times.peers.items()},
            }
            for times in cases
        },
    }


def positive(text: str) -> int:
    """A whole number of at least one."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def main() -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nn4n", default="target/release/nn4n", help="the program to compare (default: %(default)s)")
    parser.add_argument("--case", nargs="+", choices=[*CASES, "all"], default=["all"], help="default: all")
    parser.add_argument("--rounds", type=positive, default=5, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=2, help="cores for each library (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every timing to FILE")
    parser.add_argument("--check", action="store_true", help="compare losses and gradients instead of times")
    args = parser.parse_args()
    if args.check:
        return 0 if check() else 1

    cores = sorted(os.sched_getaffinity(0))
    if args.threads > len(cores):
        parser.error(f"--threads {args.threads}, but this process may use {len(cores)} cores")
    os.sched_setaffinity(0, cores[: args.threads])  # inherited by every process started below

    names = list(CASES) if "all" in args.case else list(dict.fromkeys(args.case))
    cases = compare(names, args.nn4n, args.rounds, args.threads)
    print(table(cases, args.threads, args.rounds))
    if args.json:
        args.json.write_text(json.dumps(report(cases, args.threads), indent=2) + "\n")
    failed = [
        times
        for times in cases
        if any(status.startswith("failed") for status in (times.status, *(peer.status for peer in times.peers.values())))
    ]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
