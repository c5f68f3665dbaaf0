"""Kernels that several functions share: the parts of softmax without cancellation."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradoscope.arrays import (
    BACK,
    Array,
    at_least,
    at_most,
    cast,
    constant,
    doubled,
    eager,
    exp,
    floor,
    in_place,
    is_array,
    is_double,
    is_floating,
    is_plain,
    isfinite,
    largest,
    lies_within,
    lifted_exp,
    log,
    log1p,
    magnitude,
    moved,
    namespace,
    plus,
    product,
    replaced,
    rounded,
    scattered_ones,
    single,
    sqrt,
    total,
    where,
    within,
    world_of,
)
from gradoscope.arrays import sigmoid as elementary_sigmoid
from gradoscope.arrays.pairs import summed

TAIL = 80.0  # beyond it sigmoid(-x) = exp(-x) in every dtype, and exp(16 - x) stays normal where exp(-x) does not
SHIFT, UNSHIFT = 16.0, math.exp(-16)  # x - 16 is exact for x > 32
TIED = (1e-9, 1e-17)  # what no share of a softmax can show, in float32 and in float64


class Peak(NamedTuple):
    """A row of logits seen from its largest: softmax = shares / (1 + rest), log softmax = below - log1p(rest)."""

    below: Array  # x - max, at most 0
    shares: Array  # exp(x - max), its rounding error corrected
    rest: Array  # sum of shares without one of the largest, so that it is never lost beside 1
    top: Array  # max


def peak(x: Array, axis: int, lost: Array = 0.0) -> Peak:
    """The parts of softmax of x + lost, `lost` being tiny. All rows of -inf give NaN; a single +inf takes all."""
    top = largest(x, axis)
    if is_array(lost):
        return _peak_of_two(x, lost, top, axis)
    if is_plain(x) and math.prod(x.shape):
        if moderate(x, top):
            return _moderate_peak(x, top, axis)
        wide = doubled(x)
        if wide is not None and bool(isfinite(top).all()):
            return _peak_in_double(wide, cast(top, wide.dtype), x.dtype, axis)
    return _peak_below(where((x == top) & (top > -math.inf), 0.0, x - top), _lost(x, top), top, axis)


def _peak_below(below: Array, lost: Array, top: Array, axis: int, add: Callable[[Array, int], Array] = total) -> Peak:
    """The parts of numbers that lie below + lost from the top."""
    power = exp(below)
    # Its last step is a `where`, so that XLA stores it: sums would take in arithmetic and do it once each.
    shares = where(isfinite(lost), power + power * lost, power)
    others = add(shares - floor(shares), axis)  # floor is 1 for the largest
    ones = rounded(add(shares, axis) - others)
    return Peak(below, shares, others + (ones - 1), top)


def _peak_of_two(x: Array, lost: Array, top: Array, axis: int) -> Peak:
    """The parts of x + lost; of equal numbers, the one that lost most is the largest."""
    most = largest(where(x == top, lost, -math.inf), axis)
    wide = doubled(x)
    if wide is not None and bool(isfinite(top).all()):
        above = cast(top, wide.dtype) + cast(most, wide.dtype)
        return _peak_in_double(wide + cast(lost, wide.dtype), above, x.dtype, axis)
    below, error = plus(x, -top)
    error = where(isfinite(below), error + (lost - most), 0.0)
    behind = where(most - lost < TIED[is_double(x)], 0.0, lost - most)
    near = where((x == top) & (top > -math.inf), behind, below + error)
    return _peak_below(near, where(isfinite(below), (below - near) + error, 0.0), top, axis, _by_halves)


def _by_halves(x: Array, axis: int) -> Array:
    """The sum along an axis, halves by halves: XLA adds up one by one."""
    return moved(summed(moved(x, axis, -1)), -1, axis)


def _moderate_peak(x: Array, top: Array, axis: int) -> Peak:
    """The parts of numbers whose exponentials are ordinary numbers: nothing is lost where nothing is subtracted."""
    below = x - top
    powers, largest_power = exp(x), exp(top)
    whole = powers.sum(axis, keepdim=True, dtype=namespace(x).float64)
    rest = rest_of(x, top, powers, whole, largest_power, axis)
    return Peak(below, powers / largest_power, cast(rest / largest_power, x.dtype), top)


def moderate(x: Array, top: Array) -> bool:
    """Whether float32 numbers of PyTorch (`top` the largest) have exponentials that are ordinary numbers."""
    single = world_of(x) == "torch" and not is_double(x)
    return single and bool(x.amin() > -TAIL) and bool(top.amax() < TAIL)


def rest_of(x: Array, top: Array, powers: Array, whole: Array, most: Array, axis: int = -1) -> Array:
    """The sum `whole` of the powers without the largest, `most`; where that would be lost, added up by itself."""
    rest = whole - most
    if bool((rest < 1e-6 * whole).any()):
        rest = where(rest < 1e-6 * whole, total(where(x == top, 0.0, powers), axis), rest)
    return rest


def _peak_in_double(x: Array, top: Array, dtype: Any, axis: int) -> Peak:
    """The parts for `dtype`, computed in float64: nothing is lost in x - top."""
    below = x - top
    shares = exp(below)
    rest = total(shares, axis) - 1
    if bool((rest < 1e-6).any()):  # what would be lost beside 1 is added up by itself
        rest = where(rest < 1e-6, total(where(below == 0, 0.0, shares), axis), rest)
    return Peak(cast(below, dtype), cast(shares, dtype), cast(rest, dtype), cast(top, dtype))


def _lost(x: Array, top: Array) -> Array:
    """(x - top) minus its rounded value, exactly (Knuth's TwoDiff)."""
    rounded = x - top
    virtual = rounded - x
    return (x - (rounded - virtual)) - (top + virtual)


def softmax(x: Array, axis: int) -> Array:
    """exp(x) divided by its sum along `axis`."""
    if eager.is_ours(x):
        shares = eager.softmax(x) if axis == -1 and math.prod(x.shape) else None
        if shares is not None:
            return shares
        if lies_within(x, -math.inf, 3e38):  # masked logits, say
            return cast(cast(x, namespace(x).float64).softmax(axis), x.dtype)
    if in_place.takes_rows(x, axis):
        shares = in_place.softmax(x)
        if shares is not None:
            return shares
    wide = doubled(x)
    if wide is not None and lies_within(wide, -700, 700):  # no exponential is infinite, and nothing needs a shift
        powers = exp(wide)
        return cast(powers / total(powers, axis), x.dtype)
    parts = peak(x, axis)
    if single.is_single(x):  # one sum less: beside 1, the rest may be lost
        return parts.shares / total(parts.shares, axis)
    return parts.shares / (1 + parts.rest)


def log_softmax(x: Array, axis: int) -> Array:
    """The logarithm of softmax, exact for the largest entry too."""
    parts = peak(x, axis)
    lost = log1p(parts.rest)
    if world_of(x) == "jax":  # compiled into one pass over x, without storing `below`
        return where(x == parts.top, -lost, (x - parts.top) - lost)
    return parts.below - lost


def log_softmax_with_shares(x: Array, shares: Array) -> Array:
    """The logarithm of softmax of rows in eager PyTorch, and softmax itself in `shares`."""
    value = None if is_double(x) else eager.log_softmax(x, shares)
    if value is not None:
        return value
    parts = peak(x, -1)
    namespace(x).div(parts.shares, 1 + parts.rest, out=shares)
    return parts.below - log1p(parts.rest)


def sigmoid(x: Array, lost: Array = 0.0) -> Array:
    """1 / (1 + exp(-(x + lost))); `lost` is tiny."""
    return 1 / (1 + exp(-x) * (1 - lost)) if is_array(lost) else elementary_sigmoid(x)


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) sigmoid(-x): the smaller of them times the rest to 1."""
    smaller = sigmoid(-magnitude(x))
    return smaller * (1 - smaller)


def sech_squared(x: Array, lost: Array = 0.0) -> Array:
    """1 / cosh(x + lost)^2; `lost` is tiny."""
    curve = _sech_squared(x)
    return curve * (1 - 2 * lost * clipped(x, -1.0, 1.0)) if is_array(lost) else curve


def _sech_squared(x: Array) -> Array:
    if in_place.is_ours(x):
        return in_place.sech_squared(x)
    if single.is_single(x):
        return single.sech_squared(x)
    return within(
        2 * x,
        -TAIL,
        TAIL,
        lambda y: 4 * sigmoid_slope(y),
        lambda y: exp(SHIFT - magnitude(y)) * (4 * UNSHIFT),
    )


def softplus(x: Array, lost: Array = 0.0) -> Array:
    """log(1 + exp(x + lost)); `lost` is tiny."""
    value = at_least(x, 0.0) + log1p(exp(-magnitude(x)))
    return value + lost * sigmoid(x) if is_array(lost) else value


class Gate(NamedTuple):
    """A sigmoid gate: sigmoid(y) = 1 / (1 + small) for y >= 0 and lifted * 2^-24 / (1 + small) for y < 0."""

    small: Array  # exp(-|y|)
    lifted: Array  # 2^24 exp(-|y|)


def gate(y: Array, lost: Array = 0.0) -> Gate:
    """The gate at y + lost, `lost` being tiny."""
    lifted = lifted_exp(-magnitude(y), where(y < 0, lost, -lost))
    return Gate(lifted * BACK, lifted)


def times_tail(x: Array, y: Array, lost: Array = 0.0) -> Array:
    """X exp(y + lost) for y beyond the tail, and x not below it; 0 at -infinity."""
    return (at_least(x, -1e4) * (exp(SHIFT - magnitude(y)) * (1 + lost))) * UNSHIFT


def times_gate(x: Array, y: Array, lost: Array = 0.0) -> Array:
    """X sigmoid(y + lost), where y has the sign of x; 0 at -infinity."""
    return within(
        y,
        -TAIL,
        math.inf,
        lambda at: x * sigmoid(at, lost),
        lambda at: times_tail(x, at, lost),
    )


def times_gate_slope(z: Array, y: Array, lost: Array = 0.0) -> Array:
    """sigmoid(y + lost) (1 + z sigmoid(-y)): the derivative of x sigmoid(y) for z = x y'."""
    if z is y and not is_array(lost) and in_place.is_ours(y) and lies_within(y, -TAIL, TAIL):
        return in_place.gate_slope(y)
    return within(
        y,
        -TAIL,
        TAIL,
        lambda at: sigmoid(at, lost) * (1 + at_most(at_least(z, -1e8), 1e8) * sigmoid(-at, -lost)),
        lambda at: where(at > 0, 1.0, times_tail(1 + z, at, lost)),
    )


def scaled(x: Array, factor: Array) -> tuple[Array, Array]:
    """Factor * x with its rounding error, for x that is not near overflow."""
    if not is_array(factor) and math.frexp(factor)[0] == 0.5:
        return x * factor, 0.0
    number = factor if is_array(factor) else constant(x, factor)
    rounded, error = product(x, number)
    return rounded, error if is_array(factor) else error + x * _remainder(x, factor)


def divided(x: Array, divisor: float) -> tuple[Array, Array]:
    """X / divisor with its rounding error, for x that is not near overflow."""
    # XLA divides by multiplying, and contracts products with sums: behind a comparison the number stays as it is.
    rounded = at_least(x / divisor, -float(namespace(x).finfo(x.dtype).max))
    back, error = product(rounded, constant(x, divisor))
    return rounded, (((x - back) - error) - rounded * _remainder(x, divisor)) / divisor


def _remainder(x: Array, factor: float) -> float:
    """What the dtype of x cannot hold of a number."""
    return 0.0 if is_double(x) else factor - float(np.float32(factor))


def xlogy(x: Array, y: Array) -> Array:
    """X log y, which is 0 where x is 0."""
    return where(x == 0, 0.0, x * log(where(x == 0, 1.0, y)))


def clipped(x: Array, low: float, high: float) -> Array:
    """X moved into [low, high]; NaN propagates."""
    return x.clip(low, high) if world_of(x) == "numpy" else at_most(at_least(x, low), high)


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


def sparse_threshold(below: Array, axis: int) -> Array:
    """The number t for which max(x - t, 0) sums to 1: the largest (sum of the k largest - 1) / k."""
    xp = namespace(below)
    ordered = xp.flip(xp.sort(below, axis=axis), axis=axis)
    counts = xp.cumsum(xp.ones_like(below), axis=axis)
    return largest((xp.cumsum(ordered, axis=axis) - 1) / counts, axis)


def entmax_threshold(below: Array, axis: int, alpha: float, steps: int | None = None) -> Array:
    """The number t for which max(x - t, 0)^(1 / (alpha - 1)) sums to 1, from below by bisection; the largest x is 0."""
    power = 1 / (alpha - 1)
    low = total(below * 0, axis) - 1
    width = 1.0
    for _ in range(steps or (55 if is_double(below) else 26)):
        width = width / 2
        mass = total(at_least(below - (low + width), 0.0) ** power, axis)
        low = where(mass >= 1, low + width, low)
    return low


def log_softmax_gradient(u: Array, parts: Peak, axis: int) -> Array:
    """The gradient in the logits for a gradient u in their log softmax; where a share is near 1, from the others."""
    shares = parts.shares / (1 + parts.rest)
    chosen = dominant(shares)
    others = total(u * (1 - chosen), axis)
    whole = others + total(u * chosen, axis)
    return where(chosen > 0, whole * (parts.rest / (1 + parts.rest)) - others, u - shares * whole)


def dominant(shares: Array) -> Array:
    """1 where a share exceeds one half (at most one in a row), else 0."""
    return rounded(shares)


def surprise(parts: Peak, target: Array) -> Array:
    """The mean of -log softmax under the target (probabilities or labels)."""
    if not is_floating(target):
        return log1p(parts.rest)[..., 0] - taken(parts.below, target)
    return where(target == 0, 0.0, target * (log1p(parts.rest) - parts.below)).sum(-1)


def softmax_gradient(u: Array, shares: Array, axis: int) -> Array:
    """The gradient in the logits for a gradient u in their softmax; a share near 1 gets minus what the others get."""
    if in_place.takes_rows(shares, axis):
        return in_place.pull_softmax(u, shares)
    relative = u - total(u * dominant(shares), axis)
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
    """Softmax - target (probabilities or labels); where the share is near 1, from what is left to the others."""
    left = parts.rest / (1 + parts.rest)
    if not is_floating(target):
        shares = parts.shares * (1 / (1 + parts.rest))
        changed = where(taken(parts.shares, target) == 1, -left[..., 0], taken(shares, target) - 1)
        return replaced(shares, target, changed)
    likely = (parts.below == 0) & (parts.rest < 1)  # a share above one half
    return where(likely, (1 - target) - left, parts.shares / (1 + parts.rest) - target)


def from_others(x: Array, one: Array, axis: int) -> Array:
    """The sum of all but each number itself, for any number of them.

    XLA may contract products with 1 with the sums, but not those that round: so a single number leaves exactly 0.
    """
    rounded = x * one
    return (total(rounded, axis) - rounded) * one
