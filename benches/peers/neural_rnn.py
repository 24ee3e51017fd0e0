"""The step in NeuralRNN, with its continuous-time model, its masked loss and the optimiser of its trainer.

Its "rate" mode is the current form used here, except that it reads out currents; `readout` is therefore overridden to read rates. In that
mode the noise enters within the bracket, so "sqrt_2_over_alpha" gives a sqrt(2 / a) sigma_rec = sqrt(2 a) sigma_rec. Its Dale's law is
|W| diag(sign), built anew by the library in every time step.
"""

import torch
from neuralrnn.models.ctrnn import CTRNNConfig, CTRNNModel
from neuralrnn.train.losses import masked_mse
from torch import Tensor

from problem import ALPHA, Array, Problem
from torch_step import TorchStep


class RateReadout(CTRNNModel):
    """Reads rates instead of currents."""

    def readout(self, z_t: Tensor) -> Tensor:
        """Linear readout of the rates, (trials, outputs)."""
        return self.readout_layer(self.act(z_t))


class Step(TorchStep):
    """Forward, backward and Adam."""

    def __init__(self, problem: Problem) -> None:
        """Build the library's model."""
        case = problem.case
        config = CTRNNConfig(
            input_dim=case.inputs,
            latent_dim=case.units,
            output_dim=case.outputs,
            alpha=ALPHA,
            activation=case.activation,
            dale_signs=case.signs.tolist() if case.dale else None,
            sigma_rec=problem.sigma_rec,
            noise_scaling="sqrt_2_over_alpha",
            nonlinearity_mode="rate",
        )
        self.model = RateReadout(config).train()
        with torch.no_grad():
            self.model.input2h.bias.zero_().requires_grad_(False)  # the recurrent layer has one already
        parameters = {
            "w_in": self.model.input2h.weight,
            "w_rec": self.model.h2h.weight,
            "b_rec": self.model.h2h.bias,
            "w_out": self.model.readout_layer.weight,
            "b_out": self.model.readout_layer.bias,
        }
        super().__init__(problem, parameters, trials_first=True)
        self.w_rec_signs = torch.from_numpy(case.signs) if case.dale else torch.ones(case.units)
        with torch.no_grad():
            self.model.h2h.weight *= self.w_rec_signs  # magnitudes are stored

    def loss(self) -> Tensor:
        """Masked mean squared error of a forward pass."""
        return masked_mse(self.model(self.inputs), self.targets, self.mask, reduction="global")

    def loss_and_gradients(self) -> tuple[float, dict[str, Array]]:
        """Loss and gradients, that of the recurrent weights for signed weights instead of magnitudes."""
        loss, gradients = super().loss_and_gradients()
        return loss, gradients | {"w_rec": gradients["w_rec"] * self.w_rec_signs.numpy()}
