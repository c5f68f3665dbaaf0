"""Whose array is this? NumPy, JAX or PyTorch; the last two are not imported before an array of theirs shows up."""

import sys
from typing import Any, Literal

import numpy as np

from gradoscope.errors import UsageError
from gradoscope.language import say

Array = Any
World = Literal["numpy", "jax", "torch"]
_PLAIN = (np.ndarray, np.generic, float, int, str, list, tuple, type(None))
_WORLDS: dict[type, World] = dict.fromkeys(_PLAIN, "numpy")  # of types that were met before


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
    if len(values) == 1:
        return _world(values[0])
    found = {_world(value) for value in values} - {"numpy"}
    if len(found) == 2:
        raise UsageError(say("a JAX array and a PyTorch tensor were given together; convert one of them first"))
    return found.pop() if found else "numpy"


def _world(value: object) -> World:
    known = _WORLDS.get(type(value))
    if known is not None:
        return known
    if isinstance(value, _PLAIN):
        return "numpy"
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(value, torch.Tensor):
        _WORLDS[type(value)] = "torch"
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


def plain(value: Array) -> Any:
    """The numbers of an array as a NumPy array, or None where they cannot be looked at."""
    world = world_of(value)
    if is_traced(value) or is_compiling(world):
        return None
    if world == "torch":
        still = value.detach().cpu()
        if is_wrapped(still):
            return None
        return (still.float() if is_half(still) else still).numpy()
    numbers = np.asarray(value)
    return numbers.astype(np.float32) if numbers.dtype.kind == "V" else numbers  # bfloat16


def is_plain(x: Array) -> bool:
    """Whether the numbers of `x` can be looked at cheaply: in NumPy, and in eager PyTorch on the CPU."""
    world = world_of(x)
    if world != "torch":
        return world == "numpy"
    if is_compiling(world) or x.device.type != "cpu":
        return False
    transformed = sys.modules["torch"]._C._are_functorch_transforms_active()  # noqa: SLF001 (others may be wrapped)
    return not transformed and not is_wrapped(x)


def is_wrapped(x: Array) -> bool:
    """Whether the numbers of a tensor are hidden (by `torch.func`, or batched gradients), or it is a fake one."""
    torch = sys.modules["torch"]
    functorch = torch._C._functorch  # noqa: SLF001
    batched = functorch.is_functorch_wrapped_tensor(x) or functorch.is_legacy_batchedtensor(x)
    return bool(batched or isinstance(x, torch._subclasses.FakeTensor))  # noqa: SLF001


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
        return sys.modules["torch"].as_tensor(value, device=like.device).long()
    return namespace(like).asarray(value)


def _as_tensor(value: object, like: Array) -> Array:
    torch = sys.modules["torch"]
    tensor = value if isinstance(value, torch.Tensor) else torch.as_tensor(value, device=getattr(like, "device", None))
    if not isinstance(value, torch.Tensor) and like is not None and tensor.dtype == torch.float64:
        tensor = tensor.to(like.dtype)
    return tensor if tensor.is_floating_point() else tensor.to(torch.get_default_dtype())


def is_floating(x: Array) -> bool:
    """Whether the dtype of `x` is a floating one (bfloat16 included)."""
    kind = getattr(x.dtype, "kind", None)
    if kind is None:  # PyTorch
        return bool(x.dtype.is_floating_point)
    return bool(kind == "f" or x.dtype.name == "bfloat16")


def is_half(x: Array) -> bool:
    """Whether `x` is float16 or bfloat16, which compute in float32."""
    return x.dtype.itemsize == 2 and is_floating(x)


def is_double(x: Array) -> bool:
    """Whether `x` is float64."""
    return x.dtype.itemsize == 8 and is_floating(x)


def cast(x: Array, dtype: Any) -> Array:
    """`x` in another dtype of its own world."""
    if x.dtype == dtype:
        return x
    return x.to(dtype) if world_of(x) == "torch" else x.astype(dtype)


def doubled(x: Array) -> Array | None:
    """A float32 array as float64 where that is cheap (in NumPy, and in eager PyTorch on the CPU), else None."""
    return cast(x, namespace(x).float64) if not is_double(x) and is_plain(x) else None


def widened(x: Array) -> Array:
    """`x` in the dtype it computes in: float32 for the half types, else its own."""
    return cast(x, namespace(x).float32) if is_half(x) else x
