"""Softmax with more digits than its logits hold, for losses that magnify or subtract its rounding."""

from typing import NamedTuple

from gradoscope.arrays import Array, cast, isfinite, largest, log1p, total, where
from gradoscope.arrays.pairs import Wide, choose, exponential, leading, narrow, power, summed, wider


class Shares(NamedTuple):
    """The softmax of rows of logits."""

    top: Array  # which logits are the largest
    count: Wide  # how many of them there are
    below: Wide  # x - max
    rest: Wide  # sum of exp(x - max) without one of the largest
    shares: Wide  # softmax
    left: Wide  # 1 - softmax, from what is left to the others


def shares_of(x: Array) -> Shares:
    """The softmax of each row. All rows of -inf give NaN; a single +inf takes all."""
    most = largest(x, -1)
    top = (x == most) & (x == x)
    gap = x - most
    below = choose(isfinite(gap), wider(x) - wider(most), where(top, 0.0, gap))
    powers = exponential(below)
    count = wider(total(cast(top, x.dtype), -1))
    rest = summed(choose(top, 0.0, powers)) + (count - 1.0)
    whole = rest + 1.0
    shares = powers / whole
    return Shares(top, count, below, rest, shares, choose(top, rest / whole, 1.0 - shares))


def surprise_of(parts: Shares, like: Array) -> Array:
    """-log softmax."""
    return narrow(log1p(leading(parts.rest)) - leading(parts.below), like)


def power_of_shares(parts: Shares, exponent: float, like: Array) -> Wide:
    """softmax^exponent for exponents from 0 to 1, also where softmax itself is too small a number."""
    near = choose(leading(parts.below) > -1e4, parts.below, -1e4)
    return exponential(near * exponent) * wider(power(parts.rest + 1.0, -exponent, like))


def error_of(parts: Shares, target: Array) -> Wide:
    """Softmax - target; where the share is near 1, from what is left to the others."""
    goal = wider(target)
    return choose(parts.top, (1.0 - goal) - parts.left, parts.shares - goal)


def pull_log(u: Wide, parts: Shares) -> Wide:
    """The gradient in the logits for a gradient u in their log softmax."""
    return u * parts.left - parts.shares * (summed(u) - u)


def pull(u: Wide, parts: Shares) -> Wide:
    """The gradient in the logits for a gradient u in their softmax; u counts from that of the largest share."""
    relative = u - summed(choose(parts.top, u, 0.0)) / parts.count
    return parts.shares * (relative - summed(parts.shares * relative))
