"""The original nn4n's network (version 1.2, without noise), written out from its equations, on a state dict and its keyword arguments.

    python original.py FILE.safetensors IN.npz OUT.npz
"""

import json
import sys

import numpy as np
from safetensors_file import read

FUNCTIONS = {
    "relu": lambda v: np.maximum(v, 0),
    "tanh": np.tanh,
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "retanh": lambda v: np.maximum(np.tanh(v), 0),
}

source, given, out = sys.argv[1:]
arrays, metadata = read(source)
network = json.loads(metadata["network"])
kwargs = network["kwargs"]
weights = {name: array.astype(float) for name, array in arrays.items()}
alpha = weights.pop("recurrent_layer.alpha") if kwargs["learn_alpha"] else kwargs["dt"] / kwargs["tau"]
layers = ["recurrent_layer.input_layer", "recurrent_layer.hidden_layer", "readout_layer"]
assert weights.keys() == {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}, weights.keys()

# What the original does to the weights before it runs in training mode must change nothing.
inputs, units, outputs = kwargs["dims"]
for place, (layer, shape) in enumerate(zip(layers, [(inputs, units), (units, units), (units, outputs)])):
    weight = weights[f"{layer}.weight"]
    for name in ("sparsity_masks", "ei_masks", "plasticity_masks"):
        mask = kwargs.get(name, [None] * 3)[place]
        if mask is None:
            continue
        mask = np.array(mask)
        assert mask.shape == shape, (layer, name, mask.shape)
        if name == "sparsity_masks":
            assert np.isin(mask, [0, 1]).all() and (weight[mask.T == 0] == 0).all(), layer
        if name == "ei_masks":
            assert np.isin(mask, [-1, 1]).all() and (weight * mask.T >= 0).all(), layer

function = FUNCTIONS[kwargs["activation"]]
linear = lambda layer, x: x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
u = np.load(given)["inputs"].astype(float)
v = np.broadcast_to(network["init_state"], (len(u), units))
rate, rates = function(v), []
for t in range(u.shape[1]):
    v = (1 - alpha) * v + alpha * (linear(layers[1], rate) + linear(layers[0], u[:, t]))
    rate = function(v)
    rates.append(rate)
rates = np.stack(rates, 1)
np.savez(out, outputs=linear(layers[2], rates), rates=rates, states=rates)
