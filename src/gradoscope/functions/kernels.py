"""Kernels that several functions share: the parts of softmax without cancellation."""

import math
from typing import NamedTuple

from gradoscope.arrays import (
    Array,
    at_least,
    at_most,
    cast,
    exp,
    isfinite,
    largest,
    log,
    log1p,
    magnitude,
    namespace,
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


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) with the small side exact."""
    decay = exp(-magnitude(x))
    return where(x >= 0, 1.0, decay) / (1 + decay)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return at_least(x, 0.0) + log1p(exp(-magnitude(x)))


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) sigmoid(-x)."""
    decay = exp(-magnitude(x))
    return decay / (1 + decay) ** 2


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
