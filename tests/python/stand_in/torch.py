"""The few functions of PyTorch that exported modules use, on NumPy, from PyTorch's documentation."""

import contextlib
import types

import numpy as np

where, logaddexp, zeros_like, empty_like, tanh = np.where, np.logaddexp, np.zeros_like, np.empty_like, np.tanh
uint8, int64 = np.uint8, np.int64
no_grad = contextlib.nullcontext


class Tensor(np.ndarray):
    def expand(self, *sizes):
        own = (1,) * (len(sizes) - self.ndim) + self.shape
        return np.broadcast_to(self, [size if wanted == -1 else wanted for wanted, size in zip(sizes, own)], subok=True)

    def clamp(self, min):
        return np.maximum(self, np.asarray(min, self.dtype))

    def copy_(self, other):
        self[...] = other

    def detach(self):
        return self

    def requires_grad_(self, requires_grad):
        return self

    def contiguous(self):
        return np.ascontiguousarray(self).view(Tensor)


def from_numpy(array):
    return array.view(Tensor)


def zeros(*shape, dtype=np.float32):
    return from_numpy(np.zeros(shape[0] if shape and isinstance(shape[0], tuple) else shape, dtype))


def ones(*shape, dtype=np.float32):
    return zeros(*shape, dtype=dtype) + np.asarray(1, dtype)


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis):
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def stack(tensors, axis):
    return np.stack(tensors, axis)


class Module:
    training = True

    def eval(self):
        self.training = False
        return self

    def register_buffer(self, name, tensor):
        setattr(self, name, tensor)

    def named_tensors(self):
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from ((f"{name}.{inner}", module, attribute) for inner, module, attribute in value.named_tensors())
            elif isinstance(value, Tensor):
                yield name, self, name

    def load_state_dict(self, tensors):
        own = {name: (module, attribute) for name, module, attribute in self.named_tensors()}
        assert own.keys() == tensors.keys(), f"{own.keys()} are not {tensors.keys()}"
        for name, (module, attribute) in own.items():
            assert getattr(module, attribute).shape == tensors[name].shape, name
            setattr(module, attribute, tensors[name])

    def __call__(self, *inputs):
        return self.forward(*inputs)


class Linear(Module):
    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        self.weight = zeros(outputs, inputs)
        if bias:
            self.bias = zeros(outputs)

    def forward(self, x):
        return x @ self.weight.T + (self.bias if hasattr(self, "bias") else 0)


class RNN(Module):
    def __init__(self, inputs, units, nonlinearity="tanh", batch_first=False):
        assert batch_first
        self.function = {"tanh": tanh, "relu": relu}[nonlinearity]
        self.weight_ih_l0, self.weight_hh_l0 = zeros(units, inputs), zeros(units, units)
        self.bias_ih_l0, self.bias_hh_l0 = zeros(units), zeros(units)

    def forward(self, inputs, h0):
        assert h0.shape == (1, inputs.shape[0], self.bias_hh_l0.shape[0])
        h, all_h = h0[0], []
        for t in range(inputs.shape[1]):
            drive = inputs[:, t] @ self.weight_ih_l0.T + self.bias_ih_l0
            h = self.function(drive + h @ self.weight_hh_l0.T + self.bias_hh_l0)
            all_h.append(h)
        return np.stack(all_h, 1), h[None]


nn = types.SimpleNamespace(Module=Module, Linear=Linear, RNN=RNN, Parameter=lambda tensor, requires_grad=True: tensor)
