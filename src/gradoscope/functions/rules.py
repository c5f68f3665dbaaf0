"""How a function is differentiated: one rule, carried out in each array world.

A rule holds the value and, for each array argument, its partial derivative. Our derivative is what JAX and PyTorch
differentiate with; second derivatives come from differentiating the written first one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from gradoscope.arrays import Array, World, as_array, cast, is_array, reshaped, summed_to, widened, world_of

Formula = Callable[..., Array]


class Partial(Protocol):
    """The derivative of a value with respect to one argument, as two linear maps."""

    def forward(self, tangent: Array, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """The change of the value for a change `tangent` of the argument."""

    def backward(self, cotangent: Array, place: int, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """The gradient in the argument at `place` for a gradient `cotangent` in the value."""


@dataclass(frozen=True)
class Pointwise:
    """Each value depends on one number of the argument (or on a broadcast one): the derivative multiplies."""

    derivative: Formula

    def forward(self, tangent: Array, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """Derivative * tangent."""
        return self.derivative(*arguments, **options) * tangent

    def backward(self, cotangent: Array, place: int, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """Derivative * cotangent, summed where the argument was broadcast."""
        product = self.derivative(*arguments, **options) * cotangent
        return summed_to(product, arguments[place].shape)


@dataclass(frozen=True)
class Rowwise:
    """Each value depends on a row (the last axis, or the last `axes`): the derivative has the shape of the argument."""

    derivative: Formula
    axes: int = 1

    def forward(self, tangent: Array, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """The sum over the row of derivative * tangent."""
        return (self.derivative(*arguments, **options) * tangent).sum(tuple(range(-self.axes, 0)))

    def backward(self, cotangent: Array, place: int, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """Derivative * cotangent, the same for the whole row."""
        return self.derivative(*arguments, **options) * cotangent[(..., *(None,) * self.axes)]


@dataclass(frozen=True)
class Linear:
    """The two maps written out: `tangent(v, x, ...)` and its transpose `cotangent(u, x, ...)`."""

    tangent: Formula
    cotangent: Formula

    def forward(self, tangent: Array, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """The tangent map."""
        return self.tangent(tangent, *arguments, **options)

    def backward(self, cotangent: Array, place: int, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
        """Its transpose."""
        return self.cotangent(cotangent, *arguments, **options)


@dataclass(frozen=True, eq=False)
class Rule:
    """A value and its partial derivatives; `None` marks an argument that is not differentiated.

    `name` appears in messages; `labels` names each argument there. `rows`: each row (the last axis) gives its values
    by itself. `light`: so few passes that NumPy takes many numbers at once. `native`, of (torch.nn.functional,
    arguments), is PyTorch's own function, where that is as exact.

    Eager PyTorch has kernels: `both`, of (arguments, slope), for float32 at least, gives the value and fills `slope`
    with the derivative in the first argument. Where there is `pull`, of (cotangent, slope, gradient), that fills the
    gradient, and `slope` is whatever it needs, also the value itself.
    """

    name: str
    value: Formula
    partials: tuple[Partial | None, ...]
    labels: tuple[str, ...]
    rows: bool = False
    light: bool = False
    native: Formula | None = None
    both: Formula | None = None
    pull: Formula | None = None

    @property
    def pointwise(self) -> bool:
        """Whether each value depends on one number of each argument."""
        return all(part is None or isinstance(part, Pointwise) for part in self.partials)


NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


def apply(rule: Rule, arguments: tuple[object, ...], options: Mapping[str, Any] = NO_OPTIONS) -> Array:
    """The value of `rule` at `arguments` (arrays, numbers, lists) in their own world and dtype.

    `options` are settings that are no arrays. Half types compute in float32; the dtype of the first argument
    is the dtype of the result.
    """
    return run(rule, prepared(arguments), options)


def run(rule: Rule, arrays: tuple[Array, ...], options: Mapping[str, Any] = NO_OPTIONS) -> Array:
    """The value of `rule` at arrays of one world, the first of them floating."""
    world = world_of(arrays[0])
    if world == "numpy":
        return in_numpy(rule, rule.value, arrays, options)
    wide = tuple(widened(array) for array in arrays)
    if world == "jax":
        from gradoscope.functions.jax_world import apply_rule as apply_in_jax

        return cast(apply_in_jax(rule, wide, options), arrays[0].dtype)
    from gradoscope.functions.torch_world import apply_rule as apply_in_torch

    return cast(apply_in_torch(rule, wide, options), arrays[0].dtype)


def evaluate(rule: Rule, formula: Formula, arrays: tuple[Array, ...], options: Mapping[str, Any] = NO_OPTIONS) -> Array:
    """A plain formula of the rule (a derivative, say) at arrays of one world, in the dtype of the first."""
    if world_of(arrays[0]) == "numpy":
        return in_numpy(rule, formula, arrays, options)
    return cast(formula(*(widened(array) for array in arrays), **options), arrays[0].dtype)


BLOCK = 15_000  # numbers; what one operation leaves lies in the cache for the next, and its memory is used again
LARGE = 1 << 18  # the same for few operations, beside which the work per block counts


def in_numpy(rule: Rule, formula: Formula, arrays: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
    """A formula of the rule in NumPy: overflow to infinity and the like are answers, not warnings."""
    first = arrays[0]
    block = LARGE if rule.light else BLOCK
    in_cache = formula if rule.pointwise and first.size <= block else blocks(rule, formula, np.empty, block)
    with np.errstate(all="ignore"):
        return np.asarray(in_cache(*map(widened, arrays), **options), dtype=first.dtype)[()]


def in_blocks(formula: Formula, empty: Callable[..., Array], block: int) -> Formula:
    """A formula that works elementwise, carried out block by block on large arrays of one shape (or single numbers)."""

    def run_blocks(*arrays: Array, **options: Any) -> Array:
        first = arrays[0]
        size = math.prod(first.shape)
        if size <= block or any(array.shape != first.shape and array.ndim for array in arrays):
            return formula(*arrays, **options)
        flat = [array.reshape(-1) if array.ndim else array for array in arrays]
        result = empty(first.shape, dtype=first.dtype)
        values = result.reshape(-1)  # PyTorch refuses to change what is itself a view in place
        for start in range(0, size, block):
            here = slice(start, start + block)
            values[here] = formula(*(array[here] if array.ndim else array for array in flat), **options)
        return result

    return run_blocks


def in_rows(formula: Formula, empty: Callable[..., Array], block: int) -> Formula:
    """A formula that works on each row (the last axis) by itself, carried out on a few rows at a time."""

    def run_rows(*arrays: Array, **options: Any) -> Array:
        first = max(arrays, key=lambda array: int(array.ndim))
        count = len(first) if first.ndim > 1 else 1
        step = max(1, block * count // max(math.prod(first.shape), 1))
        whole = count <= step or any(not array.ndim or len(array) != count for array in arrays)
        if whole or options.get("axis", -1) != -1 or any(is_array(value) for value in options.values()):
            return formula(*arrays, **options)
        result: Array = None
        for start in range(0, count, step):
            part = formula(*(array[start : start + step] for array in arrays), **options)
            if result is None:
                result = empty((count, *part.shape[1:]), dtype=part.dtype)
            result[start : start + step] = part
        return result

    return run_rows


def blocks(rule: Rule, formula: Formula, empty: Callable[..., Array], block: int) -> Formula:
    """A formula of the rule, in blocks that lie in the cache, where the rule allows that."""
    if rule.pointwise:
        return in_blocks(formula, empty, block)
    return in_rows(formula, empty, block) if rule.rows else formula


def prepared(arguments: tuple[object, ...]) -> tuple[Array, ...]:
    """Each argument as a floating array of the one world of them all, with matching ranks and dtypes."""
    world = world_of(*arguments)
    first = as_array(arguments[0], world)
    return (first, *(reshaped(_joined(value, first, world), first.ndim) for value in arguments[1:]))


def _joined(value: object, first: Array, world: World) -> Array:
    array = as_array(value, world, like=first)
    weaker = not array.ndim and world_of(value) == "numpy" and array.dtype != first.dtype
    return cast(array, first.dtype) if weaker else array
