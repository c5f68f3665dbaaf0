"""Value and gradient in NumPy, beside the plainest formula that NumPy and SciPy offer."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from benchmarks.functions import Pair
from gradoscope.functions import activations, losses

Numbers = Any


def _sigmoid(x: Numbers) -> Numbers:
    y = special.expit(x)
    return y, y * (1 - y)


def _leaky_relu(x: Numbers) -> Numbers:
    slope = np.float32(0.01)
    return np.where(x > 0, x, slope * x), np.where(x > 0, np.float32(1), slope)


def _tanh(x: Numbers) -> Numbers:
    y = np.tanh(x)
    return y, 1 - y * y


def _silu(x: Numbers) -> Numbers:
    s = special.expit(x)
    y = x * s
    return y, s + y * (1 - s)


def _gelu(x: Numbers) -> Numbers:
    share = special.ndtr(x)
    return x * share, share + x * np.exp(-x * x / 2) * np.float32(1 / np.sqrt(2 * np.pi))


def _gelu_tanh(x: Numbers) -> Numbers:
    factor = np.float32(np.sqrt(2 / np.pi))
    square = x * x
    t = np.tanh(factor * x * (1 + np.float32(0.044715) * square))
    slope = factor * (1 + np.float32(3 * 0.044715) * square)
    return x * (1 + t) / 2, (1 + t) / 2 + x * (1 - t * t) * slope / 2


def _elu(x: Numbers) -> Numbers:
    low = np.expm1(np.minimum(x, 0))
    return np.where(x > 0, x, low), np.where(x > 0, np.float32(1), low + 1)


def _mish(x: Numbers) -> Numbers:
    t = np.tanh(np.logaddexp(0, x))
    return x * t, t + x * (1 - t * t) * special.expit(x)


def _softmax(upstream: Numbers, x: Numbers) -> Numbers:
    y = special.softmax(x, -1)
    return y, y * (upstream - (upstream * y).sum(-1, keepdims=True))


PLAIN: dict[str, Callable[[Numbers], Numbers]] = {
    "relu": lambda x: (np.maximum(x, 0), (x > 0).astype(np.float32)),
    "leaky_relu": _leaky_relu,
    "hard_tanh": lambda x: (np.clip(x, -1, 1), ((x > -1) & (x < 1)).astype(np.float32)),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "softplus": lambda x: (np.logaddexp(0, x), special.expit(x)),
    "log_sigmoid": lambda x: (special.log_expit(x), special.expit(-x)),
    "softsign": lambda x: (x / (1 + np.abs(x)), 1 / (1 + np.abs(x)) ** 2),
    "elu": _elu,
    "silu": _silu,
    "mish": _mish,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
}  # fmt: skip
LOSSES: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "mean_squared_error": lambda p, t: ((p - t) ** 2, 2 * (p - t)),
    "huber": lambda p, t: (special.huber(np.float32(1), p - t), np.clip(p - t, -1, 1)),
    "binary_cross_entropy": lambda p, t: (np.logaddexp(0, p) - t * p, special.expit(p) - t),
}


def pairs(sizes: Sequence[int]) -> Iterator[Pair]:
    """Activations of each size, and losses."""
    for size in sizes:
        x = (np.random.default_rng(0).normal(size=(size // 100, 100)) * 3).astype(np.float32)
        for name, plain in PLAIN.items():
            yield Pair(name, size, partial(_activation, name, x), partial(plain, x), 1.5)
        upstream = np.ones_like(x)
        yield Pair("softmax", size, partial(_rows, "softmax", x, upstream), partial(_softmax, upstream, x), 1.5)
        target = (x > 1).astype(np.float32)
        for name, formula in LOSSES.items():
            yield Pair(name, size, partial(_loss, name, x, target), partial(formula, x, target), 1.5)


def _activation(name: str, x: Numbers) -> Numbers:
    entry = activations[name]
    return entry(x), entry.derivative(x)


def _rows(name: str, x: Numbers, upstream: Numbers) -> Numbers:
    entry = activations[name]
    return entry(x), entry.vjp(x, upstream)


def _loss(name: str, x: Numbers, target: Numbers) -> Numbers:
    return losses[name](x, target), losses[name].derivative(x, target)
