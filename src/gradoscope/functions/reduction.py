"""From one value per example to one number: mean or sum, with one stated denominator."""

import math
from collections.abc import Callable, Sequence

from gradoscope.arrays import Array, as_array, cast, namespace, where, widened, world_of
from gradoscope.errors import UsageError
from gradoscope.functions.rules import Linear, Rule, apply
from gradoscope.language import say

Mean = Callable[[str, Array, Array | None], Array]


def reduce(owner: str, values: Array, reduction: str, weights: Sequence[Array], mean: Mean) -> Array:
    """`values` as they are ("none"), their weighted "sum", or their `mean`, in the dtype of `values`.

    The weight of a value is the product of its `weights`; where that is 0, the value does not matter, not even NaN.

    Raises
    ------
    UsageError
        If the reduction is unknown or the weights do not have the shape of the values.
    """
    if reduction not in ("none", "mean", "sum"):
        raise UsageError(say("reduction must be none, mean or sum, not {reduction}", reduction=reduction))
    scale = math.prod(_weights(owner, values, part) for part in weights) if weights else None
    wide = widened(values)
    if scale is not None:
        wide = where(scale == 0, 0.0, wide)
    if reduction == "none":
        return values if scale is None else cast(wide * scale, values.dtype)
    if reduction == "mean":
        return cast(mean(owner, wide, scale), values.dtype)
    if mean is not arithmetic_mean:
        raise UsageError(say("{function} is a mean by definition; use reduction=mean", function=owner))
    return cast((wide if scale is None else wide * scale).sum(), values.dtype)


def left_out(prediction: Array, weights: Sequence[Array], axes: int) -> Array:
    """`prediction` with 0 for what has weight 0, so that not even NaN reaches a gradient from there.

    A value belongs to the last `axes` axes of the prediction.
    """
    shape = tuple(prediction.shape[: prediction.ndim - axes])
    for part in weights:
        scale = as_array(part, world_of(prediction), like=prediction)
        if tuple(scale.shape) == shape:  # others are refused when the values are known
            prediction = where((scale != 0)[(..., *(None,) * axes)], prediction, 0.0)
    return prediction


def _weights(owner: str, values: Array, weights: Array) -> Array:
    scale = widened(as_array(weights, world_of(values), like=values))
    if tuple(scale.shape) != tuple(values.shape):
        raise UsageError(
            say("the weights of {function} have the shape {weights}, its values {values}; give one weight per value",
                function=owner, weights=tuple(scale.shape), values=tuple(values.shape))
        )  # fmt: skip
    return cast(scale, widened(values).dtype)


def arithmetic_mean(owner: str, values: Array, weights: Array | None) -> Array:
    """sum(weights * values) / sum(weights); 0 where the weights sum to 0."""
    if weights is None:
        return values.mean()
    whole = weights.sum()
    return (values * weights).sum() / where(whole == 0, 1, whole)


def quadratic_mean(owner: str, values: Array, weights: Array | None) -> Array:
    """sqrt(sum(weights * values^2) / sum(weights)), scaled so that nothing overflows; its gradient at 0 is 0."""
    shares = namespace(values).ones_like(values) if weights is None else weights
    return apply(Rule(owner, _root, (_ROOT_DERIVATIVE, None), ("values", "weights")), (values, shares))


def _root(values: Array, weights: Array) -> Array:
    top = namespace(values).max(abs(values))
    scale = where(top == 0, 1, top)
    whole = weights.sum()
    return scale * namespace(values).sqrt(((values / scale) ** 2 * weights).sum() / where(whole == 0, 1, whole))


def _slope(values: Array, weights: Array) -> Array:
    root = _root(values, weights)
    whole = weights.sum()
    return values / where(root == 0, 1, root) * (weights / where(whole == 0, 1, whole))


_ROOT_DERIVATIVE = Linear(
    lambda tangent, values, weights: (_slope(values, weights) * tangent).sum(),
    lambda cotangent, values, weights: _slope(values, weights) * cotangent,
)
