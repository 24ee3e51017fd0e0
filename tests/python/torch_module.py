"""Loads a PyTorch state dict into the module whose source is in its metadata, and runs the module.

    python torch_module.py FILE.safetensors IN.npz OUT.npz

Where PyTorch is not installed, a stand-in that does the same with NumPy takes its place.
"""

import pathlib
import sys

import numpy as np
from safetensors_file import read

try:
    import torch
except ImportError:
    sys.path.insert(0, str(pathlib.Path(__file__).parent / "stand_in"))
    import torch

source, given, out = sys.argv[1:]
arrays, metadata = read(source)
names = {}
exec(metadata["module"], names)
network = names["Network"]()
network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
network.eval()
with torch.no_grad():
    outputs, rates = network(torch.from_numpy(np.load(given)["inputs"]))
np.savez(out, outputs=np.asarray(outputs), rates=np.asarray(rates), states=np.asarray(rates))
