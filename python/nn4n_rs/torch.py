"""PyTorch: batches of trials as a dataset, networks as modules and back."""

import json
import logging
import os
import struct
import tempfile

import numpy as np

from ._arrays import needs
from ._network import _imported

torch = needs("torch", "torch", "nn4n_rs.torch")

_TYPES = {"F32": np.float32, "F64": np.float64, "U8": np.uint8, "I64": np.int64, "I32": np.int32}


class TaskDataset(torch.utils.data.IterableDataset):
    """Batches of a task, ``(inputs, targets, loss_mask)`` as tensors (trials, steps, channels).

    Batch ``i`` is that of update ``i`` of a training from the same seed. Workers share the batches among them.
    """

    def __init__(self, task, batch_size=20, seed=0, *, split="train", updates=None):
        super().__init__()
        self.task, self.batch_size, self.seed, self.split, self.updates = task, batch_size, seed, split, updates

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        update, stride = (0, 1) if worker is None else (worker.id, worker.num_workers)
        while self.updates is None or update < self.updates:
            trials = self.task.sample(self.batch_size, self.seed, split=self.split, update=update)
            yield tuple(torch.from_numpy(array) for array in (trials.inputs, trials.targets, trials.loss_mask))
            update += stride

    def __len__(self):
        if self.updates is None:
            raise TypeError("the batches have no end; name `updates`")
        return self.updates


def to_torch(network):
    """A network as a ``torch.nn.Module``: ``outputs, rates = module(inputs)`` on (trials, steps, inputs).

    Dale's law, absent and fixed synapses hold in every pass. In training mode its noise is on; it comes in evaluation
    mode, so that ``module.train()`` is to be called before it is trained with noise. Stacked networks have no module.
    """
    tensors, source = _read(network.export("torch"))
    names = {"__name__": "nn4n_rs.torch"}
    exec(compile(source, "<network written by nn4n>", "exec"), names)  # the library's own text
    names["Network"].__doc__ = to_torch.__doc__
    module = names["Network"]()
    module.load_state_dict(tensors)
    return module.eval()


def from_torch(module):
    """The network of a module that :func:`to_torch` gave, with the weights that it has now.

    They are those of its passes, in which Dale's law and masks hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.pth")
        torch.save(module.state_dict(), path)
        # What is put right in the weights of the module is so in each of its passes, too.
        return _imported(path, {}, "module", logging.INFO)


def _read(data):
    """The tensors of a safetensors file, and the module among its metadata."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    source = header.pop("__metadata__")["module"]
    tensors = {}
    for name, about in header.items():
        start, end = (8 + length + place for place in about["data_offsets"])
        array = np.frombuffer(data[start:end], _TYPES[about["dtype"]]).reshape(about["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors, source
