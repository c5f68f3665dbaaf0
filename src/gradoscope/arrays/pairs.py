"""Numbers with more digits than their arrays hold, for formulas whose terms cancel.

`wider(x)` is float64 where that is cheap, and otherwise a `Pair`, the sum of two arrays. Both are computed with the
same operators and with `root`, `exponential`, `summed`, `choose` and `beside`; `narrow` makes an array of them again.
Infinities, and numbers whose square overflows, have no place here.
"""

import math
from dataclasses import dataclass
from typing import Any

from gradoscope.arrays.elementary import at_least, at_most, constant, exp, log, magnitude, moved, sqrt, total, where
from gradoscope.arrays.extended import exp_parts
from gradoscope.arrays.special import log1p, log1p_excess, plus, split
from gradoscope.arrays.worlds import Array, cast, doubled, is_double, namespace

Parts = tuple[tuple[float, float], tuple[float, float]]
Wide = Any  # a float64 array or a Pair


@dataclass(frozen=True, slots=True)
class Pair:
    """The sum of two arrays, the second one tiny beside the first."""

    high: Array
    low: Array

    def __add__(self, other: "Pair | float") -> "Pair":
        """The sum; a constant goes second, since XLA takes (1 + x) - 1 for x."""
        more = self._joining(other)
        most, lost = plus(self.high, more.high)
        return joined(most, lost + (self.low + more.low))

    def __radd__(self, other: float) -> "Pair":
        """The sum."""
        return self + other

    def __neg__(self) -> "Pair":
        """The negative."""
        return Pair(-self.high, -self.low)

    def __sub__(self, other: "Pair | float") -> "Pair":
        """The difference."""
        return self + -other

    def __rsub__(self, other: float) -> "Pair":
        """The difference."""
        return -self + other

    def __mul__(self, other: "Pair | float") -> "Pair":
        """The product."""
        if not isinstance(other, Pair) and abs(math.frexp(other)[0]) == 0.5:
            return Pair(self.high * other, self.low * other)
        more = self._joining(other)
        most, lost = _product(self.high, more.high)
        return joined(most, lost + (self.high * more.low + self.low * more.high))

    def __rmul__(self, other: float) -> "Pair":
        """The product."""
        return self * other

    def __truediv__(self, other: "Pair | float") -> "Pair":
        """The quotient."""
        more = self._joining(other)
        share = self.high / more.high
        back, lost = _product(share, more.high)
        rest = ((self.high - back) - lost) + (self.low - share * more.low)
        return joined(share, rest / more.high)

    def __getitem__(self, places: Any) -> "Pair":
        """The numbers at some places."""
        return Pair(self.high[places], self.low[places])

    def _joining(self, other: "Pair | float") -> "Pair":
        return other if isinstance(other, Pair) else number(self.high, other)


def _product(x: Array, y: Array) -> tuple[Array, Array]:
    """X * y as two numbers, exactly: products of halves are exact, so that contraction cannot change them."""
    (a, b), (c, d) = split(x), split(y)
    most, lost = plus(a * c, a * d)
    most, left = plus(most, b * c)
    usual = magnitude(most) > SMALL[is_double(x)]
    return where(usual, most, x * y), where(usual, (lost + left) + b * d, 0.0)


SMALL = (2.0**-76, 2.0**-915)  # products that are smaller lose digits of their halves


def joined(high: Array, low: Array) -> Pair:
    """The sum of two numbers, the second one smaller: digits move from the second to the first."""
    most = high + low
    return Pair(most, low - (most - high))


def exact(x: Array) -> Pair:
    """An array as a pair."""
    return Pair(x, namespace(x).zeros_like(x))


def fixed(like: Array, parts: Parts) -> Pair:
    """A constant (of `two_parts`) in the shape and dtype of an array."""
    high, low = parts[is_double(like)]
    return Pair(constant(like, high), constant(like, low))


def number(like: Array, value: float) -> Pair:
    """A number in the shape and dtype of an array."""
    high = float(value) if is_double(like) else first_part(value)
    return Pair(constant(like, high), constant(like, value - high))


def first_part(value: float) -> float:
    """A number rounded to the 24 digits of float32, in steps that PyTorch can compile."""
    spread = value * (2.0**29 + 1)
    return spread - (spread - value)


def wider(x: Array) -> Wide:
    """An array with more digits: float64 for float32 where that is cheap, otherwise a pair."""
    wide = doubled(x)
    return exact(x) if wide is None else wide


def narrow(x: Wide, like: Array) -> Array:
    """The nearest array of the dtype of `like`."""
    return x.high + x.low if isinstance(x, Pair) else cast(x, like.dtype)


def stretched(x: Wide, power: Array) -> Wide:
    """X times powers of 2."""
    return Pair(x.high * power, x.low * power) if isinstance(x, Pair) else x * power


def as_wide(x: Array, like: Wide) -> Wide:
    """An array of few digits, to be computed with beside `like`."""
    return exact(x) if isinstance(like, Pair) else x


def nearest(x: Wide) -> Array:
    """The nearest array; float64 stays as it is."""
    return x.high + x.low if isinstance(x, Pair) else x


def leading(x: Wide) -> Array:
    """The first digits, which say how numbers compare."""
    return x.high if isinstance(x, Pair) else x


def choose(condition: Array, yes: Wide, no: Wide) -> Wide:
    """`yes` where the condition holds, else `no`; both of a kind, or one of them a number."""
    if not isinstance(yes, Pair) and not isinstance(no, Pair):
        return where(condition, yes, no)
    (a, b), (c, d) = ((x.high, x.low) if isinstance(x, Pair) else (x, 0.0) for x in (yes, no))
    return Pair(where(condition, a, c), where(condition, b, d))


def beside(*parts: Wide) -> Wide:
    """Rows joined along the last axis."""
    if not isinstance(parts[0], Pair):
        return namespace(parts[0]).concatenate(parts, axis=-1)
    return Pair(beside(*(part.high for part in parts)), beside(*(part.low for part in parts)))


def summed(x: Wide) -> Wide:
    """The sum along the last axis, which stays with length 1: halves are added until one number is left."""
    while leading(x).shape[-1] > 1:
        half, odd = divmod(leading(x).shape[-1], 2)
        folded = x[..., :half] + x[..., half : 2 * half]
        x = beside(folded, x[..., 2 * half :]) if odd else folded
    return x


def summed_along(x: Wide, axis: int) -> Wide:
    """The sum along an axis, which stays with length 1."""
    if not isinstance(x, Pair):
        return total(x, axis)
    whole = summed(Pair(moved(x.high, axis, -1), moved(x.low, axis, -1)))
    return Pair(moved(whole.high, -1, axis), moved(whole.low, -1, axis))


def root(x: Wide) -> Wide:
    """The square root; 0 for 0."""
    if not isinstance(x, Pair):
        return sqrt(at_least(x, 0.0))
    near = sqrt(at_least(x.high, 0.0))
    square, lost = _product(near, near)
    rest = ((x.high - square) - lost) + x.low
    return joined(near, rest / where(near > 0, 2 * near, 1.0))


LOWEST = (-87.0, -708.0)  # the logarithm of about the smallest ordinary number


def exponential(x: Wide) -> Wide:
    """e^x for x below 80, with some digits more than an array holds; 0 where that would be subnormal."""
    if not isinstance(x, Pair):
        return exp(x)
    lowest = LOWEST[is_double(x.high)]
    high, low = exp_parts(at_least(x.high, lowest))
    return choose(x.high >= lowest, Pair(high, low + high * x.low), 0.0)


def logarithm(x: Wide, like: Array) -> Array:
    """log(1 + x) for x that is not the closest neighbour of -1, as an array of the dtype of `like`."""
    if not isinstance(x, Pair):
        return cast(log1p(x), like.dtype)
    near = at_most(at_least(x.high, -0.5), 1.0)
    value = where(x.high == near, near + near * log1p_excess(near), log1p(x.high))
    return value + x.low / (1 + x.high)


def power(x: Wide, exponent: float, like: Array) -> Array:
    """x^exponent for x >= 0, as an array of the dtype of `like`."""
    if not isinstance(x, Pair):
        return cast(x**exponent, like.dtype)
    safe = where(x.high > 0, x.high, 1.0)
    unheld = 0.0 if is_double(like) else exponent - first_part(exponent)
    return x.high**exponent * (1 + (exponent * x.low / safe + unheld * log(safe)))
