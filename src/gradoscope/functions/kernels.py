"""Kernels that several functions share: the parts of softmax without cancellation."""

import math
from typing import NamedTuple

import numpy as np

from gradoscope.arrays import (
    BACK,
    Array,
    at_least,
    at_most,
    cast,
    constant,
    exp,
    is_array,
    is_double,
    is_floating,
    isfinite,
    largest,
    lifted_exp,
    log,
    log1p,
    magnitude,
    namespace,
    product,
    scattered_ones,
    sqrt,
    total,
    where,
)


class Peak(NamedTuple):
    """A row of logits seen from its largest: softmax = shares / (1 + rest), log softmax = below - log1p(rest)."""

    below: Array  # x - max, at most 0
    shares: Array  # exp(x - max), its rounding error corrected
    rest: Array  # sum of shares without one of the largest, so that it is never lost beside 1


def peak(x: Array, axis: int) -> Peak:
    """The parts of softmax. All rows of -inf give NaN; a single +inf takes all."""
    top = largest(x, axis)
    is_top = x == top
    below = where(is_top & (top > -math.inf), 0.0, x - top)
    shares = exp(below) * (1 + where(isfinite(below), _lost(x, top), 0.0))
    ties = total(cast(is_top, x.dtype), axis) - 1
    return Peak(below, shares, total(where(is_top, 0.0, shares), axis) + ties)


def _lost(x: Array, top: Array) -> Array:
    """(x - top) minus its rounded value, exactly (Knuth's TwoDiff)."""
    rounded = x - top
    virtual = rounded - x
    return (x - (rounded - virtual)) - (top + virtual)


def softmax(x: Array, axis: int) -> Array:
    """exp(x) divided by its sum along `axis`."""
    parts = peak(x, axis)
    return parts.shares / (1 + parts.rest)


def log_softmax(x: Array, axis: int) -> Array:
    """The logarithm of softmax, exact for the largest entry too."""
    parts = peak(x, axis)
    return parts.below - log1p(parts.rest)


def sigmoid(x: Array, lost: Array = 0.0) -> Array:
    """1 / (1 + exp(-(x + lost))), with the small side exact; `lost` is tiny."""
    decay = exp(-magnitude(x)) * (1 - where(x < 0, -lost, lost)) if is_array(lost) else exp(-magnitude(x))
    return where(x >= 0, 1.0, decay) / (1 + decay)


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) sigmoid(-x)."""
    decay = exp(-magnitude(x))
    return decay / (1 + decay * (2 + decay))


def sech_squared(x: Array) -> Array:
    """1 / cosh(x)^2."""
    lifted = lifted_exp(-2 * magnitude(x))
    decay = lifted * BACK
    return lifted * (4 * BACK) / (1 + decay * (2 + decay))


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return at_least(x, 0.0) + log1p(exp(-magnitude(x)))


class Gate(NamedTuple):
    """A sigmoid gate: sigmoid(y) = 1 / (1 + small) for y >= 0 and lifted * 2^-24 / (1 + small) for y < 0."""

    small: Array  # exp(-|y|)
    lifted: Array  # 2^24 exp(-|y|)


def gate(y: Array, lost: Array = 0.0) -> Gate:
    """The gate at y + lost, `lost` being tiny."""
    lifted = lifted_exp(-magnitude(y), where(y < 0, lost, -lost))
    return Gate(lifted * BACK, lifted)


def times_gate(x: Array, y: Array, lost: Array = 0.0) -> Array:
    """X sigmoid(y + lost), where y has the sign of x; 0 at -infinity."""
    small, lifted = gate(y, lost)
    return where(y < 0, (at_least(x, -1e4) * (lifted / (1 + small))) * BACK, x / (1 + small))


def times_gate_slope(z: Array, y: Array, lost: Array = 0.0) -> Array:
    """sigmoid(y + lost) (1 + z sigmoid(-y)): the derivative of x sigmoid(y) for z = x y'."""
    small, lifted = gate(y, lost)
    near = at_most(at_least(z, -1e8), 1e8)
    square = 1 + small * (2 + small)
    shut = lifted * ((1 + small) + near) / square
    return where(y < 0, shut * BACK, (1 + small * (1 + near)) / square)


def scaled(x: Array, factor: Array) -> tuple[Array, Array]:
    """Factor * x with its rounding error, for x that is not near overflow."""
    if not is_array(factor) and math.frexp(factor)[0] == 0.5:
        return x * factor, 0.0
    number = factor if is_array(factor) else constant(x, factor)
    rounded, error = product(x, number)
    return rounded, error if is_array(factor) else error + x * _remainder(x, factor)


def _remainder(x: Array, factor: float) -> float:
    """What the dtype of x cannot hold of a number."""
    return 0.0 if is_double(x) else factor - float(np.float32(factor))


def xlogy(x: Array, y: Array) -> Array:
    """X log y, which is 0 where x is 0."""
    return where(x == 0, 0.0, x * log(where(x == 0, 1.0, y)))


def clipped(x: Array, low: float, high: float) -> Array:
    """X moved into [low, high]; NaN propagates."""
    return at_most(at_least(x, low), high)


def inside(x: Array, low: float, high: float) -> Array:
    """Whether low <= x <= high."""
    return (x >= low) & (x <= high)


def taken(rows: Array, labels: Array) -> Array:
    """The entry of each row that its label names; NaN for an impossible label."""
    xp = namespace(rows)
    classes = rows.shape[-1]
    possible = (labels >= 0) & (labels < classes)
    index = xp.where(possible, labels, 0)[..., None]
    return where(possible, xp.take_along_axis(rows, index, axis=-1)[..., 0], math.nan)


def root_parts(x: Array, scale: float) -> tuple[Array, Array]:
    """1 / sqrt(1 + y^2) for |y| <= 1, and 1 / sqrt(1 + 1 / y^2) for |y| > 1, where y = scale * x."""
    size = magnitude(x) * scale
    inner, inverse = at_most(size, 1.0), 1 / at_least(size, 1.0)
    return 1 / sqrt(1 + inner * inner), 1 / sqrt(1 + inverse * inverse)


def hypotenuse(x: Array, height: float) -> Array:
    """sqrt(x^2 + height^2) without overflow or underflow; infinite for infinite x."""
    size = magnitude(x)
    longer, shorter = at_least(size, height), at_most(size, height)
    share = shorter / longer
    return longer * sqrt(1 + share * share)


def log1p_share(x: Array) -> Array:
    """log(1 + x) / x for x >= 0, 1 at 0."""
    return where(x > 0, log1p(x) / where(x > 0, x, 1.0), 1.0)


def sparse_threshold(below: Array, axis: int) -> Array:
    """The number t for which max(x - t, 0) sums to 1: the largest (sum of the k largest - 1) / k."""
    xp = namespace(below)
    ordered = xp.flip(xp.sort(below, axis=axis), axis=axis)
    counts = xp.cumsum(xp.ones_like(below), axis=axis)
    return largest((xp.cumsum(ordered, axis=axis) - 1) / counts, axis)


def entmax_threshold(below: Array, axis: int, alpha: float) -> Array:
    """The number t for which max(x - t, 0)^(1 / (alpha - 1)) sums to 1, by bisection; the largest x is 0."""
    power = 1 / (alpha - 1)
    low = total(below * 0, axis) - 1
    width = 1.0
    for _ in range(55 if is_double(below) else 26):
        width = width / 2
        mass = total(at_least(below - (low + width), 0.0) ** power, axis)
        low = where(mass >= 1, low + width, low)
    return low


def log_softmax_gradient(u: Array, parts: Peak, axis: int) -> Array:
    """The gradient in the logits for a gradient u in their log softmax; where a share is near 1, from the others."""
    shares = parts.shares / (1 + parts.rest)
    top = shares > 0.5
    chosen = cast(top, u.dtype)
    others = total(u * (1 - chosen), axis)
    whole = others + total(u * chosen, axis)
    return where(top, whole * (parts.rest / (1 + parts.rest)) - others, u - shares * whole)


def unlikely(parts: Peak) -> Array:
    """1 - softmax; for the largest share, from what is left to the others."""
    return where(parts.below == 0, parts.rest / (1 + parts.rest), 1 - parts.shares / (1 + parts.rest))


def softmax_gradient(u: Array, shares: Array, axis: int) -> Array:
    """The gradient in the logits for a gradient u in their softmax; a share near 1 gets minus what the others get."""
    relative = u - total(u * cast(shares > 0.5, u.dtype), axis)
    return shares * (relative - total(shares * relative, axis))


def unit(x: Array, axis: int = -1) -> tuple[Array, Array]:
    """Vectors of length 1 (0 stays 0), and their lengths, without overflow or underflow."""
    top = largest(magnitude(x), axis)
    scale = where(top > 0, top, 1.0)
    part = x / scale
    length = sqrt(total(part * part, axis))
    return part / where(length > 0, length, 1.0), scale * length


def mix(target: Array, yes: Array, no: Array) -> Array:
    """Target * yes + (1 - target) * no, where 0 times infinity is 0."""
    return where(target == 0, 0.0, target * yes) + where(target == 1, 0.0, (1 - target) * no)


def distribution(target: Array, prediction: Array) -> Array:
    """Targets as rows of probabilities: integer labels become one-hot rows."""
    return target if is_floating(target) else scattered_ones(target, prediction.shape[-1], prediction)


def shares_minus(parts: Peak, target: Array) -> Array:
    """Softmax - target; where the share is near 1, from what is left to the others."""
    left = parts.rest / (1 + parts.rest)
    return where(parts.below == 0, (1 - target) - left, parts.shares / (1 + parts.rest) - target)
