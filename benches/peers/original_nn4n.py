"""The step in the original nn4n (PyTorch), written as its documentation trains a network.

Its noise enters as a * preact_noise * xi, so preact_noise = sqrt(2 / a) sigma_rec gives the same noise. `train()` has to be called: before
that a new network runs without the noise it was given. Dale's law is its own projection of the weights at the start of every forward pass.
It has no softplus (relu takes its place) and no masked loss (written out here).
"""

import numpy as np
from nn4n.model import CTRNN
from torch import Tensor

from problem import ALPHA, Problem
from torch_step import TorchStep

TAU = 100


class Step(TorchStep):
    """Forward, backward, Adam and projection."""

    def __init__(self, problem: Problem) -> None:
        """Build the library's model."""
        case = problem.case
        # masks are [pre, post]
        dale = [None, np.repeat(case.signs[:, None], case.units, axis=1), None] if case.dale else None
        self.model = CTRNN(
            dims=[case.inputs, case.units, case.outputs],
            activation="relu",
            dt=ALPHA * TAU,
            tau=TAU,
            preact_noise=float(np.sqrt(2 / ALPHA)) * problem.sigma_rec,
            biases=[None, "zero", "zero"],
            ei_masks=dale,
        )
        self.model.train()
        recurrent, readout = self.model.recurrent_layer, self.model.readout_layer
        parameters = {
            "w_in": recurrent.input_layer.weight,
            "w_rec": recurrent.hidden_layer.weight,
            "b_rec": recurrent.hidden_layer.bias,
            "w_out": readout.weight,
            "b_out": readout.bias,
        }
        super().__init__(problem, parameters)

    def loss(self) -> Tensor:
        """Masked mean squared error of a forward pass."""
        outputs, _ = self.model(self.inputs)
        return self.masked_mse(outputs)
