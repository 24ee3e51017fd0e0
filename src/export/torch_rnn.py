import torch

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.RNN({{N_INPUTS}}, {{N_UNITS}}, nonlinearity="{{NONLINEARITY}}", batch_first=True)
        self.readout = torch.nn.Linear({{N_UNITS}}, {{N_OUTPUTS}})
        self.h0 = torch.nn.Parameter(torch.zeros({{N_UNITS}}))

    def forward(self, u):  # (trials, steps, {{N_INPUTS}}) -> outputs, rates
        rates, _ = self.rnn(u, self.h0.expand(1, len(u), -1).contiguous())
        return self.readout(rates), rates
