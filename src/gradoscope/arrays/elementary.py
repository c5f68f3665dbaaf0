"""The elementary functions that formulas are written with, for the arrays of all three worlds."""

import math
import sys
from collections.abc import Callable, Sequence

import numpy as np

from gradoscope.arrays import steady
from gradoscope.arrays.worlds import Array, cast, is_double, is_plain, namespace, world_of


def exp(x: Array) -> Array:
    """e^x."""
    return namespace(x).exp(x)


def log(x: Array) -> Array:
    """The natural logarithm."""
    return namespace(x).log(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    match world_of(x):
        case "torch":
            return x.sigmoid()
        case "jax":
            return sys.modules["jax"].nn.sigmoid(x)
    return 1 / (1 + np.exp(-x))


def sqrt(x: Array) -> Array:
    """The square root."""
    return namespace(x).sqrt(x)


def sin(x: Array) -> Array:
    """The sine."""
    return namespace(x).sin(x)


def cos(x: Array) -> Array:
    """The cosine."""
    return namespace(x).cos(x)


def atan(x: Array) -> Array:
    """The arc tangent."""
    return namespace(x).atan(x)


def isnan(x: Array) -> Array:
    """Whether x is NaN."""
    return namespace(x).isnan(x)


def isfinite(x: Array) -> Array:
    """Whether x is neither infinite nor NaN."""
    return namespace(x).isfinite(x)


def floor(x: Array) -> Array:
    """The largest integer that is not larger."""
    return namespace(x).floor(x)


def rounded(x: Array) -> Array:
    """The nearest integer; the even one for halves."""
    return namespace(x).round(x)


def magnitude(x: Array) -> Array:
    """|x|, whose derivative at 0 is 1 in every world (the branch `x >= 0`, so that second derivatives agree)."""
    match world_of(x):
        case "numpy":
            return np.abs(x)
        case "torch" if not (x.requires_grad and sys.modules["torch"].is_grad_enabled()):
            return x.abs()
    return where(x < 0, -x, x)


def where(condition: Array, yes: Array, no: Array) -> Array:
    """`yes` where the condition holds, else `no`; at least one of them is an array."""
    match world_of(condition):
        case "torch":
            return sys.modules["torch"].where(condition, yes, no)
        case "jax":
            return namespace(condition).where(condition, yes, no)
    return steady.where(condition, yes, no)


def keeping_nan(x: Array, value: Array) -> Array:
    """`value`, but NaN where `x` is NaN."""
    if is_plain(x) and not _has_nan(x):
        return value
    return where(isnan(x), x, value)


def at_least(x: Array, low: float) -> Array:
    """max(x, low); NaN propagates."""
    match world_of(x):
        case "torch":
            return x.clamp(min=low)
        case "jax":
            return where(x < low, low, x)
    return x.clip(low, math.inf)  # several times as fast as np.maximum with a number


def at_most(x: Array, high: float) -> Array:
    """min(x, high); NaN propagates."""
    match world_of(x):
        case "torch":
            return x.clamp(max=high)
        case "jax":
            return where(x > high, high, x)
    return x.clip(-math.inf, high)


def within(x: Array, low: float, high: float, usual: Callable[[Array], Array], rare: Callable[[Array], Array]) -> Array:
    """`usual(x)` where low <= x <= high, and `rare(x)` elsewhere (for NaN too).

    Where numbers can be looked at, `rare` is computed only if some number needs it. `usual` never sees a number beyond
    the bounds, so that it may overflow there.
    """
    if lies_within(x, low, high):
        return usual(x)
    return where((x >= low) & (x <= high), usual(at_most(at_least(x, low), high)), rare(x))


def lies_within(x: Array, low: float, high: float) -> bool:
    """Whether low <= x <= high for all numbers, where they can be looked at."""
    if not is_plain(x) or not math.prod(x.shape):
        return False
    if world_of(x) == "torch":
        still = x.detach()
        if high == math.inf:
            return bool(still.amin().item() >= low)
        smallest, biggest = still.aminmax()
        return bool(low <= smallest.item() and biggest.item() <= high)
    return bool((low == -math.inf or x.min() >= low) and (high == math.inf or x.max() <= high))


def _has_nan(x: Array) -> bool:
    """Whether a number is NaN: then the largest is."""
    return math.prod(x.shape) > 0 and math.isnan(x.amax().item() if world_of(x) == "torch" else x.max())


def constant(x: Array, value: float) -> Array:
    """`value` in the shape and dtype of `x`."""
    return namespace(x).full_like(x, value)


def sign(x: Array) -> Array:
    """-1, 0 or 1; NaN propagates."""
    if world_of(x) == "torch":  # that of array_api_compat picks numbers, which torch.func.vmap cannot
        return where(x == x, x.sign(), x)
    return namespace(x).sign(x)


def moved(x: Array, source: int, target: int) -> Array:
    """An axis moved to another place."""
    return x.movedim(source, target) if world_of(x) == "torch" else namespace(x).moveaxis(x, source, target)


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


def replaced(rows: Array, labels: Array, values: Array) -> Array:
    """`rows` with the entry that each label names replaced by its value; NaN rows for impossible labels."""
    classes = rows.shape[-1]
    world = world_of(rows)
    if world == "jax":
        xp = namespace(rows)
        here = labels[..., None] == xp.arange(classes).reshape((1,) * labels.ndim + (classes,))
        possible = (labels >= 0) & (labels < classes)
        return where(possible[..., None], where(here, values[..., None], rows), math.nan)
    if world == "torch":
        torch = sys.modules["torch"]
        index = labels.clamp(0, classes - 1)[..., None]
        return torch.scatter(rows, -1, index, values[..., None])
    changed = rows.copy()
    np.put_along_axis(changed, np.clip(labels, 0, classes - 1)[..., None], values[..., None], axis=-1)
    return changed


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


def finite(x: Array) -> Array:
    """X with infinities replaced by the largest finite numbers."""
    largest_number = float(namespace(x).finfo(x.dtype).max)
    return at_most(at_least(x, -largest_number), largest_number)


def stacked(*parts: Array) -> Array:
    """Arrays of one shape, side by side in a new last axis."""
    return namespace(*parts).stack(parts, -1)


def scan(step: Callable[[Array, Array], Array], start: Array, rows: Array) -> Array:
    """The states start, step(start, rows[0]), ... in a new first axis."""
    if world_of(start) == "jax":
        import jax

        def both(state: Array, row: Array) -> tuple[Array, Array]:
            following = step(state, row)
            return following, following

        return namespace(start).concatenate([start[None], jax.lax.scan(both, start, rows)[1]])
    states = [start]
    for row in rows:
        states.append(step(states[-1], row))
    return namespace(start).stack(states)


def leading_digits(x: Array) -> Array:
    """The leading half of the binary digits of x (float32 or float64); the rest cut off, and not differentiated."""
    return _masked(x, -(1 << 27) if is_double(x) else -(1 << 12))


def leading_power(x: Array) -> Array:
    """The largest power of 2 that is not larger than x > 0 (float32 or float64); not differentiated."""
    return _masked(x, -(1 << 52) if is_double(x) else -(1 << 23))


def _masked(x: Array, mask: int) -> Array:
    """The bits of x that are set in `mask`."""
    world, kind = world_of(x), "int64" if is_double(x) else "int32"
    if world == "jax":
        import jax

        bits = jax.lax.bitcast_convert_type(x, getattr(namespace(x), kind))
        return jax.lax.bitcast_convert_type(bits & mask, x.dtype)
    plain_numbers = x.detach() if world == "torch" else x
    return (plain_numbers.view(getattr(namespace(x), kind)) & mask).view(x.dtype)


def power_of_two(exponent: Array) -> Array:
    """2^exponent for whole numbers (float32 or float64) in the range of ordinary numbers; not differentiated."""
    world, xp, double = world_of(exponent), namespace(exponent), is_double(exponent)
    kind, bias, place = ("int64", 1023, 52) if double else ("int32", 127, 23)
    still = exponent.detach() if world == "torch" else exponent
    bits = (cast(still, getattr(xp, kind)) + bias) << place
    if world == "jax":
        import jax

        return jax.lax.bitcast_convert_type(bits, exponent.dtype)
    return bits.view(exponent.dtype)
