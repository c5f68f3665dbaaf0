"""Sparse shares: projections on the simplex, whose smallest shares are differences of almost equal numbers."""

import math

from gradoscope.arrays import Array, at_least, cast, largest, magnitude, total, where
from gradoscope.arrays.pairs import Wide, as_wide, choose, leading, nearest, summed_along, wider
from gradoscope.functions.kernels import entmax_threshold, sparse_threshold


def sparsemax_shares(x: Array, axis: int) -> Array:
    """max(x - t, 0), where t makes them sum to 1; each to its last digit."""
    below = _below_largest(x, axis)
    gap = _above_mean(below, leading(below) > sparse_threshold(leading(below), axis), axis)
    gap = _above_mean(below, leading(gap) > 0, axis)  # a number beside the threshold may have been chosen wrongly
    return cast(at_least(nearest(gap), 0.0), x.dtype)


def _below_largest(x: Array, axis: int) -> Wide:
    """X minus its largest, cut off at -4: what is as small has no share. A single infinity takes all."""
    top = largest(x, axis)
    far = x - top < -5
    end = where(top == math.inf, 0.0, top)
    below = wider(where(far | (x == math.inf), end, x)) - wider(end)
    return choose(far | (leading(below) <= -4), -4.0, below)


def _above_mean(below: Wide, chosen: Array, axis: int) -> Wide:
    """X - (sum of the chosen - 1) / how many they are."""
    count = total(cast(chosen, leading(below).dtype), axis)
    return below - (summed_along(choose(chosen, below, 0.0), axis) - 1) / as_wide(count, below)


def entmax_shares(x: Array, axis: int, alpha: float) -> Array:
    """max((alpha - 1) x - t, 0)^(1 / (alpha - 1)), where t makes them sum to 1."""
    if alpha == 1.5:
        return cast(_squares(x, axis), x.dtype)
    top = largest(x, axis)
    below = at_least(where((x == top) & (top > -math.inf), 0.0, x - top) * (alpha - 1), -2.0)
    powers = at_least(below - entmax_threshold(below, axis, alpha), 0.0) ** (1 / (alpha - 1))
    return powers / total(powers, axis)


def _squares(x: Array, axis: int) -> Array:
    """Entmax for alpha = 1.5: Newton's method from below, with a last step that has more digits."""
    below = _below_largest(x, axis) * 0.5
    first = leading(below)
    threshold = entmax_threshold(first, axis, 1.5, 14)
    for _ in range(3):
        gap = at_least(first - threshold, 0.0)
        threshold = threshold + (total(gap * gap, axis) - 1) / (2 * total(gap, axis))
    gap = below - as_wide(threshold, below)
    inside = leading(gap) > 0
    gap = choose(inside, gap, 0.0)
    excess = nearest(summed_along(gap * gap, axis) - 1)
    root = gap - as_wide(excess / (2 * total(leading(gap), axis)), below)
    return where(inside & (leading(root) > 0), nearest(root * root), 0.0 * magnitude(leading(root)))
