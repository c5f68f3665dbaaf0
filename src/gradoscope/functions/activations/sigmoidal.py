"""Sigmoidal functions: they rise from one level to another and saturate on both sides."""

from gradoscope.arrays import Array, isfinite, magnitude, sign, where
from gradoscope.arrays import tanh as tanh_of
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import (
    Increasing,
    Limits,
    Lipschitz,
    Moments,
    Odd,
    Range,
    Saturates,
    Smooth,
    Symmetric,
)
from gradoscope.functions.guidance import Guidance, Peers


@activation(
    Range(0, 1),
    Limits(0, 1),
    Increasing(),
    Symmetric(1),
    Lipschitz(1 / 4, at=0),
    Smooth(),
    Saturates(left=0, right=1),
    Moments(mean=0.5, second=0.293379, slope=0.0448313),
    formula=r"\sigma(x) = \frac{1}{1 + e^{-x}}",
    textbook="1 / (1 + exp(-x))",
    aliases=("logistic", "expit"),
    source="Verhulst 1845; Rumelhart, Hinton & Williams 1986, Nature 323",
    guidance=Guidance(
        use="Output for two classes or several labels; gates.",
        strengths=("Its output is a probability.", "Smooth, with a derivative of at most 1/4."),
        weaknesses=(
            "Gradients vanish in deep stacks: each layer multiplies them by at most 1/4.",
            "Saturates on both sides, and its outputs are not centred on zero.",
        ),
        pairs_with=("binary_cross_entropy",),
    ),
    peers=Peers("nn.Sigmoid", "sigmoid", "sigmoid", sklearn="logistic"),
)
def sigmoid(x: Array) -> Array:
    """The logistic function.

    Examples
    --------
    >>> float(sigmoid(0.0)), float(sigmoid.derivative(0.0))
    (0.5, 0.25)
    """
    return kernels.sigmoid(x)


@sigmoid.derivative
def _(x: Array) -> Array:
    return kernels.sigmoid_slope(x)


@activation(
    Range(-1, 1),
    Limits(-1, 1),
    Increasing(),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(),
    Saturates(left=-1, right=1),
    Moments(mean=0, second=0.394294, slope=0.464403),
    formula=r"\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}",
    textbook="tanh(x)",
    aliases=("hyperbolic_tangent",),
    source="LeCun, Bottou, Orr & Muller 1998, Efficient BackProp",
    guidance=Guidance(
        use="Hidden layers of small and recurrent networks; bounded outputs around zero.",
        strengths=("Zero-centred and bounded.", "Its slope at 0 is 1, so small signals pass unchanged."),
        weaknesses=("Saturates on both sides, so gradients vanish in deep stacks.",),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("nn.Tanh", "tanh", "tanh", sklearn="tanh"),
)
def tanh(x: Array) -> Array:
    """The hyperbolic tangent.

    Examples
    --------
    >>> round(float(tanh(1.0)), 6)
    0.761594
    """
    return tanh_of(x)


@tanh.derivative
def _(x: Array) -> Array:
    return kernels.sech_squared(x)


@activation(
    Range(-1, 1),
    Limits(-1, 1),
    Increasing(),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(1, kinks=(0,)),
    Saturates(left=-1, right=1),
    Moments(mean=0, second=0.183020, slope=0.227732),
    formula=r"f(x) = \frac{x}{1 + |x|}",
    textbook="x / (1 + abs(x))",
    aliases=("soft_sign",),
    source="Elliott 1993; Bergstra, Desjardins, Lamblin & Bengio 2009",
    guidance=Guidance(
        use="Hidden layers where tanh saturates too fast.",
        strengths=("Saturates slowly: its tails are polynomial.", "Needs no exponential."),
        weaknesses=("Shrinks signals: under N(0, 1) it keeps a fifth of their power.",),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("nn.Softsign", "softsign", "soft_sign"),
)
def softsign(x: Array) -> Array:
    """X / (1 + |x|).

    Examples
    --------
    >>> float(softsign(-3.0))
    -0.75
    """
    return where(isfinite(x), x / (1 + magnitude(x)), sign(x))


@softsign.derivative
def _(x: Array) -> Array:
    return (1 / (1 + magnitude(x))) ** 2
