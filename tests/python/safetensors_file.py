"""A safetensors file, read from its definition: the length of a JSON header (8 bytes), the header, the numbers."""

import json

import numpy as np

TYPES = {"F32": "<f4", "F64": "<f8", "U8": "u1", "I64": "<i8"}


def read(path):
    """The arrays and the metadata of a file."""
    with open(path, "rb") as file:
        content = file.read()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, tensor in header.items():
        first, last = tensor["data_offsets"]
        numbers = np.frombuffer(content[start + first : start + last], TYPES[tensor["dtype"]])
        arrays[name] = numbers.reshape(tensor["shape"])
    return arrays, metadata
