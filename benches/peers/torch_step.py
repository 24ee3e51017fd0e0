"""What the PyTorch libraries' steps have in common: data in memory, Adam, and one forward and backward pass."""

import numpy as np
import torch
from torch import Tensor

from problem import LEARNING_RATE, Array, Problem


class TorchStep:
    """A training step around `loss`, which a library's own step defines."""

    def __init__(self, problem: Problem, parameters: dict[str, Tensor], trials_first: bool = False) -> None:
        """Give the parameters, named as in `WEIGHTS`, the problem's weights, and lay the data out as the library wants it."""

        def in_layout(array: Array) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array.swapaxes(0, 1)) if trials_first else array)

        self.inputs, self.targets, self.mask = map(in_layout, (problem.inputs, problem.targets, problem.mask))
        self.mask_sum = float(problem.mask.sum())
        self.parameters = parameters
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(torch.from_numpy(problem.weights[name]))
        self.optimizer = torch.optim.Adam(parameters.values(), lr=LEARNING_RATE, fused=True)

    def loss(self) -> Tensor:
        """The loss of a forward pass."""
        raise NotImplementedError

    def masked_mse(self, outputs: Tensor) -> Tensor:
        """Masked mean squared error of the outputs."""
        return ((outputs - self.targets).square() * self.mask).sum() / self.mask_sum

    def run(self) -> None:
        """One training step."""
        self.optimizer.zero_grad()
        self.loss().backward()
        self.optimizer.step()

    def loss_and_gradients(self) -> tuple[float, dict[str, Array]]:
        """Loss and gradients at the present weights."""
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss.item(), {name: parameter.grad.numpy() for name, parameter in self.parameters.items()}
