"""The step in plain PyTorch, as someone who wants it fast writes it.

Input projection, bias and noise of all time steps are one product before the loop; the loop itself is one product and two element-wise
operations per step; the readout is one product after it. The factor a is folded into the weights, the noise buffer is reused.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from problem import ALPHA, Problem
from torch_step import TorchStep


class Step(TorchStep):
    """Forward, backward and Adam, uncompiled."""

    def __init__(self, problem: Problem) -> None:
        """Allocate all that outlives a step."""
        case = problem.case
        super().__init__(problem, {name: torch.empty(weight.shape, requires_grad=True) for name, weight in problem.weights.items()})
        self.activation = {"relu": torch.relu, "softplus": F.softplus}[case.activation]
        self.noise_std = problem.noise_std
        self.shape = (case.steps, case.batch, case.units)
        self.noise = torch.zeros(case.steps * case.batch, case.units)
        self.start = torch.zeros(case.batch, case.units)
        self.signs = torch.from_numpy(case.signs) if case.dale else None
        inputs = self.inputs.flatten(0, 1)
        self.inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)  # the last column carries the bias

    def effective_w_rec(self) -> Tensor:
        """The recurrent weights, rectified to the sign of their presynaptic unit where the case asks for it."""
        w_rec = self.parameters["w_rec"]
        return w_rec if self.signs is None else torch.relu(w_rec * self.signs) * self.signs

    def loss(self) -> Tensor:
        """Masked mean squared error of a forward pass."""
        weights = self.parameters
        if self.noise_std > 0:
            self.noise.normal_(std=self.noise_std)
        w_in = torch.cat([weights["w_in"], weights["b_rec"][:, None]], dim=1)
        drive = torch.addmm(self.noise, self.inputs, w_in.T, alpha=ALPHA).view(self.shape)
        w_rec = (ALPHA * self.effective_w_rec()).T

        state, rate = self.start, self.activation(self.start)
        rates = []
        for current in drive.unbind():
            state = torch.addmm(torch.add(current, state, alpha=1 - ALPHA), rate, w_rec)
            rate = self.activation(state)
            rates.append(rate)

        return self.masked_mse(F.linear(torch.stack(rates), weights["w_out"], weights["b_out"]))
