"""Numbers as sums of two: formulas whose terms cancel are computed with twice the digits.

Sums, products, quotients and roots of pairs lose no more than the last few of these digits;
infinities and numbers whose square overflows have no place here.
"""

from dataclasses import dataclass
from decimal import Decimal

from gradoscope.arrays.elementary import at_least, constant, sqrt, where
from gradoscope.arrays.special import plus, split, two_parts
from gradoscope.arrays.worlds import Array, is_double, namespace

Parts = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Pair:
    """The sum of two arrays, the second one tiny beside the first."""

    high: Array
    low: Array

    def __add__(self, other: "Pair") -> "Pair":
        """The sum. A constant goes second: XLA takes (1 + x) - 1 for x."""
        rounded, lost = plus(self.high, other.high)
        return joined(rounded, lost + (self.low + other.low))

    def __neg__(self) -> "Pair":
        """The negative."""
        return Pair(-self.high, -self.low)

    def __sub__(self, other: "Pair") -> "Pair":
        """The difference."""
        return self + -other

    def __mul__(self, other: "Pair") -> "Pair":
        """The product."""
        rounded, lost = _product(self.high, other.high)
        return joined(rounded, lost + (self.high * other.low + self.low * other.high))

    def __truediv__(self, other: "Pair") -> "Pair":
        """The quotient."""
        share = self.high / other.high
        back, lost = _product(share, other.high)
        rest = ((self.high - back) - lost) + (self.low - share * other.low)
        return joined(share, rest / other.high)

    def root(self) -> "Pair":
        """The square root; 0 for 0."""
        root = sqrt(at_least(self.high, 0.0))
        square, lost = _product(root, root)
        rest = ((self.high - square) - lost) + self.low
        return joined(root, rest / where(root > 0, 2 * root, 1.0))

    def total(self) -> "Pair":
        """The sum along the last axis, which stays with length 1: halves are added until one number is left."""
        whole = self
        while whole.high.shape[-1] > 1:
            half, odd = divmod(whole.high.shape[-1], 2)
            folded = whole.cut(0, half) + whole.cut(half, 2 * half)
            whole = beside(folded, whole.cut(2 * half, 2 * half + 1)) if odd else folded
        return whole

    def cut(self, start: int, stop: int) -> "Pair":
        """The numbers of those places in the last axis."""
        return Pair(self.high[..., start:stop], self.low[..., start:stop])

    def value(self) -> Array:
        """The sum as one number."""
        return self.high + self.low


def _product(x: Array, y: Array) -> tuple[Array, Array]:
    """X * y as two numbers, exactly: products of halves are exact, so that contraction cannot change them."""
    (a, b), (c, d) = split(x), split(y)
    most, lost = plus(a * c, a * d)
    most, left = plus(most, b * c)
    return most, (lost + left) + b * d


def joined(high: Array, low: Array) -> Pair:
    """The sum of two numbers, the second one smaller: digits move from the second to the first."""
    rounded = high + low
    return Pair(rounded, low - (rounded - high))


def exact(x: Array) -> Pair:
    """An array as a pair."""
    return Pair(x, namespace(x).zeros_like(x))


def fixed(like: Array, parts: Parts) -> Pair:
    """A constant (of `two_parts`) in the shape and dtype of an array."""
    high, low = parts[is_double(like)]
    return Pair(constant(like, high), constant(like, low))


def number(like: Array, value: float) -> Pair:
    """A number in the shape and dtype of an array."""
    return fixed(like, two_parts(str(Decimal(value))))


def choose(condition: Array, yes: Pair, no: Pair) -> Pair:
    """`yes` where the condition holds, else `no`."""
    return Pair(where(condition, yes.high, no.high), where(condition, yes.low, no.low))


def beside(*parts: Pair) -> Pair:
    """Pairs joined along the last axis."""
    xp = namespace(parts[0].high)
    return Pair(xp.concatenate([p.high for p in parts], axis=-1), xp.concatenate([p.low for p in parts], axis=-1))
