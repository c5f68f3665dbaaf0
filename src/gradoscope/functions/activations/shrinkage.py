"""Shrinkage, periodic and radial functions, and the exponential."""

import math

from gradoscope.arrays import Array, exp
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Convex, Increasing, Limits, Lipschitz, Moments, Range, Smooth
from gradoscope.functions.guidance import Guidance, Peers

INF = math.inf


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(),
    Convex(),
    Lipschitz(INF),
    Smooth(),
    Moments(mean=math.exp(0.5), second=math.exp(2), slope=math.exp(2)),
    formula=r"f(x) = e^x",
    textbook="exp(x)",
    aliases=("exp",),
    source="-",
    guidance=Guidance(
        use="Output for counts and other positive quantities on a logarithmic scale.",
        strengths=("Positive; the matched output of the Poisson loss.",),
        weaknesses=("Overflows: above 88 in float32 it is infinite.",),
        pairs_with=("poisson",),
    ),
    peers=Peers("exp", "exponential", "jax.numpy.exp"),
)
def exponential(x: Array) -> Array:
    """The exponential function.

    Examples
    --------
    >>> float(exponential(0.0))
    1.0
    """
    return exp(x)


@exponential.derivative
def _(x: Array) -> Array:
    return exp(x)
