import torch

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.input = torch.nn.Linear({{N_INPUTS}}, {{N_UNITS}}, bias=False)
        self.recurrent = torch.nn.Linear({{N_UNITS}}, {{N_UNITS}})
        self.readout = torch.nn.Linear({{N_UNITS}}, {{N_OUTPUTS}})
        self.x0 = torch.nn.Parameter(torch.zeros({{N_UNITS}}))
        self.register_buffer("alpha", torch.zeros({{N_UNITS}}))

    def activation(self, x):
{{ACTIVATION}}

    def forward(self, u):  # (trials, steps, {{N_INPUTS}}) -> outputs, rates
        x = self.x0.expand(len(u), -1)
        r = {{START}}
        rates = []
        for t in range(u.shape[1]):
            current = self.recurrent(r) + self.input(u[:, t])
{{STEP}}
            rates.append(r)
        rates = torch.stack(rates, 1)
        return {{READOUT}}, rates
