"""The training step that every library is timed on: its cases, its data and its initial weights.

The network, with a = `ALPHA` and xi standard normal, fresh in every step of every trial:

    x_t = (1 - a) x_{t-1} + a (W_rec r_{t-1} + W_in u_t + b_rec) + sqrt(2 a) sigma_rec xi_t,   x_0 = 0
    r_t = f(x_t)
    z_t = W_out r_t + b_out
    loss = sum(mask (z - target)^2) / sum(mask)
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

ALPHA = 0.2
"""dt / tau."""

SIGMA_REC = 0.05
"""Standard deviation of the recurrent noise, before its factor sqrt(2 a)."""

LEARNING_RATE = 1e-3
"""Of Adam; its other settings are the usual ones (0.9, 0.999, 1e-8)."""

WEIGHTS = ("w_in", "w_rec", "b_rec", "w_out", "b_out")
"""What is trained."""


@dataclass(frozen=True)
class Case:
    """One size of the step."""

    name: str
    units: int
    batch: int
    steps: int
    inputs: int
    outputs: int
    activation: str
    """`relu` or `softplus`."""

    dale: bool = False
    """Whether the sign of each column of `w_rec` is fixed: four fifths of the units excitatory, the rest inhibitory."""

    @property
    def signs(self) -> Array:
        """+1 for an excitatory, -1 for an inhibitory presynaptic unit, (units,)."""
        signs = np.ones(self.units, np.float32)
        signs[self.units * 4 // 5 :] = -1
        return signs


CASES = {
    case.name: case
    for case in (
        Case("small", 50, 100, 100, 2, 2, "relu"),
        Case("song", 100, 20, 100, 3, 2, "relu", dale=True),
        Case("yang", 256, 64, 100, 85, 33, "softplus"),
        Case("large", 512, 128, 100, 32, 8, "relu"),
        Case("tms", 1024, 512, 20, 200, 200, "relu"),
    )
}

TINY_CASES = {
    case.name: case
    for case in (
        Case("tiny-relu", 10, 4, 12, 3, 2, "relu"),
        Case("tiny-dale", 10, 4, 12, 3, 2, "relu", dale=True),
        Case("tiny-softplus", 10, 4, 12, 3, 2, "softplus"),
    )
}
"""Small enough to compare the mathematics of the libraries with each other."""


@dataclass(frozen=True)
class Problem:
    """A case with its data and initial weights, and the noise it is run with."""

    case: Case
    sigma_rec: float
    inputs: Array
    """(steps, batch, inputs)."""

    targets: Array
    """(steps, batch, outputs)."""

    mask: Array
    """(steps, batch, outputs), 0 or 1."""

    weights: dict[str, Array]
    """By the names in `WEIGHTS`; `w[post, pre]`."""

    @property
    def noise_std(self) -> float:
        """Standard deviation of what one step adds to x."""
        return float(np.sqrt(2 * ALPHA) * self.sigma_rec)

    @classmethod
    def draw(cls, case: Case, sigma_rec: float) -> "Problem":
        """The same problem for every library."""
        rng = np.random.default_rng(1)

        def normal(scale: float, *shape: int) -> Array:
            return (scale * rng.standard_normal(shape)).astype(np.float32)

        w_rec = normal(case.units**-0.5, case.units, case.units)
        mask = np.ones((case.steps, case.batch, case.outputs), np.float32)
        mask[: case.steps // 10] = 0
        return cls(
            case=case,
            sigma_rec=sigma_rec,
            inputs=normal(1.0, case.steps, case.batch, case.inputs),
            targets=normal(1.0, case.steps, case.batch, case.outputs),
            mask=mask,
            weights={
                "w_in": normal(case.inputs**-0.5, case.units, case.inputs),
                "w_rec": np.abs(w_rec) * case.signs if case.dale else w_rec,
                "b_rec": normal(0.1, case.units),
                "w_out": normal(case.units**-0.5, case.outputs, case.units),
                "b_out": normal(0.1, case.outputs),
            },
        )


class Step(Protocol):
    """What a library has to offer to be timed and checked."""

    def run(self) -> None:
        """One training step, from drawing the noise to the updated weights, finished when this returns."""

    def loss_and_gradients(self) -> tuple[float, dict[str, Array]]:
        """Loss and its gradients at the present weights, by the names in `WEIGHTS`, with the signs of effective weights."""
