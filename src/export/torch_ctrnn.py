"""A recurrent network, written by nn4n: {{KIND}}, {{N_UNITS}} units, {{N_INPUTS}} inputs, {{N_OUTPUTS}} outputs.

    network = Network()
    network.load_state_dict(safetensors.torch.load_file("net.safetensors"))
    outputs, rates = network.eval()(inputs)                  # inputs (trials, steps, {{N_INPUTS}})
    torch.save(network.state_dict(), "net.pth")              # nn4n import net.pth --out DIR reads it again

In training mode (network.train()) the noise is on. Dale's law, absent and fixed synapses hold in every pass.
"""

import torch

TASK = {{TASK}}
INPUTS = {{INPUTS}}
OUTPUTS = {{OUTPUTS}}
DT = {{DT}}  # ms


class Synapses(torch.nn.Linear):
    """Weights (posts, pres) and their constraints."""

    def __init__(self, pres, posts, bias):
        super().__init__(pres, posts, bias)
        self.register_buffer("connectivity", torch.ones(posts, pres, dtype=torch.uint8))  # 1 where a synapse exists
        self.register_buffer("signs", torch.zeros(pres))  # 1, -1, or 0 if a presynaptic unit may have any
        self.register_buffer("fixed", torch.zeros(posts, pres))  # weights that are never trained, 0 elsewhere
        self.register_buffer("plastic", torch.ones(posts, pres))  # multiplier of the gradient

    def free(self):
        return (self.connectivity == 1) & (self.fixed == 0)

    def allowed(self):
        wrong = (self.weight * self.signs <= 0) & (self.signs != 0)
        return self.free() & ~wrong

    def constrain(self):
        """Puts the weights into what they may be."""
        with torch.no_grad():
            silent = torch.zeros_like(self.weight)
            self.weight.copy_(torch.where(self.allowed(), self.weight, silent) + self.fixed)

    def effective(self):
        """The weights that act; gradients reach those that may change."""
        weight = self.weight.detach() + self.plastic * (self.weight - self.weight.detach())
        return torch.where({{ACTING}}, weight, torch.zeros_like(weight)) + self.fixed


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.input = Synapses({{N_INPUTS}}, {{N_UNITS}}, bias=False)
        self.recurrent = Synapses({{N_UNITS}}, {{N_UNITS}}, bias=True)
        self.recurrent.bias.requires_grad_({{TRAIN_B_REC}})
        self.readout = Synapses({{N_UNITS}}, {{N_OUTPUTS}}, bias=True)
        self.readout.bias.requires_grad_({{TRAIN_B_OUT}})
        self.x0 = torch.nn.Parameter(torch.zeros({{N_UNITS}}), {{TRAIN_X0}})
        self.tau = torch.nn.Parameter(torch.ones({{N_UNITS}}), {{TRAIN_TAU}})  # ms
        self.register_buffer("noise", torch.zeros({{N_UNITS}}))
        self.register_buffer("sigma_post", torch.zeros({{N_UNITS}}))
        self.register_buffer("cell_types", torch.zeros({{N_UNITS}}, dtype=torch.int64))  # 1, -1, or 0
        self.register_buffer("header", torch.zeros({{HEADER}}, dtype=torch.uint8))
        self.register_buffer("checksum", torch.zeros((), dtype=torch.int64))

    def activation(self, x):
{{ACTIVATION}}

    def forward(self, u):  # (trials, steps, {{N_INPUTS}}) -> outputs, rates
        noise = self.training
        for synapses in (self.input, self.recurrent, self.readout):
            synapses.constrain()
        w_in, w_rec, w_out = self.input.effective(), self.recurrent.effective(), self.readout.effective()
        alpha = DT / self.tau.clamp(min=DT)
        x = self.x0.expand(len(u), -1)
        r = {{START}}
        rates = []
        for t in range(u.shape[1]):
            current = r @ w_rec.T + u[:, t] @ w_in.T + self.recurrent.bias
{{STEP}}
            rates.append(r)
        rates = torch.stack(rates, 1)
        z = rates @ w_out.T + self.readout.bias
        return {{READOUT}}, rates
