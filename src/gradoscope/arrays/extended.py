"""Numbers in two parts, `high + low`: twice the digits where a formula magnifies what rounding loses.

Nothing here is changed by a compiler that contracts products with sums: such products are exact.
"""

import functools
import math
from collections.abc import Callable

from gradoscope.arrays.elementary import at_least, at_most, leading_power, power_of_two, rounded
from gradoscope.arrays.special import LIFT, lifted_exp
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
    """exp(x) with 9 binary digits more than the dtype has (5 for float32), where it is an ordinary number."""
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


def near_power(size: Array) -> Array:
    """A power of 2 near each number that is not negative, so far from the ends of the range that it has an inverse."""
    furthest = 2.0**1000 if is_double(size) else 2.0**120
    return leading_power(at_most(at_least(size, 1 / furthest), furthest))
