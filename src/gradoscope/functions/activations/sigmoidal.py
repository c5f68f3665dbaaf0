"""Sigmoidal functions: they rise from one level to another and saturate on both sides."""

import math
from typing import Any

from gradoscope.arrays import (
    BACK,
    Array,
    at_least,
    at_most,
    atan,
    bell,
    constant,
    eager,
    exp,
    expm1,
    lifted_exp_of_exp,
    magnitude,
    normal_density,
    sign,
    single,
    where,
    within,
)
from gradoscope.arrays import erf as erf_of
from gradoscope.arrays import normal_cdf as cdf
from gradoscope.arrays import tanh as tanh_of
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import (
    Concave,
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
from gradoscope.functions.kernels import clipped
from gradoscope.functions.parameters import POSITIVE, REAL


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
    return single.sigmoid(x) if single.is_single(x) else kernels.sigmoid(x)


@sigmoid.derivative
def _(x: Array) -> Array:
    return single.sigmoid_slope(x) if single.is_single(x) else kernels.sigmoid_slope(x)


sigmoid.together(eager.sigmoid)


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
    light=True,
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
    return eager.tanh(x) if eager.is_ours(x) else tanh_of(x)


@tanh.derivative
def _(x: Array) -> Array:
    return kernels.sech_squared(x)


tanh.together(eager.tanh)


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
    light=True,
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
    return within(x, -1e30, 1e30, lambda x: x / (1 + magnitude(x)), sign)


@softsign.derivative
def _(x: Array) -> Array:
    return (1 / (1 + magnitude(x))) ** 2


@activation(
    Range(-math.inf, 0),
    Limits(-math.inf, 0),
    Increasing(),
    Concave(),
    Lipschitz(1, at=-math.inf),
    Smooth(),
    Saturates(right=0),
    Moments(mean=-0.8060592, second=0.9212459, slope=0.2933790),
    formula=r"f(x) = -\log(1 + e^{-x})",
    textbook="-log(1 + exp(-x))",
    aliases=("log_expit",),
    source="-",
    guidance=Guidance(
        use="Log probabilities inside losses.",
        strengths=("Exact where the logarithm of a sigmoid has lost all digits.",),
        weaknesses=("Its outputs are no probabilities yet.",),
        pairs_with=("binary_cross_entropy",),
    ),
    peers=Peers("nn.LogSigmoid", "log_sigmoid", "log_sigmoid", sklearn="scipy.special.log_expit"),
)
def log_sigmoid(x: Array) -> Array:
    """The logarithm of the logistic function.

    Examples
    --------
    >>> log_sigmoid([-50.0, 0.0]).round(6)
    array([-50.      ,  -0.693147])
    """
    return -kernels.softplus(-x)


@log_sigmoid.derivative
def _(x: Array) -> Array:
    return kernels.sigmoid(-x)


@log_sigmoid.in_torch
def _(functional: Any, x: Array) -> Array:
    return functional.logsigmoid(x)


@activation(
    Range(-1.7159, 1.7159),
    Limits(-1.7159, 1.7159),
    Increasing(),
    Odd(),
    Lipschitz(1.7159 * 2 / 3, at=0),
    Smooth(),
    Saturates(left=-1.7159, right=1.7159),
    Moments(mean=0, second=0.7504303, slope=0.8039891),
    formula=r"f(x) = 1.7159 \tanh(2x / 3)",
    textbook="17159 * tanh(2 * x / 3) / 10000",
    aliases=("scaled_tanh",),
    source="LeCun, Bottou, Orr & Muller 1998, Efficient BackProp",
    guidance=Guidance(
        use="Hidden layers of small networks with inputs of unit variance.",
        strengths=(
            "Zero-centred and bounded.",
            "f(1) = 1 and f(-1) = -1: targets of 1 and -1 lie where the slope is large.",
        ),
        weaknesses=("Saturates on both sides, so gradients vanish in deep stacks.",),
        pairs_with=("mean_squared_error",),
    ),
)
def lecun_tanh(x: Array) -> Array:
    """1.7159 tanh(2 x / 3).

    Examples
    --------
    >>> round(float(lecun_tanh(1.0)), 4)
    1.0
    """
    return 1.7159 * tanh_of(x * (2 / 3))


@lecun_tanh.derivative
def _(x: Array) -> Array:
    return 1.7159 * 2 / 3 * kernels.sech_squared(*kernels.divided(clipped(x, -1e30, 1e30), 1.5))


@activation(
    Range(-math.pi / 2, math.pi / 2),
    Limits(-math.pi / 2, math.pi / 2),
    Increasing(),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(),
    Saturates(left=-math.pi / 2, right=math.pi / 2),
    Moments(mean=0, second=0.4497009, slope=0.5),
    formula=r"f(x) = \arctan x",
    textbook="atan(x)",
    aliases=("atan",),
    source="-",
    guidance=Guidance(
        use="Bounded outputs; the surrogate gradient of spiking networks.",
        strengths=("Saturates slowly: its tails are polynomial.", "Zero-centred and bounded."),
        weaknesses=("Shrinks signals from layer to layer.",),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("atan", "ops.arctan", "jax.numpy.arctan"),
)
def arctan(x: Array) -> Array:
    """The arc tangent.

    Examples
    --------
    >>> round(float(arctan(1.0)), 6)
    0.785398
    """
    return atan(x)


@arctan.derivative
def _(x: Array) -> Array:
    size = magnitude(x)
    inverse = 1 / at_least(size, 1.0)
    inner = at_most(size, 1.0)
    return where(size > 1, inverse * inverse / (1 + inverse * inverse), 1 / (1 + inner * inner))


@activation(
    Range(-1, 1),
    Limits(-1, 1),
    Increasing(),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(),
    Saturates(left=-1, right=1),
    Moments(mean=0, second=0.3443205, slope=0.4139199),
    formula=r"f(x) = \frac{x}{\sqrt{1 + a x^2}}",
    textbook="x / sqrt(1 + a * x**2)",
    aliases=("inverse_square_root_unit",),
    source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv 1710.09967",
    domains={"a": POSITIVE},
    guidance=Guidance(
        use="A cheap substitute for tanh.",
        strengths=("Needs no exponential.", "Zero-centred and bounded."),
        weaknesses=("Shrinks signals from layer to layer.",),
        pairs_with=("mean_squared_error",),
    ),
)
def isru(x: Array, a: float = 1.0) -> Array:
    """X / sqrt(1 + a x^2).

    Examples
    --------
    >>> round(float(isru(1.0)), 6)
    0.707107
    """
    small, large = kernels.root_parts(x, math.sqrt(a))
    return where(magnitude(x) * math.sqrt(a) > 1, where(x < 0, -large, large) / math.sqrt(a), x * small)


@isru.derivative
def _(x: Array, a: float = 1.0) -> Array:
    small, large = kernels.root_parts(x, math.sqrt(a))
    size = magnitude(x) * math.sqrt(a)
    inner, outer = at_most(size, 1.0), at_least(size, 1.0)
    return where(size > 1, large / outer / (1 + outer * outer), small / (1 + inner * inner))


@activation(
    Range(0, 1),
    Limits(0, 1),
    Increasing(),
    Symmetric(1),
    Lipschitz(1 / math.sqrt(2 * math.pi), at=0),
    Smooth(),
    Saturates(left=0, right=1),
    Moments(mean=0.5, second=1 / 3, slope=0.0918881),
    formula=r"\Phi(x) = \frac{1}{\sqrt{2\pi}} \int_{-\infty}^x e^{-t^2/2}\,dt",
    textbook="ncdf(x)",
    aliases=(
        "probit_inverse",
        "ndtr",
        "gaussian_cdf",
    ),
    source="Bliss 1934, Science 79",
    guidance=Guidance(
        use="Output of the probit model.",
        strengths=("Its output is a probability.",),
        weaknesses=("Its tails are thinner than those of the sigmoid, so confident mistakes cost more.",),
        pairs_with=("binary_cross_entropy",),
    ),
    peers=Peers("special.ndtr", "", "jax.scipy.stats.norm.cdf", sklearn="scipy.special.ndtr"),
)
def normal_cdf(x: Array) -> Array:
    """The distribution function of N(0, 1).

    Examples
    --------
    >>> round(float(normal_cdf(1.96)), 6)
    0.975002
    """
    return cdf(x)


@normal_cdf.derivative
def _(x: Array) -> Array:
    return normal_density(x)


@activation(
    Range(-1, 1),
    Limits(-1, 1),
    Increasing(),
    Odd(),
    Lipschitz(2 / math.sqrt(math.pi), at=0),
    Smooth(),
    Saturates(left=-1, right=1),
    Moments(mean=0, second=0.4645591, slope=0.5694100),
    formula=r"\operatorname{erf}(x) = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2}\,dt",
    textbook="erf(x)",
    aliases=("error_function",),
    source="Williams 1997, Computing with infinite networks",
    guidance=Guidance(
        use="Theory of wide networks; a tanh with Gaussian tails.",
        strengths=("Zero-centred and bounded.", "Smooth everywhere."),
        weaknesses=("Saturates on both sides, so gradients vanish in deep stacks.",),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("erf", "ops.erf", "jax.scipy.special.erf", sklearn="scipy.special.erf"),
)
def erf(x: Array) -> Array:
    """The error function.

    Examples
    --------
    >>> round(float(erf(1.0)), 6)
    0.842701
    """
    return erf_of(x)


@erf.derivative
def _(x: Array) -> Array:
    return bell(x, -1.0) * (2 / math.sqrt(math.pi))


@activation(
    Range(0, 1),
    Limits(0, 1),
    Increasing(),
    Lipschitz(math.exp(-1), at=0),
    Smooth(),
    Saturates(left=0, right=1),
    Moments(mean=0.6182435, second=0.4527958, slope=0.0783426),
    formula=r"f(x) = 1 - e^{-e^x}",
    textbook="1 - exp(-exp(x))",
    aliases=("complementary_log_log",),
    source="Gomes & Ludermir 2008",
    guidance=Guidance(
        use="Output for rare events.",
        strengths=("Its output is a probability.",),
        weaknesses=("Not symmetric: the two classes cannot be swapped.",),
        pairs_with=("binary_cross_entropy",),
    ),
)
def cloglog(x: Array) -> Array:
    """The complementary log-log function, 1 - exp(-exp(x)).

    Examples
    --------
    >>> round(float(cloglog(0.0)), 6)
    0.632121
    """
    return -expm1(-exp(at_most(x, 80.0)))


@cloglog.derivative
def _(x: Array) -> Array:
    return (exp(at_most(x, 8.0)) * lifted_exp_of_exp(at_most(x, 8.0))) * BACK


@activation(
    Range(-30, 30),
    Increasing(),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(),
    Saturates(left=-30, right=30),
    Moments(mean=0, second=0.9977847, slope=0.9977864),
    formula=r"f(x) = c \tanh(x / c)",
    textbook="cap * tanh(x / cap)",
    aliases=(
        "logit_cap",
        "soft_cap",
    ),
    source="Bello, Pham, Le, Norouzi & Bengio 2017; Gemma 2, 2024",
    domains={"cap": POSITIVE},
    guidance=Guidance(
        use="Bounding logits and attention scores.",
        strengths=("Small values pass almost unchanged, large ones stay bounded.",),
        weaknesses=("Saturates on both sides, so gradients vanish there.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def softcap(x: Array, cap: float = 30.0) -> Array:
    """Cap tanh(x / cap).

    Examples
    --------
    >>> softcap([1.0, 1000.0]).round(4)
    array([ 0.9996, 30.    ])
    """
    share = x / cap
    return where(magnitude(share) < 1e-30, x, cap * tanh_of(share))  # a subnormal share has lost its digits


@softcap.derivative
def _(x: Array, cap: float = 30.0) -> Array:
    return kernels.sech_squared(*kernels.divided(clipped(x, -1e30, 1e30), cap))


@activation(
    Range(-1, 1),
    Limits(-1, 1),
    Increasing(),
    Odd(),
    Lipschitz(1 / 2, at=0),
    Smooth(),
    Saturates(left=-1, right=1),
    Moments(mean=0, second=0.1735161, slope=0.1793450),
    formula=r"f(x) = \gamma \tanh(\alpha x) + \beta",
    textbook="gamma * tanh(alpha * x) + beta",
    aliases=("dynamic_tanh",),
    source="Zhu, Chen, He, LeCun & Liu 2025, arXiv 2503.10622",
    domains={"alpha": REAL, "gamma": REAL, "beta": REAL},
    trainable=(
        "alpha",
        "gamma",
        "beta",
    ),
    guidance=Guidance(
        use="A replacement of layer normalisation in transformers; its parameters are trained.",
        strengths=("Needs no statistics of the batch or layer.",),
        weaknesses=("Its scale must be trained, and alpha must fit the width.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def dyt(x: Array, alpha: float = 0.5, gamma: float = 1.0, beta: float = 0.0) -> Array:
    """The dynamic tanh, gamma tanh(alpha x) + beta.

    Examples
    --------
    >>> dyt([0.0, 2.0]).round(6)
    array([0.      , 0.761594])
    """
    return gamma * tanh_of(alpha * x) + beta


@dyt.derivative
def _(x: Array, alpha: float = 0.5, gamma: float = 1.0, beta: float = 0.0) -> Array:
    return gamma * alpha * kernels.sech_squared(alpha * x)


@dyt.gradient("alpha")
def _(x: Array, alpha: float = 0.5, gamma: float = 1.0, beta: float = 0.0) -> Array:
    return gamma * kernels.sech_squared(alpha * x) * clipped(x, -1e30, 1e30)


@dyt.gradient("gamma")
def _(x: Array, alpha: float = 0.5, gamma: float = 1.0, beta: float = 0.0) -> Array:
    return tanh_of(alpha * x)


@dyt.gradient("beta")
def _(x: Array, alpha: float = 0.5, gamma: float = 1.0, beta: float = 0.0) -> Array:
    return constant(x, 1.0)
