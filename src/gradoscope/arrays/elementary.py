"""The elementary functions that formulas are written with, for the arrays of all three worlds."""

from collections.abc import Callable, Sequence

from gradoscope.arrays.worlds import Array, cast, is_double, namespace, world_of


def exp(x: Array) -> Array:
    """e^x."""
    return namespace(x).exp(x)


def log(x: Array) -> Array:
    """The natural logarithm."""
    return namespace(x).log(x)


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
    world = world_of(x)
    kind, mask = ("int64", -(1 << 27)) if is_double(x) else ("int32", -(1 << 12))
    if world == "jax":
        import jax

        bits = jax.lax.bitcast_convert_type(x, getattr(namespace(x), kind))
        return jax.lax.bitcast_convert_type(bits & mask, x.dtype)
    plain_numbers = x.detach() if world == "torch" else x
    return (plain_numbers.view(getattr(namespace(x), kind)) & mask).view(x.dtype)
