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
    """One array world: `array(numbers, dtype)`, and `run(function, x)` as people run it there (compiled in JAX)."""

    name: str
    array: Callable[[Any, str], Any]
    run: Callable[[Callable[[Any], Any], Any], Any]


def jax_array(numbers: Any, dtype: str) -> Any:
    return jnp.asarray(np.asarray(numbers), dtype=dtype)


def torch_array(numbers: Any, dtype: str) -> Any:
    return torch.as_tensor(np.array(numbers), dtype=getattr(torch, dtype))


def as_shipped(function: Callable[..., Any]) -> Any:
    """The function compiled by the code generator that users have (tests/conftest.py names a quicker one)."""
    return jax.jit(function, compiler_options={"xla_cpu_use_fusion_emitters": True})


WORLDS = {
    "numpy": World("numpy", lambda numbers, dtype: np.asarray(numbers, dtype=dtype), lambda f, x: f(x)),
    "jax": World("jax", jax_array, lambda f, x: as_shipped(f)(x)),
    "torch": World("torch", torch_array, lambda f, x: f(x)),
}


def numbers(array: Any) -> Any:
    """An array of any world as float64 numbers."""
    if isinstance(array, torch.Tensor):
        return array.detach().to(torch.float64).numpy()
    return np.asarray(array).astype(np.float64)
