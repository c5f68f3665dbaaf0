"""Whose array is this? NumPy, JAX or PyTorch; and the elementary functions every formula is written with.

A formula calls `exp(x)`, `where(x > 0, x, y)` ... from here and works on the arrays of all three worlds. JAX and
PyTorch are never imported here before an array of theirs shows up.
"""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from gradoscope.errors import UsageError
from gradoscope.language import say

Array = Any
World = Literal["numpy", "jax", "torch"]
_PLAIN = (np.ndarray, np.generic, float, int, str, list, tuple, type(None))


def world_of(*values: object) -> World:
    """The world of the arrays among `values`; numbers, lists and NumPy arrays join any other world.

    Raises
    ------
    UsageError
        If a JAX array and a PyTorch tensor come together.

    Examples
    --------
    >>> world_of([1.0, 2.0])
    'numpy'
    """
    found = {_world(value) for value in values} - {"numpy"}
    if len(found) == 2:
        raise UsageError(say("a JAX array and a PyTorch tensor were given together; convert one of them first"))
    return found.pop() if found else "numpy"


def _world(value: object) -> World:
    if isinstance(value, _PLAIN):
        return "numpy"
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(value, torch.Tensor):
        return "torch"
    if jax is not None and isinstance(value, jax.Array):
        return "jax"
    return "numpy"


def is_array(value: object) -> bool:
    """Whether `value` is an array of any world (a Python or NumPy number is not)."""
    return isinstance(value, np.ndarray) or world_of(value) != "numpy"


def is_traced(value: object) -> bool:
    """Whether `value` is an abstract JAX value, whose numbers cannot be looked at."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.core.Tracer)


def is_compiling(world: World) -> bool:
    """Whether PyTorch is tracing the code, so that numbers cannot be looked at."""
    return world == "torch" and bool(sys.modules["torch"].compiler.is_compiling())


def namespace(*values: object) -> Any:
    """The array API namespace for `values`."""
    match world_of(*values):
        case "torch":
            import array_api_compat.torch

            return array_api_compat.torch
        case "jax":
            import jax.numpy

            return jax.numpy
    return np


def as_array(value: object, world: World, like: Array = None) -> Array:
    """`value` as an array of `world`, on the device of `like`, of a floating dtype (integers promote)."""
    if world == "torch":
        return _as_tensor(value, like)
    if world == "jax":
        import jax.numpy as jnp

        array = jnp.asarray(value)
        return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)
    numbers: Array = np.asarray(value)
    return numbers if is_floating(numbers) else numbers.astype(np.float64)


def as_labels(value: object, world: World, like: Array) -> Array:
    """Integer class labels as an array of `world`, on the device of `like`."""
    if world == "torch":
        import torch

        return torch.as_tensor(value, device=like.device).long()
    return namespace(like).asarray(value)


def _as_tensor(value: object, like: Array) -> Array:
    import torch

    tensor = value if isinstance(value, torch.Tensor) else torch.as_tensor(value, device=getattr(like, "device", None))
    if not isinstance(value, torch.Tensor) and like is not None and tensor.dtype == torch.float64:
        tensor = tensor.to(like.dtype)
    return tensor if tensor.is_floating_point() else tensor.to(torch.get_default_dtype())


def is_floating(x: Array) -> bool:
    """Whether the dtype of `x` is a floating one (bfloat16 included)."""
    return str(x.dtype).rpartition(".")[2] in ("float16", "bfloat16", "float32", "float64", "longdouble", "float128")


def is_half(x: Array) -> bool:
    """Whether `x` is float16 or bfloat16, which compute in float32."""
    return str(x.dtype).rpartition(".")[2] in ("float16", "bfloat16")


def is_double(x: Array) -> bool:
    """Whether `x` is float64."""
    return str(x.dtype).rpartition(".")[2] == "float64"


def cast(x: Array, dtype: Any) -> Array:
    """`x` in another dtype of its own world."""
    return x.to(dtype) if world_of(x) == "torch" else x.astype(dtype)


def widened(x: Array) -> Array:
    """`x` in the dtype it computes in: float32 for the half types, else its own."""
    return cast(x, namespace(x).float32) if is_half(x) else x


# The elementary functions. Each is what the standard calls it; the comments say where a world needs help.


def exp(x: Array) -> Array:
    """e^x."""
    return namespace(x).exp(x)


def expm1(x: Array) -> Array:
    """e^x - 1 without cancellation."""
    return namespace(x).expm1(x)


def log(x: Array) -> Array:
    """The natural logarithm."""
    return namespace(x).log(x)


def log1p(x: Array) -> Array:
    """log(1 + x) without cancellation."""
    return namespace(x).log1p(x)


def sqrt(x: Array) -> Array:
    """The square root."""
    return namespace(x).sqrt(x)


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return namespace(x).tanh(x)


def sin(x: Array) -> Array:
    """The sine."""
    return namespace(x).sin(x)


def cos(x: Array) -> Array:
    """The cosine."""
    return namespace(x).cos(x)


def atan(x: Array) -> Array:
    """The arc tangent."""
    return namespace(x).atan(x)


def erfc(x: Array) -> Array:
    """The complementary error function."""
    match world_of(x):
        case "torch":
            return sys.modules["torch"].special.erfc(x)
        case "jax":
            return sys.modules["jax"].scipy.special.erfc(x)
    from scipy.special import erfc as erfc_in_scipy

    return erfc_in_scipy(x)


def isnan(x: Array) -> Array:
    """Whether x is NaN."""
    return namespace(x).isnan(x)


def isfinite(x: Array) -> Array:
    """Whether x is neither infinite nor NaN."""
    return namespace(x).isfinite(x)


def magnitude(x: Array) -> Array:
    """|x|, whose derivative at 0 is 1 in every world (the branch `x >= 0`, so that second derivatives agree)."""
    return where(x < 0, -x, x)


def where(condition: Array, yes: Array, no: Array) -> Array:
    """`yes` where the condition holds, else `no`; at least one of them is an array."""
    return namespace(condition).where(condition, yes, no)


def at_least(x: Array, low: float) -> Array:
    """max(x, low); NaN propagates."""
    return x.clamp(min=low) if world_of(x) == "torch" else where(x < low, low, x)


def at_most(x: Array, high: float) -> Array:
    """min(x, high); NaN propagates."""
    return x.clamp(max=high) if world_of(x) == "torch" else where(x > high, high, x)


def constant(x: Array, value: float) -> Array:
    """`value` in the shape and dtype of `x`."""
    return namespace(x).full_like(x, value)


def sign(x: Array) -> Array:
    """-1, 0 or 1; NaN propagates."""
    return namespace(x).sign(x)


def total(x: Array, axis: int) -> Array:
    """Sum along `axis`, which stays with length 1."""
    return namespace(x).sum(x, axis=axis, keepdims=True)


def largest(x: Array, axis: int) -> Array:
    """Maximum along `axis`, which stays with length 1; NaN propagates."""
    return namespace(x).max(x, axis=axis, keepdims=True)


def scattered_ones(labels: Array, classes: int, like: Array) -> Array:
    """One-hot rows for integer `labels` in a new last axis, in the dtype of `like`; an impossible label gives NaN."""
    xp = namespace(like, labels)
    index = xp.arange(classes) if world_of(like) != "torch" else xp.arange(classes, device=like.device)
    hot = cast(labels[..., None] == index.reshape((1,) * labels.ndim + (classes,)), like.dtype)
    possible = (labels >= 0) & (labels < classes)
    return xp.where(possible[..., None], hot, float("nan"))


def reshaped(x: Array, ndim: int) -> Array:
    """`x` with leading axes of length 1 until it has `ndim` axes (0-d stays as it is)."""
    missing = ndim - x.ndim
    return x.reshape((1,) * missing + tuple(x.shape)) if x.ndim and missing > 0 else x


def summed_to(x: Array, shape: Sequence[int]) -> Array:
    """`x` summed over the axes along which an array of `shape` was broadcast to it."""
    xp = namespace(x)
    leading = x.ndim - len(shape)
    axes = tuple(range(leading)) + tuple(
        leading + i for i, size in enumerate(shape) if size == 1 and x.shape[leading + i] != 1
    )
    return xp.sum(x, axis=axes).reshape(tuple(shape)) if axes else x
