"""Numbers in two parts, `high + low`: twice the digits where a formula magnifies what rounding loses.

Nothing here is changed by a compiler that contracts products with sums: such products are exact.
"""

import functools
import math
from collections.abc import Callable

from gradoscope.arrays.elementary import at_least, at_most, leading_power, power_of_two, rounded, sqrt, where
from gradoscope.arrays.special import LIFT, lifted_exp, plus, product
from gradoscope.arrays.worlds import Array, cast, doubled, is_array, is_double, namespace

Parts = tuple[Array, Array]
Formula = Callable[..., Array]
LOG_2 = ((0.693359375, -2.1219444005469058e-4), (6.93147180369123816490e-01, 1.90821492927058770002e-10))
GRAIN = (2.0**7, 2.0**14)  # a rest rounded to it has so few digits that its cube is exact
SIXTH = ((43 / 256, -1 / 768), (10923 / 65536, -1 / 196608))  # 1 / 6, the first part with 6 and with 14 digits
TAIL = tuple(tuple(1 / math.factorial(k) for k in range(4, degree)) for degree in (10, 16))


def in_double(formula: Formula) -> Formula:
    """The formula; float32 computes in float64 where that is cheap."""

    @functools.wraps(formula)
    def computed(first: Array, *rest: Array, **options: Array) -> Array:
        wide = doubled(first)
        if wide is None:
            return formula(first, *rest, **options)
        others = [cast(value, wide.dtype) if is_array(value) else value for value in rest]
        settings = {name: cast(value, wide.dtype) if is_array(value) else value for name, value in options.items()}
        return cast(formula(wide, *others, **settings), first.dtype)

    return computed


def exp_parts(x: Array) -> Parts:
    """exp(x) with 9 digits more than the dtype has (6 for float32 and |x| > 10), where it is an ordinary number."""
    double = is_double(x)
    (high_log, low_log), grain, (sixth, rest) = LOG_2[double], GRAIN[double], SIXTH[double]
    power = rounded(x * (1 / math.log(2)))
    near = x - power * high_log
    coarse = rounded((near - power * low_log) * grain) * (1 / grain)
    fine = (near - coarse) - power * low_log
    square = coarse * coarse
    cube, most = square * coarse, 1 + coarse + square * 0.5
    high = most + cube * sixth
    lost = cube * sixth - (high - most)
    tail = 0.0
    for coefficient in reversed(TAIL[double]):
        tail = tail * coarse + coefficient
    rise = fine * (1 + fine * (0.5 + fine * (1 / 6)))
    lost = lost + (cube * rest + square * square * tail)
    lost = lost + (high + lost) * rise
    scale = power_of_two(power)
    whole = high + lost
    return whole * scale, (lost - (whole - high)) * scale


def lifted_exp_of_exp(x: Array) -> Array:
    """2^24 exp(-exp(x)) for x up to 7."""
    wide = doubled(x)
    if wide is not None:
        return cast(namespace(x).exp(-namespace(x).exp(wide)) * LIFT, x.dtype)
    high, low = exp_parts(at_least(x, -60.0))
    return lifted_exp(-high, -low)


def add(x: Parts, y: Parts) -> Parts:
    """The sum of two numbers in parts."""
    high, low = plus(x[0], y[0])
    return settled(high, low + (x[1] + y[1]))


def times(x: Parts, y: Parts) -> Parts:
    """The product of two numbers in parts."""
    high, low = product(x[0], y[0])
    return settled(high, low + (x[0] * y[1] + x[1] * y[0]))


def settled(high: Array, low: Array) -> Parts:
    """The same number with the largest possible first part, for |low| < |high|."""
    whole = high + low
    return whole, low - (whole - high)


def difference(x: Array, y: Array) -> Parts:
    """X - y, exactly."""
    return plus(x, -y)


def multiple(x: Parts, factor: Array) -> Parts:
    """A number in parts times a plain one."""
    high, low = product(x[0], factor)
    return settled(high, low + x[1] * factor)


def quotient(x: Parts, divisor: Array) -> Parts:
    """A number in parts divided by a plain one."""
    high = x[0] / divisor
    back, error = product(high, divisor)
    return high, (((x[0] - back) - error) + x[1]) / divisor


def root(x: Parts) -> Parts:
    """The square root of a number in parts that is not negative; 0 of 0."""
    high = sqrt(x[0])
    back, error = product(high, high)
    safe = where(high > 0, high, 1.0)
    return high, (((x[0] - back) - error) + x[1]) / (2 * safe)


def total_parts(x: Parts, axis: int) -> Parts:
    """The sum along `axis`, which stays with length 1: halves are added until one number is left."""
    xp = namespace(x[0])
    high, low = (xp.moveaxis(part, axis, -1) for part in x)
    while high.shape[-1] > 1:
        half = high.shape[-1] // 2
        whole, error = plus(high[..., :half], high[..., half : 2 * half])
        parts = settled(whole, error + (low[..., :half] + low[..., half : 2 * half]))
        if high.shape[-1] == 2 * half:
            high, low = parts
        else:
            high, low = (
                xp.concat([part, old[..., -1:]], axis=-1) for part, old in zip(parts, (high, low), strict=True)
            )
    return xp.moveaxis(high, -1, axis), xp.moveaxis(low, -1, axis)


def near_power(size: Array) -> Array:
    """A power of 2 near each number that is not negative, so far from the ends of the range that it has an inverse."""
    furthest = 2.0**1000 if is_double(size) else 2.0**120
    return leading_power(at_most(at_least(size, 1 / furthest), furthest))
