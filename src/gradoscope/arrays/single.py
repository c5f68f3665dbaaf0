"""Kernels for float32 in JAX, which compiles a whole formula into one pass: arithmetic is cheap, and nothing is shared.

An exponential takes its argument in two parts, the first with so few digits that what it loses is nothing; it comes
multiplied with 2^8, which keeps it normal where the function itself, a product with a larger factor, still is.
"""

import math
import sys

from gradoscope.arrays import polynomials
from gradoscope.arrays.elementary import at_least, at_most, exp, magnitude, where
from gradoscope.arrays.worlds import Array, cast, is_double, namespace, world_of

RAISED = 2.0**8
LOWERED = 2.0**-8
LOG_2 = (0.693359375, -2.1219444005469058e-4)  # the first with 10 digits
SMALLEST = -135.0  # the exponent of 2 from which on the raised exponential is 0


def is_single(x: Array) -> bool:
    """Whether x is a JAX array of float32."""
    return world_of(x) == "jax" and not is_double(x)


def horner(x: Array, coefficients: tuple[float, ...]) -> Array:
    """The polynomial with these coefficients, lowest power first."""
    *lower, value = coefficients
    for coefficient in reversed(lower):
        value = value * x + coefficient
    return value


def first_digits(x: Array, digits: int) -> Array:
    """X rounded to so many binary digits; not differentiated."""
    lax, xp = sys.modules["jax"].lax, namespace(x)
    cut = 24 - digits
    bits = lax.bitcast_convert_type(lax.stop_gradient(x), xp.int32) + (1 << (cut - 1))
    return lax.bitcast_convert_type(bits & -(1 << cut), xp.float32)


def raised_exp(high: Array, low: Array = 0.0) -> Array:
    """2^8 exp(high + low) for high + low from -300 to 0, `high` of few digits (or `low` 0)."""
    lax, xp = sys.modules["jax"].lax, namespace(high)
    power = at_least(xp.round((high + low) * (1 / math.log(2))), SMALLEST)
    rest = (high - power * LOG_2[0]) + (low - power * LOG_2[1])
    scale = lax.bitcast_convert_type((cast(power, xp.int32) + (127 + 8)) << 23, xp.float32)
    return (1 + (rest + rest * rest * horner(rest, polynomials.EXPM1[0]))) * scale


def raised_bell(size: Array) -> Array:
    """2^8 exp(-size^2 / 2) for size from 0 to 16: the square of the leading digits is exact."""
    high = first_digits(size, 12)
    return raised_exp(high * high * -0.5, (size + high) * (size - high) * -0.5)


def mills_ratio(size: Array) -> Array:
    """Phi(-a) exp(a^2 / 2) for a = `size` >= 0."""
    center = polynomials.MILLS_CENTER[0]
    part = 1 / (size + center)
    return part * horner((size - center) * part, polynomials.MILLS[0])


def times_normal_cdf(x: Array) -> Array:
    """X Phi(x); 0 at -infinity."""
    size = at_most(magnitude(x), 16.0)
    tail = raised_bell(size) * mills_ratio(size)
    far = where(x < 0, at_least(x * LOWERED, -1.0) * tail, x * (1 - tail * LOWERED))
    return where(size < 1, x * (0.5 + x * horner(x * x, polynomials.NORMAL[0])), far)


def times_normal_cdf_slope(x: Array) -> Array:
    """Phi(x) + x phi(x)."""
    size = at_most(magnitude(x), 16.0)
    curve = raised_bell(size)
    excess = size * (1 / math.sqrt(2 * math.pi)) - mills_ratio(size)
    far = where(x < 0, 0.0, 1.0) + where(x < 0, -curve, curve) * excess * LOWERED
    # Beside the root, nothing is lost in 1/2 + x.
    return where(size < 1, (0.5 + x) + x * horner(x * x, polynomials.NORMAL_GATE[0]), far)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), from the exponential that its derivative needs."""
    smaller = _smaller(x)
    return where(x < 0, smaller, 1 - smaller)


def sigmoid_slope(x: Array) -> Array:
    """Its derivative."""
    smaller = _smaller(x)
    return smaller * (1 - smaller)


def _smaller(x: Array) -> Array:
    power = exp(-magnitude(x))
    return power / (1 + power)


def silu(x: Array) -> Array:
    """X sigmoid(x); 0 at -infinity."""
    power = raised_exp(-at_most(magnitude(x), 128.0))
    return where(x < 0, at_least(x, -128.0) * power * LOWERED, x) / (1 + power * LOWERED)


def silu_slope(x: Array) -> Array:
    """Its derivative, s (1 - a + a s) for x < 0 and 1 less that for x > 0, where a = |x| and s = sigmoid(-a)."""
    size = at_most(magnitude(x), 128.0)
    power = raised_exp(-size)
    share = power / (1 + power * LOWERED)
    rise = share * (1 - size + size * (share * LOWERED)) * LOWERED
    return where(x < 0, rise, 1 - rise)


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    size = at_most(magnitude(x), 10.0)
    power = raised_exp(-2 * size) * LOWERED
    near = x * horner(x * x, polynomials.TANH[0])
    return where(size < 0.63, near, where(x < 0, -1.0, 1.0) * ((1 - power) / (1 + power)))


def sech_squared(x: Array) -> Array:
    """1 / cosh(x)^2."""
    power = raised_exp(-2 * at_most(magnitude(x), 60.0))
    whole = 1 + power * LOWERED
    return power * (4 * LOWERED) / (whole * whole)


STEEP = (1.595703125, 6.599660573071176e-05)  # 2 sqrt(2 / pi), the first with 12 digits
BENT = (0.0703125, 0.001042316272600249)  # 0.044715 times that, the first with 4 digits


def _tanh_argument(size: Array) -> tuple[Array, Array]:
    """2 sqrt(2 / pi) (a + 0.044715 a^3) in two parts, for a = size from 0 to 12.

    Nine digits of a, squared, times four digits of the factor, plus twelve digits of the other factor, are exact.
    """
    high = first_digits(size, 9)
    low, square = size - high, high * high
    most = STEEP[0] + BENT[0] * square
    rest = (STEEP[1] + BENT[1] * square) + (BENT[0] + BENT[1]) * ((size + high) * low)
    first = first_digits(most, 12)
    return high * first, size * rest + (low * most + high * (most - first))


def gelu_tanh(x: Array) -> Array:
    """The tanh approximation of x Phi(x)."""
    high, low = _tanh_argument(at_most(magnitude(x), 12.0))
    power = raised_exp(-high, -low)
    return where(x < 0, at_least(x, -128.0) * power * LOWERED, x) / (1 + power * LOWERED)


def gelu_tanh_slope(x: Array) -> Array:
    """Its derivative: e (1 - z + e) / (1 + e)^2 for x < 0, (1 + e (1 + z)) / (1 + e)^2 for x > 0.

    Here y is the argument, e = exp(-y), and z = a y' = 3 y - 2 s a, whose parts add up without loss.
    """
    size = at_most(magnitude(x), 12.0)
    high, low = _tanh_argument(size)
    power = raised_exp(-high, -low)
    share = power * LOWERED
    digits = first_digits(size, 9)
    fall = (1 - 3 * high + 2 * STEEP[0] * digits) + (2 * (STEEP[1] * size + STEEP[0] * (size - digits)) - 3 * low)
    whole = 1 + share
    return where(x < 0, power * ((fall + share) * LOWERED), 1 + share * (2 - fall)) / (whole * whole)
