"""The libraries that nn4n is compared with, and the process that times or checks one of them.

python peers.py PEER CASE --threads 2            prints {"median_ms": ...}
python peers.py PEER CASE --gradients FILE.npz   loss and gradients without noise
"""

import argparse
import importlib
import json
import statistics
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from problem import CASES, SIGMA_REC, TINY_CASES, Case, Problem, Step

WARM_UP_SECONDS = 0.5
WARM_UP_STEPS = 2
TIMED_SECONDS = 1.5
TIMED_STEPS = 5


@dataclass(frozen=True)
class Peer:
    """A library."""

    name: str
    module: str
    packages: tuple[str, ...]
    """Distributions it needs; the first one names the library."""

    activations: tuple[str, ...] = ("relu", "softplus")

    def versions(self) -> dict[str, str]:
        """Of its packages; raises `metadata.PackageNotFoundError` if one is not installed."""
        return {package: metadata.version(package) for package in self.packages}

    def step(self, problem: Problem) -> Step:
        """The training step, ready to run."""
        return importlib.import_module(self.module).Step(problem)

    def substitutes(self, case: Case) -> bool:
        """Whether relu takes the place of an activation that the library lacks."""
        return case.activation not in self.activations


PEERS = {
    peer.name: peer
    for peer in (
        Peer("original nn4n", "original_nn4n", ("nn4n", "torch"), activations=("relu",)),
        Peer("PyTorch loop", "torch_loop", ("torch",)),
        Peer("JAX scan", "jax_scan", ("jax", "jaxlib", "optax")),
        Peer("NeuralRNN", "neural_rnn", ("neuralrnn", "torch")),
    )
}


def limit_threads(peer: Peer, threads: int) -> None:
    """Tell PyTorch; JAX takes as many threads as the process has cores, which the caller limits."""
    if "torch" in peer.packages:
        import torch

        torch.set_num_threads(threads)


def median_ms(step: Step) -> float:
    """Median time of one step in ms, after a warm-up that includes any compilation."""

    def run(seconds: float, least: int) -> list[float]:
        times: list[float] = []
        while sum(times) < seconds or len(times) < least:
            start = time.perf_counter()
            step.run()
            times.append(time.perf_counter() - start)
        return times

    run(0, WARM_UP_STEPS)
    run(WARM_UP_SECONDS, 1)
    return 1e3 * statistics.median(run(TIMED_SECONDS, TIMED_STEPS))


def main() -> None:
    """The command of one process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("case", choices=CASES | TINY_CASES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gradients", type=Path)
    args = parser.parse_args()

    peer, case = PEERS[args.peer], (CASES | TINY_CASES)[args.case]
    limit_threads(peer, args.threads)
    if args.gradients:
        loss, gradients = peer.step(Problem.draw(case, sigma_rec=0)).loss_and_gradients()
        np.savez(args.gradients, loss=loss, **gradients)
    else:
        print(json.dumps({"median_ms": median_ms(peer.step(Problem.draw(case, SIGMA_REC)))}))


if __name__ == "__main__":
    main()
