"""Functions that change the number of units, or the length of vectors."""

from typing import NamedTuple

from gradoscope.arrays import Array, at_least, cast, largest, magnitude, namespace, near_power, total, where
from gradoscope.arrays.pairs import Wide, as_wide, choose, leading, nearest, root, stretched, summed_along, wider
from gradoscope.errors import UsageError
from gradoscope.functions.activation import activation
from gradoscope.functions.guidance import Guidance
from gradoscope.functions.kernels import from_others
from gradoscope.functions.parameters import Whole
from gradoscope.language import say


@activation(
    formula=r"f(x) = [\max(x, 0), \max(-x, 0)]",
    textbook="[max(a, 0) for a in x] + [max(-a, 0) for a in x]",
    aliases=("concatenated_relu",),
    source="Shang, Sohn, Almeida & Lee 2016, ICML",
    initialiser="he_normal",
    elementwise=False,
    domains={"axis": Whole()},
    guidance=Guidance(
        use="First layers of convolutional networks.",
        strengths=("Keeps the sign of its input: nothing is lost.",),
        weaknesses=("Doubles the number of units.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def crelu(x: Array, axis: int = -1) -> Array:
    """The rectified x and the rectified -x, one after the other along `axis`.

    Examples
    --------
    >>> crelu([-1.0, 2.0])
    array([0., 2., 1., 0.])
    """
    return namespace(x).concatenate([at_least(x, 0.0), at_least(-x, 0.0)], axis=axis)


@crelu.tangent
def _(v: Array, x: Array, axis: int = -1) -> Array:
    right, left = cast(x > 0, x.dtype), cast(x < 0, x.dtype)
    return namespace(x).concatenate([right * v, -left * v], axis=axis)


@crelu.cotangent
def _(u: Array, x: Array, axis: int = -1) -> Array:
    first, second = _two_halves(u, axis)
    return cast(x > 0, x.dtype) * first - cast(x < 0, x.dtype) * second


def _two_halves(x: Array, axis: int) -> tuple[Array, Array]:
    middle = x.shape[axis] // 2
    before = (slice(None),) * (axis % x.ndim)
    return x[(*before, slice(None, middle))], x[(*before, slice(middle, None))]


@activation(
    formula=r"f(x)_i = \max_{j \in \text{group } i} x_j",
    textbook="[max(x[i : i + pieces]) for i in range(0, len(x), pieces)]",
    aliases=("max_out",),
    source="Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, ICML",
    elementwise=False,
    domains={"pieces": Whole(1)},
    guidance=Guidance(
        use="Learning a convex activation from the data.",
        strengths=("Represents any convex function of its inputs.",),
        weaknesses=("Needs several times the weights.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def maxout(x: Array, pieces: int = 2) -> Array:
    """The largest of each `pieces` neighbours along the last axis; ties share the gradient.

    Examples
    --------
    >>> maxout([1.0, 3.0, -2.0, -1.0])
    array([ 3., -1.])
    """
    return largest(_grouped(x, pieces), -1)[..., 0]


@maxout.tangent
def _(v: Array, x: Array, pieces: int = 2) -> Array:
    groups = _grouped(x, pieces)
    return total(_winners(groups) * _grouped(v, pieces), -1)[..., 0]


@maxout.cotangent
def _(u: Array, x: Array, pieces: int = 2) -> Array:
    winners = _winners(_grouped(x, pieces))
    return (winners * u[..., None]).reshape(x.shape)


def _grouped(x: Array, pieces: int) -> Array:
    groups, left = divmod(x.shape[-1], pieces)
    if left:
        raise UsageError(
            say("maxout of {pieces} pieces needs a multiple of {pieces} units, not {units}",
                pieces=pieces, units=x.shape[-1])
        )  # fmt: skip
    return x.reshape((*x.shape[:-1], groups, pieces))


def _winners(groups: Array) -> Array:
    """The share of each entry in the maximum of its group."""
    winners = cast(groups == largest(groups, -1), groups.dtype)
    return winners / total(winners, -1)


@activation(
    formula=r"f(x) = \frac{\|x\|^2}{1 + \|x\|^2} \frac{x}{\|x\|}",
    textbook="[a * sqrt(sum(b**2 for b in x)) / (1 + sum(b**2 for b in x)) for a in x]",
    aliases=("capsule_squash",),
    source="Sabour, Frosst & Hinton 2017, NeurIPS",
    elementwise=False,
    domains={"axis": Whole()},
    guidance=Guidance(
        use="Capsules: the length of a vector becomes a probability.",
        strengths=("Keeps directions, and moves lengths below 1.",),
        weaknesses=("Its gradient vanishes for short and for long vectors.",),
        pairs_with=("mean_squared_error",),
    ),
)
def squash(x: Array, axis: int = -1) -> Array:
    """Vectors along `axis` with their length r moved to r^2 / (1 + r^2); 0 at 0.

    Examples
    --------
    >>> squash([3.0, 4.0]).round(6)
    array([0.576923, 0.769231])
    """
    at = _squash_parts(x, axis)
    shrunk = nearest(root(at.square)) * at.size / nearest(at.below)
    return cast(nearest(at.unit) * shrunk, x.dtype)


@squash.tangent
def _(v: Array, x: Array, axis: int = -1) -> Array:
    return _squash_change(v, x, axis)


@squash.cotangent
def _(u: Array, x: Array, axis: int = -1) -> Array:
    return _squash_change(u, x, axis)


class _Squashed(NamedTuple):
    """A vector divided by a power of 2, p, near its largest entry, and what its image is made of."""

    scale: Array  # p, or 1 / p for p > 1
    unit: Wide  # x / p
    square: Wide  # r^2 / p^2
    below: Wide  # 1 + r^2, divided by p^2 for p > 1
    unlike: Wide  # 1 - r^2, the same
    size: Array  # p^2, divided by p^2 for p > 1


def _squash_parts(x: Array, axis: int) -> _Squashed:
    power = near_power(largest(magnitude(x), axis))
    big = power > 1
    scale, unit = where(big, 1 / power, power), stretched(wider(x), 1 / power)
    square = summed_along(unit * unit, axis)
    one, size = where(big, scale * scale, 1.0), where(big, 1.0, scale * scale)
    grown = stretched(square, size)
    return _Squashed(scale, unit, square, grown + as_wide(one, grown), -grown + as_wide(one, grown), size)


def _squash_change(v: Array, x: Array, axis: int) -> Array:
    """The symmetric derivative ((1 + r^2) r^2 v + (1 - r^2) x <x, v>) / (r (1 + r^2)^2).

    Its diagonal, whose parts may cancel, has more digits; it is linear in v, as JAX wants to transpose it.
    """
    at = _squash_parts(x, axis)
    unit, length = nearest(at.unit), root(choose(leading(at.square) > 0, at.square, 1.0))
    same = nearest(at.below * at.square + at.unlike * (at.unit * at.unit))
    others = from_others(unit * v, at.scale * (1 / at.scale), axis)
    return cast(
        (same * v + nearest(at.unlike) * unit * others) * (at.scale / nearest(length * at.below * at.below)), x.dtype
    )
