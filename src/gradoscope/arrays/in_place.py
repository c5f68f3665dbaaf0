"""Kernels for NumPy, on numbers that lie in the cache: few passes, and none that takes new memory without need."""

import math

import numpy as np

from gradoscope.arrays.worlds import Array, is_double

LONG = 4096  # sums of longer rows need NumPy's order of additions to keep their digits


def is_ours(x: Array) -> bool:
    """Whether the kernels of this page take x: an array, not a single number."""
    return isinstance(x, np.ndarray) and x.ndim > 0


def sech_squared(x: Array) -> Array:
    """1 / cosh(x)^2 = 4 / (e + 1 / e + 2) for e = exp(2 |x|); where that is infinite, no normal number is left."""
    power = np.abs(x)
    power += power
    np.exp(power, out=power)
    power += 1 / power
    power += 2
    return np.divide(4, power, out=power)


def gate_slope(y: Array) -> Array:
    """sigmoid(y) (1 + y sigmoid(-y)) for y from -80 to 80, from one exponential, in float64.

    That of float32 may be wrong by 2.5 units in the last place, which the formula doubles.
    """
    against = np.negative(y, dtype=np.float64) if y.dtype == np.float32 else np.negative(y)
    np.exp(against, out=against)
    share = against + 1
    np.divide(1, share, out=share)
    against *= share  # sigmoid(-y)
    against *= y
    against += 1
    against *= share
    return against.astype(y.dtype)


def softmax(x: Array) -> Array | None:
    """Softmax of rows of float32 numbers, in float64 without a shift; None where a row needs one."""
    powers = x.astype(np.float64)
    np.exp(powers, out=powers)
    whole = np.vecdot(powers, np.ones(x.shape[-1]))
    if not (whole.size and whole.min() > 1e-250 and whole.max() < math.inf):
        return None
    if whole.min() < 1 or whole.max() > 1e38:
        powers *= (1 / whole)[..., None]
        return powers.astype(x.dtype)
    shares = powers.astype(x.dtype)  # those below all normal numbers stay below them
    shares *= (1 / whole)[..., None].astype(x.dtype)
    return shares


def takes_rows(x: Array, axis: int) -> bool:
    """Whether `softmax` and `pull_softmax` take x along the axis."""
    return is_ours(x) and axis == -1 and not is_double(x) and x.shape[-1] <= LONG


def pull_softmax(u: Array, shares: Array) -> Array:
    """The gradient in logits for a gradient u in their softmax; a share near 1 gets minus what the others get."""
    relative: Array = u - np.vecdot(u, np.rint(shares))[..., None]
    relative -= np.vecdot(shares, relative)[..., None]
    relative *= shares
    return relative
