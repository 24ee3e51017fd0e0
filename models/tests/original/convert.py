"""Converts a network of the original nn4n (PyTorch) for original.rs: the weights and masks of NAME.pth join the arrays of NAME.npz.

NAME.pth is written by nn4n's `save()`; NAME.npz holds `inputs`, `targets`, `outputs`, `rates` of the network without noise, and `grad.PARAMETER`
of mean((outputs - targets)^2). A file that holds a state dict alone, as that of the tutorials' module, is taken as it is. PyTorch is not
needed: a .pth is a zip of a pickle and raw arrays.

    python convert.py NAME.pth NAME.npz OUT.npz
"""

import io
import pickle
import sys
import zipfile

import numpy as np

TYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8"}


class Namespace(dict):
    """Stands in for an ordered dictionary with attributes."""


def load(path):
    archive = zipfile.ZipFile(path)
    root = archive.namelist()[0].split("/")[0]

    def rebuild(storage, offset, shape, stride, *_):
        kind, key = storage
        array = np.frombuffer(archive.read(f"{root}/data/{key}"), kind)[offset:]
        return np.lib.stride_tricks.as_strided(array, shape, [array.itemsize * step for step in stride]).copy()

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if name == "OrderedDict":
                return Namespace
            return rebuild if name == "_rebuild_tensor_v2" else TYPES[name]

        def persistent_load(self, identifier):
            _, kind, key, *_ = identifier
            return kind, key

    return Unpickler(io.BytesIO(archive.read(f"{root}/data.pkl"))).load()


def main(weights, arrays, out):
    network = load(weights)
    result = dict(np.load(arrays))
    if "model_state_dict" not in network:
        return np.savez_compressed(out, **result, **network)
    result |= network["model_state_dict"]
    # The original's masks are [pre, post]; here, as everywhere, [post, pre].
    for kind in ("ei_masks", "sparsity_masks"):
        for layer, mask in zip(["input", "hidden", "readout"], network["kwargs"].get(kind) or []):
            if mask is not None:
                result[f"{kind}.{layer}"] = mask.T.astype(np.int8)
    np.savez_compressed(out, **{name.replace("recurrent_layer.", ""): array for name, array in result.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
