"""Functions that the platforms lack, or compute with too few digits: each within 2 or 3 units in the last place."""

import math
from decimal import Decimal

import numpy as np

from gradoscope.arrays import eager, polynomials, single
from gradoscope.arrays.elementary import (
    at_least,
    at_most,
    exp,
    isfinite,
    leading_digits,
    log,
    magnitude,
    where,
)
from gradoscope.arrays.worlds import Array, cast, doubled, is_double, namespace, world_of

Fit = tuple[tuple[float, ...], tuple[float, ...]]
ATANH: Fit = (tuple(1 / k for k in range(3, 17, 2)), tuple(1 / k for k in range(3, 33, 2)))  # for squares up to 1 / 9
LIFT = 2.0**24  # what keeps a small factor normal until the last multiplication
BACK = 2.0**-24


def two_parts(digits: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """A constant as the sum of two numbers, for float32 and for float64.

    Examples
    --------
    >>> two_parts("0.1")
    ((0.10000000149011612, -1.490116...e-09), (0.1, -5.55...e-18))
    """
    whole = Decimal(digits)
    single, double = float(np.float32(digits)), float(digits)
    return (single, float(whole - Decimal(single))), (double, float(whole - Decimal(double)))


LOG_OF_LIFT = two_parts("16.635532333438687426013570914996237633812")


def polynomial(x: Array, fit: Fit) -> Array:
    """The polynomial of `fit` for the dtype of `x`, by Horner's rule."""
    return single.horner(x, fit[is_double(x)])


def tanh(x: Array) -> Array:
    """The hyperbolic tangent; XLA's loses up to 4 units in float32 and 7 in float64."""
    if world_of(x) != "jax":
        return namespace(x).tanh(x)
    if single.is_single(x):
        return single.tanh(x)
    size = magnitude(x)
    far = 1 - 2 / (exp(2 * size) + 1)
    near = at_most(size, 0.63)
    return where(size < 0.63, x * polynomial(near * near, polynomials.TANH), where(x < 0, -far, far))


def expm1(x: Array) -> Array:
    """exp(x) - 1 without cancellation; XLA's loses up to 4 units."""
    if world_of(x) != "jax":
        return namespace(x).expm1(x)
    near = at_most(at_least(x, -0.4), 0.4)
    return where(magnitude(x) < 0.4, near + near * near * polynomial(near, polynomials.EXPM1), exp(x) - 1)


def expm1_less_x(x: Array) -> Array:
    """exp(x) - 1 - x without cancellation."""
    near = at_most(at_least(x, -0.4), 0.4)
    return where(magnitude(x) < 0.4, near * near * polynomial(near, polynomials.EXPM1), expm1(x) - x)


def log1p(x: Array) -> Array:
    """log(1 + x) without cancellation; XLA's loses up to 130 units in float64."""
    if world_of(x) != "jax" or not is_double(x):
        return namespace(x).log1p(x)
    rounded = 1 + x
    usual = isfinite(rounded) & (rounded > 0)
    safe = where(usual, rounded, 1.0)
    return where(usual, log(safe) + (where(usual, x, 0.0) - (safe - 1)) / safe, log(rounded))


def log1p_excess(x: Array) -> Array:
    """log(1 + x) / x - 1 for x from -1/2 to 1: log(1 + x) = 2 atanh(z) with z = x / (2 + x)."""
    part = x / (2 + x)
    square = part * part
    return (2 * square * polynomial(square, ATANH) - x) / (2 + x)


def tanh_less(x: Array) -> Array:
    """X - tanh(x) without cancellation."""
    near = at_most(at_least(x, -1.0), 1.0)
    square = near * near
    far = _tanh_less_far(x) if world_of(x) == "jax" else x - tanh(x)
    return where(magnitude(x) < 1, near * square * polynomial(square, polynomials.SHRINK), far)


def _tanh_less_far(x: Array) -> Array:
    """The same for |x| > 1, as (x - 1) + 2 e / (1 + e) with e = exp(-2 x) for x > 0."""
    power = exp(-2 * magnitude(x))
    left = 2 * power / (1 + power)
    return where(x < 0, (x + 1) - left, (x - 1) + left)


def log_cosh(x: Array) -> Array:
    """log(cosh(x)) without cancellation or overflow."""
    size = magnitude(x)
    near = at_most(size, 1.0)
    far = size - (math.log(2) - log1p(exp(-2 * size)))
    return where(size < 1, near * near * polynomial(near * near, polynomials.LOG_COSH), far)


def split(x: Array) -> tuple[Array, Array]:
    """X as a sum of two numbers of half its digits each: its leading digits by masking bits, and the rest.

    Compilers contract products with sums, which breaks the arithmetic splitting by Veltkamp.
    """
    high = leading_digits(x)
    return high, x - high


def product(x: Array, y: Array) -> tuple[Array, Array]:
    """X * y as the rounded product and its rounding error.

    The product of the leading halves is exact, and the result comes from a sum: contraction cannot change it.
    """
    (a, b), (c, d) = split(x), split(y)
    most, rest = a * c, (a * d + b * c) + b * d
    rounded = most + rest
    return rounded, rest - (rounded - most)


def plus(x: Array, y: Array) -> tuple[Array, Array]:
    """X + y as the rounded sum and its rounding error (Knuth)."""
    rounded = x + y
    virtual = rounded - x
    return rounded, (x - (rounded - virtual)) + (y - virtual)


def lifted_exp(x: Array, lost: Array = 0.0) -> Array:
    """2^24 exp(x + lost), which stays normal where exp(x) does not; `lost` is tiny."""
    wide = doubled(x)
    if wide is not None:
        return cast(exp(wide + lost) * LIFT, x.dtype)
    high, low = LOG_OF_LIFT[is_double(x)]
    moved, error = plus(at_least(x, -1e4), high)
    return exp(moved) * (1 + (error + (low + lost)))


def lifted_bell(x: Array, factor: float = -0.5) -> Array:
    """2^24 exp(factor x^2), factor < 0 a power of two."""
    wide = doubled(x)
    if wide is not None:
        return cast(exp(wide * wide * factor) * LIFT, x.dtype)
    near = at_most(at_least(x, -60.0), 60.0)
    square, lost = product(near, near)
    return lifted_exp(square * factor, lost * factor)


def bell(x: Array, factor: float = -0.5) -> Array:
    """exp(factor x^2), factor < 0 a power of two: the square is carried with its rounding error."""
    wide = doubled(x)
    if wide is not None:
        return cast(exp(wide * wide * factor), x.dtype)
    near = at_most(at_least(x, -60.0), 60.0)
    square, lost = product(near, near)
    return exp(square * factor) * (1 + lost * factor)


def normal_density(x: Array) -> Array:
    """The density of N(0, 1)."""
    return bell(x) * (1 / math.sqrt(2 * math.pi))


def mills_ratio(size: Array) -> Array:
    """Phi(-a) exp(a^2 / 2) for a = `size` >= 0."""
    center = polynomials.MILLS_CENTER[is_double(size)]
    near = at_most(size, 1e30)
    part = 1 / (near + center)
    return part * polynomial((near - center) * part, polynomials.MILLS)


def normal_cdf(x: Array) -> Array:
    """The distribution function of N(0, 1), exact in both tails."""
    size = magnitude(x)
    tail = (lifted_bell(size) * mills_ratio(size)) * BACK
    near = at_most(at_least(x, -1.0), 1.0)
    middle = 0.5 + near * polynomial(near * near, polynomials.NORMAL)
    return where(size < 1, middle, where(x < 0, tail, 1 - tail))


def times_normal_cdf(x: Array) -> Array:
    """X Phi(x); 0 at -infinity."""
    if eager.is_ours(x):
        return eager.gelu(x)
    return single.times_normal_cdf(x) if single.is_single(x) else _times_normal_cdf(x)


def _times_normal_cdf(x: Array) -> Array:
    size = magnitude(x)
    tail = lifted_bell(size) * mills_ratio(size)
    far = where(x < 0, (at_least(x, -60.0) * tail) * BACK, x * (1 - tail * BACK))
    near = at_most(at_least(x, -1.0), 1.0)
    return where(size < 1, near * (0.5 + near * polynomial(near * near, polynomials.NORMAL)), far)


def times_normal_cdf_slope(x: Array) -> Array:
    """Phi(x) + x phi(x)."""
    if eager.is_ours(x):
        return eager.slope_of(eager.gelu, x)
    return single.times_normal_cdf_slope(x) if single.is_single(x) else _times_normal_cdf_slope(x)


def _times_normal_cdf_slope(x: Array) -> Array:
    near = at_most(at_least(x, -60.0), 60.0)
    size, curve = magnitude(near), lifted_bell(near)
    tail, rise = mills_ratio(size), size * (1 / math.sqrt(2 * math.pi))
    far = where(x < 0, (curve * (tail - rise)) * BACK, 1 + curve * BACK * (rise - tail))
    inner = at_most(at_least(x, -1.0), 1.0)
    # Beside the root, nothing is lost in 1/2 + x.
    return where(size < 1, (0.5 + inner) + inner * polynomial(inner * inner, polynomials.NORMAL_GATE), far)


def erf(x: Array) -> Array:
    """The error function."""
    size = magnitude(x)
    near = at_most(size, 1.0)
    tail = bell(size * math.sqrt(2)) * mills_ratio(size * math.sqrt(2))
    far = 1 - 2 * tail
    return where(size < 1, x * polynomial(near * near, polynomials.ERF), where(x < 0, -far, far))


def erf_share(x: Array) -> Array:
    """erf(x) / x for x >= 0."""
    near = at_most(x, 1.0)
    return where(x < 1, polynomial(near * near, polynomials.ERF), erf(x) / at_least(x, 1.0))


def erf_share_excess(x: Array) -> Array:
    """erf(x) / x - 2 / sqrt(pi) for x from 0 to 1."""
    square = x * x
    return square * polynomial(square, (polynomials.ERF[0][1:], polynomials.ERF[1][1:]))
