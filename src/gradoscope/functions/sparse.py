"""Sparse shares: projections on the simplex, whose smallest shares are differences of almost equal numbers."""

from gradoscope.arrays import (
    Array,
    Parts,
    add,
    at_least,
    cast,
    difference,
    largest,
    magnitude,
    quotient,
    settled,
    times,
    total,
    total_parts,
    where,
)
from gradoscope.functions.kernels import entmax_threshold, sparse_threshold


def sparsemax_shares(x: Array, axis: int) -> Array:
    """max(x - t, 0), where t makes them sum to 1; each to its last digit."""
    below = _below_largest(x, axis)
    chosen = cast(below[0] > sparse_threshold(below[0], axis), x.dtype)
    gap = _above_mean(below, chosen, axis)  # a number beside the threshold may have been chosen wrongly
    gap = _above_mean(below, cast(gap[0] > 0, x.dtype), axis)
    return at_least(gap[0] + gap[1], 0.0)


def _below_largest(x: Array, axis: int) -> Parts:
    """X minus its largest, in two parts, cut off at -4: what is as small has no share."""
    high, low = difference(x, largest(x, axis))
    return at_least(high, -4.0), where(high > -4, low, 0.0)


def _above_mean(below: Parts, chosen: Array, axis: int) -> Parts:
    """X - (sum of the chosen - 1) / how many they are."""
    whole = total_parts((below[0] * chosen, below[1] * chosen), axis)
    threshold = quotient(add(whole, (-1.0, 0.0)), total(chosen, axis))
    return add(below, (-threshold[0], -threshold[1]))


def entmax_shares(x: Array, axis: int, alpha: float) -> Array:
    """max((alpha - 1) x - t, 0)^(1 / (alpha - 1)), where t makes them sum to 1."""
    if alpha == 1.5:
        return _squares(x, axis)
    below = (x - largest(x, axis)) * (alpha - 1)
    powers = at_least(below - entmax_threshold(below, axis, alpha), 0.0) ** (1 / (alpha - 1))
    return powers / total(powers, axis)


def _squares(x: Array, axis: int) -> Array:
    """Entmax for alpha = 1.5 to its last digit: Newton's method from below, the last step in two parts."""
    high, low = _below_largest(x, axis)
    below = high / 2, low / 2
    threshold = entmax_threshold(below[0], axis, 1.5, 14)
    for _ in range(3):
        gap = at_least(below[0] - threshold, 0.0)
        threshold = threshold + (total(gap * gap, axis) - 1) / (2 * total(gap, axis))
    gap = add(below, (-threshold, 0.0))
    inside = gap[0] > 0
    gap = where(inside, gap[0], 0.0), where(inside, gap[1], 0.0)
    excess = add(total_parts(times(gap, gap), axis), (-1.0, 0.0))
    high, low = settled(gap[0], gap[1] - excess[0] / (2 * total(gap[0], axis)))
    return where(inside & (high > 0), high * high + 2 * high * low, 0.0 * magnitude(high))
