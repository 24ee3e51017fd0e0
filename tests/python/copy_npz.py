"""Reads the arrays of an .npz and writes them as NumPy does: compressed, and in another order of memory.

    python copy_npz.py IN.npz OUT.npz
"""

import sys

import numpy as np

with np.load(sys.argv[1]) as file:
    np.savez_compressed(sys.argv[2], **{name: np.asfortranarray(file[name]) for name in file.files})
