"""Trials as MATLAB writes them: the dimensions of its arrays in the reverse order, numbers in double precision.

    python write_matlab.py TRIALS.npz TRIALS.mat

Numbers of a trial are columns, or rows where their name is `coherence`; classes are int32; a last axis of length 1 is
dropped.
"""

import sys

import h5py
import numpy as np

CLASSES = {"float64": "double", "int32": "int32", "bool": "logical"}

arrays = np.load(sys.argv[1])
with h5py.File(sys.argv[2], "w", userblock_size=512) as file:
    for name in arrays.files:
        array = arrays[name]
        is_class = name == "targets" and array.dtype.kind == "i"
        array = array.astype(np.int32 if is_class else np.float64)
        if array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        shape = array.shape + (1,) * (2 - array.ndim)
        array = array.reshape(shape[::-1] if name == "coherence" else shape)
        dataset = file.create_dataset(name, data=array.T)
        dataset.attrs["MATLAB_class"] = np.bytes_(CLASSES[str(array.dtype)])
with open(sys.argv[2], "r+b") as file:
    file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + bytes([0, 2]) + b"IM")
