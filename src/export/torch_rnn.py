"""A recurrent network, written by nn4n: {{KIND}}, {{N_UNITS}} units, {{N_INPUTS}} inputs, {{N_OUTPUTS}} outputs.

    network = Network()
    network.load_state_dict(safetensors.torch.load_file("net.safetensors"))
    outputs, rates = network(inputs)                         # inputs (trials, steps, {{N_INPUTS}})
    torch.save(network.state_dict(), "net.pth")              # nn4n import net.pth --out DIR reads it again
"""

import torch

TASK = {{TASK}}
INPUTS = {{INPUTS}}
OUTPUTS = {{OUTPUTS}}
DT = {{DT}}  # ms, and the time constant of the units


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.RNN({{N_INPUTS}}, {{N_UNITS}}, nonlinearity="{{NONLINEARITY}}", batch_first=True)
        self.rnn.bias_ih_l0.requires_grad_({{TRAIN_B_REC}})
        self.rnn.bias_hh_l0.requires_grad_(False)
        self.readout = torch.nn.Linear({{N_UNITS}}, {{N_OUTPUTS}})
        self.readout.bias.requires_grad_({{TRAIN_B_OUT}})
        self.h0 = torch.nn.Parameter(torch.zeros({{N_UNITS}}), {{TRAIN_X0}})
        self.register_buffer("header", torch.zeros({{HEADER}}, dtype=torch.uint8))
        self.register_buffer("checksum", torch.zeros((), dtype=torch.int64))

    def forward(self, u):  # (trials, steps, {{N_INPUTS}}) -> outputs, rates
        rates, _ = self.rnn(u, self.h0.expand(1, len(u), -1).contiguous())
        return self.readout(rates), rates
