"""The array worlds, for tests that try them all: how to make an array, and how to differentiate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch


@dataclass(frozen=True)
class World:
    """One array world: `array(numbers, dtype)`, and `gradient(function, x)` of the sum of the function's values."""

    name: str
    array: Callable[[Any, str], Any]
    run: Callable[[Callable[[Any], Any], Any], Any]
    gradient: Callable[[Callable[[Any], Any], Any], Any]


def jax_array(numbers: Any, dtype: str) -> Any:
    return jnp.asarray(np.asarray(numbers), dtype=dtype)


def torch_array(numbers: Any, dtype: str) -> Any:
    return torch.as_tensor(np.array(numbers), dtype=getattr(torch, dtype))


def torch_gradient(function: Callable[[Any], Any], x: Any) -> Any:
    x = x.detach().clone().requires_grad_()
    value = function(x)
    return torch.autograd.grad(value.sum(), x)[0]


def jax_gradient(function: Callable[[Any], Any], x: Any) -> Any:
    def total(at: Any) -> Any:
        return function(at).sum()

    return jax.jit(jax.grad(total))(x)


def unsupported(function: Callable[[Any], Any], x: Any) -> Any:
    raise NotImplementedError("NumPy does not differentiate; call the derivative")


WORLDS = {
    "numpy": World("numpy", lambda numbers, dtype: np.asarray(numbers, dtype=dtype), lambda f, x: f(x), unsupported),
    "jax": World("jax", jax_array, lambda f, x: jax.jit(f)(x), jax_gradient),
    "torch": World("torch", torch_array, lambda f, x: f(x).detach(), torch_gradient),
}


def numbers(array: Any) -> Any:
    """An array of any world as float64 numbers."""
    if isinstance(array, torch.Tensor):
        return array.detach().to(torch.float64).numpy()
    return np.asarray(array).astype(np.float64)
