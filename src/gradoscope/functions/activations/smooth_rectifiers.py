"""Smooth rectifiers: they bend from little on the left to the identity or its like on the right."""

import math
from typing import Any

from gradoscope.arrays import (
    Array,
    at_least,
    at_most,
    constant,
    exp,
    expm1,
    expm1_less_x,
    in_double,
    magnitude,
    where,
)
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import (
    Convex,
    Dead,
    Increasing,
    Limits,
    Lipschitz,
    Moments,
    Range,
    Saturates,
    Smooth,
    Turns,
)
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, scaled
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, REAL

INF = math.inf
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


@activation(
    Range(-1, INF),
    Limits(-1, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(1, kinks=(0,)),
    Saturates(left=-1),
    Moments(mean=0.160521, second=0.644932, slope=0.668100),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
    textbook="x if x > 0 else alpha * (exp(x) - 1)",
    aliases=("exponential_linear_unit",),
    source="Clevert, Unterthiner & Hochreiter 2016, ICLR",
    initialiser="he_normal",
    domains={"alpha": NOT_NEGATIVE},
    trainable=("alpha",),
    guidance=Guidance(
        use="Hidden layers without normalisation.",
        strengths=("Outputs near zero mean.", "No dead units, and smooth at 0 for alpha = 1."),
        weaknesses=("Costs an exponential.", "Saturates on the left."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.ELU", "elu", "elu"),
)
def elu(x: Array, alpha: float = 1.0) -> Array:
    """The exponential linear unit; its derivative at 0 is alpha.

    Examples
    --------
    >>> elu([-1.0, 2.0]).round(6)
    array([-0.632121,  2.      ])
    """
    return where(x > 0, x, alpha * expm1(at_most(x, 0.0)))


@elu.derivative
def _(x: Array, alpha: float = 1.0) -> Array:
    return where(x > 0, constant(x, 1.0), alpha * exp(at_most(x, 0.0)))


@elu.in_torch
def _(functional: Any, x: Array, alpha: float = 1.0) -> Array:
    return functional.elu(x, alpha)


@elu.gradient("alpha")
def _(x: Array, alpha: float = 1.0) -> Array:
    return expm1(at_most(x, 0.0))


@activation(
    Range(-SELU_SCALE * SELU_ALPHA, INF),
    Limits(-SELU_SCALE * SELU_ALPHA, INF),
    Increasing(),
    Lipschitz(SELU_SCALE * SELU_ALPHA, at=0),
    Smooth(0, kinks=(0,)),
    Saturates(left=-SELU_SCALE * SELU_ALPHA),
    Moments(mean=0, second=1, slope=1.071617),
    formula=r"f(x) = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
    textbook="scale * (x if x > 0 else alpha * (exp(x) - 1))",
    aliases=("scaled_exponential_linear_unit",),
    source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, NeurIPS",
    initialiser="lecun_normal",
    domains={"alpha": POSITIVE, "scale": POSITIVE},
    guidance=Guidance(
        use="Deep plain networks on tables, with LeCun initialisation and no normalisation.",
        strengths=("Keeps activity at mean 0 and variance 1 from layer to layer.",),
        weaknesses=("The promise needs LeCun initialisation, dense layers and alpha dropout.",),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.SELU", "selu", "selu"),
)
def selu(x: Array, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE) -> Array:
    """The scaled exponential linear unit; its derivative at 0 is scale alpha.

    Examples
    --------
    >>> selu([-1.0, 2.0]).round(6)
    array([-1.111331,  2.101402])
    """
    return where(x > 0, scale * x, scale * alpha * expm1(at_most(x, 0.0)))


@selu.derivative
def _(x: Array, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE) -> Array:
    return where(x > 0, constant(x, scale), scale * alpha * exp(at_most(x, 0.0)))


@selu.in_torch
def _(functional: Any, x: Array, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE) -> Array:
    return functional.selu(x) if (alpha, scale) == (SELU_ALPHA, SELU_SCALE) else scale * functional.elu(x, alpha)


@activation(
    Range(-1, INF),
    Limits(-1, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(1, kinks=(0,)),
    Saturates(left=-1),
    Moments(mean=0.1605206, second=0.6449454, slope=0.6681020),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ \alpha (e^{x/\alpha} - 1) & x \le 0 \end{cases}",
    textbook="x if x > 0 else alpha * (exp(x / alpha) - 1)",
    aliases=("continuously_differentiable_elu",),
    source="Barron 2017, arXiv 1704.07483",
    initialiser="he_normal",
    domains={"alpha": POSITIVE},
    guidance=Guidance(
        use="Hidden layers without normalisation.",
        strengths=("Outputs near zero mean.", "Its derivative has no jump, whatever alpha is."),
        weaknesses=("Costs an exponential.", "Saturates on the left."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.CELU", "celu", "celu"),
)
def celu(x: Array, alpha: float = 1.0) -> Array:
    """The continuously differentiable exponential linear unit.

    Examples
    --------
    >>> celu([-1.0, 2.0], alpha=2.0).round(6)
    array([-0.786939,  2.      ])
    """
    return where(x > 0, x, alpha * expm1(at_most(x, 0.0) / alpha))


@celu.derivative
def _(x: Array, alpha: float = 1.0) -> Array:
    return exp(at_most(x, 0.0) / alpha)


@celu.in_torch
def _(functional: Any, x: Array, alpha: float = 1.0) -> Array:
    return functional.celu(x, alpha)


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=INF),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.806059, second=0.921246, slope=0.293379),
    formula=r"f(x) = \frac{1}{\beta} \log(1 + e^{\beta x})",
    textbook="log(1 + exp(beta * x)) / beta",
    aliases=("smooth_relu",),
    source="Dugas, Bengio, Belisle, Nadeau & Garcia 2001, NeurIPS",
    initialiser="he_normal",
    domains={"beta": POSITIVE},
    guidance=Guidance(
        use="Positive outputs such as scales and rates.",
        strengths=("Smooth and positive, and grows only linearly.",),
        weaknesses=("Its outputs are far from zero mean, so it is rarely good in hidden layers.",),
        pairs_with=("poisson",),
        differs="PyTorch switches to the identity above beta x = 20.",
    ),
    peers=Peers("nn.Softplus", "softplus", "softplus"),
)
def softplus(x: Array, beta: float = 1.0) -> Array:
    """A smooth rectifier, log(1 + exp(beta x)) / beta.

    Examples
    --------
    >>> round(float(softplus(0.0)), 6)
    0.693147
    """
    return kernels.softplus(beta * x) / beta


@softplus.derivative
def _(x: Array, beta: float = 1.0) -> Array:
    return kernels.sigmoid(beta * x)


@softplus.in_torch
def _(functional: Any, x: Array, beta: float = 1.0) -> Array:
    return functional.softplus(x, beta, 40.0)  # linear where it is so in every dtype


@activation(
    Range(0, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=INF),
    Smooth(),
    Saturates(left=0),
    Moments(mean=1.1093055, second=1.5, slope=0.2893154),
    formula=r"f(x) = \frac{x + \sqrt{x^2 + b}}{2}",
    textbook="(x + sqrt(x**2 + b)) / 2",
    aliases=("square_plus",),
    source="Barron 2021, arXiv 2112.11687",
    initialiser="he_normal",
    domains={"b": POSITIVE},
    guidance=Guidance(
        use="Positive outputs; a softplus without exponential.",
        strengths=("Needs no exponential.", "Smooth and positive, and grows only linearly."),
        weaknesses=("Its outputs are far from zero mean, so it is rarely good in hidden layers.",),
        pairs_with=("poisson",),
    ),
    peers=Peers("", "squareplus", "squareplus"),
)
def squareplus(x: Array, b: float = 4.0) -> Array:
    """(x + sqrt(x^2 + b)) / 2.

    Examples
    --------
    >>> float(squareplus(0.0))
    1.0
    """
    size, root = magnitude(x), kernels.hypotenuse(x, math.sqrt(b))
    return where(x < 0, (b / 2) / (size + root), (x + root) / 2)


@squareplus.derivative
def _(x: Array, b: float = 4.0) -> Array:
    size, root = magnitude(x), kernels.hypotenuse(x, math.sqrt(b))
    share = where(size == INF, 1.0, size / root)
    return where(x < 0, (b / 2) / root / (size + root), (1 + share) / 2)


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(strictly=False),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(1, kinks=(-1, 1)),
    Dead(-INF, -1),
    Saturates(left=0),
    Moments(mean=0.4623301, second=0.5248435, slope=0.3790146),
    formula=r"f(x) = \begin{cases} 0 & x \le -1 \\ (x + 1)^2 / 4 & -1 < x < 1 \\ x & x \ge 1 \end{cases}",
    textbook="0 if x <= -1 else (x if x >= 1 else (x + 1)**2 / 4)",
    aliases=("sparseplus",),
    source="Blondel, Martins & Niculae 2020, JMLR 21",
    initialiser="he_normal",
    guidance=Guidance(
        use="A softplus with exact zeros; the binary sparsemax loss.",
        strengths=("Needs no exponential.", "Exactly zero on the left, the identity on the right, smooth between."),
        weaknesses=("A unit that is negative for every example is dead: it never learns again.",),
        pairs_with=("sparsemax_loss",),
    ),
    peers=Peers("", "sparse_plus", "sparse_plus"),
)
def sparse_plus(x: Array) -> Array:
    """Zero up to -1, (x + 1)^2 / 4 up to 1, then x.

    Examples
    --------
    >>> sparse_plus([-2.0, 0.0, 3.0])
    array([0.  , 0.25, 3.  ])
    """
    bend = (clipped(x, -1.0, 1.0) + 1) / 2
    return where(x > 1, x, bend * bend)


@sparse_plus.derivative
def _(x: Array) -> Array:
    return (clipped(x, -1.0, 1.0) + 1) / 2


@activation(
    Range(-0.2057512, INF),
    Turns(-0.9808293, -0.2057512),
    Lipschitz(INF),
    Smooth(1, kinks=(0,)),
    Moments(mean=0.5284165, second=1.7355151, slope=2.0703353),
    formula=r"f(x) = \beta x + \begin{cases} \alpha_p x^2 & x > 0 \\ \alpha_n (e^x - 1 - x) & x \le 0 \end{cases}",
    textbook="alpha_p * x**2 + beta * x if x > 0 else alpha_n * (exp(x) - 1 - x) + beta * x",
    source="Huang & Schlag 2024, arXiv 2411.13010",
    initialiser="he_normal",
    floor=1 / 8,  # the value crosses zero
    domains={"alpha_p": POSITIVE, "alpha_n": REAL, "beta": REAL},
    trainable=("alpha_p", "alpha_n", "beta"),
    guidance=Guidance(
        use="Feed-forward layers of language models; its parameters are trained.",
        strengths=("Learns its own curvature on both sides.",),
        weaknesses=("Its slope grows without bound.", "Costs an exponential."),
        pairs_with=("categorical_cross_entropy",),
    ),
)
@in_double
def xielu(x: Array, alpha_p: float = 0.8, alpha_n: float = 0.8, beta: float = 0.5) -> Array:
    """The expanded integral of the ELU.

    Examples
    --------
    >>> xielu([-1.0, 1.0]).round(6)
    array([-0.205696,  1.3     ])
    """
    below = at_most(x, 0.0)
    near = alpha_n * expm1_less_x(below) + beta * below
    left = where(below < -1, _xielu_far(clipped(x, -1e6, -1.0), alpha_n, beta), near)
    left = where(below < -1e6, (beta - alpha_n) * below - alpha_n, left)
    return where(x > 0, x * (alpha_p * at_least(x, 0.0) + beta), left)


def _xielu_far(x: Array, alpha_n: float, beta: float) -> Array:
    """Alpha_n (exp(x) - (1 + x)) + beta x for x <= -1, where nothing is lost in 1 + x, nor in products in two parts."""
    (fall, lost), (rise, missing) = scaled(x, beta), scaled(1 + x, alpha_n)
    return (fall - rise) + ((lost - missing) + alpha_n * exp(x))


@xielu.derivative
@in_double
def _(x: Array, alpha_p: float = 0.8, alpha_n: float = 0.8, beta: float = 0.5) -> Array:
    below = at_most(x, 0.0)
    rise, lost = scaled(exp(below), alpha_n)
    left = where(below < -0.5, (rise - (alpha_n - beta)) + lost, alpha_n * expm1(below) + beta)
    return where(x > 0, 2 * alpha_p * x + beta, left)


@xielu.gradient("alpha_p")
def _(x: Array, alpha_p: float = 0.8, alpha_n: float = 0.8, beta: float = 0.5) -> Array:
    part = at_least(x, 0.0)
    return part * part


@xielu.gradient("alpha_n")
def _(x: Array, alpha_p: float = 0.8, alpha_n: float = 0.8, beta: float = 0.5) -> Array:
    return expm1_less_x(at_most(x, 0.0))


@xielu.gradient("beta")
def _(x: Array, alpha_p: float = 0.8, alpha_n: float = 0.8, beta: float = 0.5) -> Array:
    return x


@activation(
    Range(-1, INF),
    Limits(-1, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(2, kinks=(0,)),
    Saturates(left=-1),
    Moments(mean=0.1373640, second=0.6721602, slope=0.7069599),
    formula=r"f(x) = \begin{cases} x & x \ge 0 \\ x / \sqrt{1 + a x^2} & x < 0 \end{cases}",
    textbook="x if x >= 0 else x / sqrt(1 + a * x**2)",
    aliases=("inverse_square_root_linear_unit",),
    source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv 1710.09967",
    initialiser="he_normal",
    domains={"a": POSITIVE},
    guidance=Guidance(
        use="A fast substitute for ELU.",
        strengths=("Needs no exponential.", "Outputs near zero mean."),
        weaknesses=("Saturates on the left.",),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def isrlu(x: Array, a: float = 1.0) -> Array:
    """The identity on the right, x / sqrt(1 + a x^2) on the left.

    Examples
    --------
    >>> isrlu([-1.0, 2.0]).round(6)
    array([-0.707107,  2.      ])
    """
    small, large = kernels.root_parts(x, math.sqrt(a))
    left = where(magnitude(x) * math.sqrt(a) > 1, -large / math.sqrt(a), x * small)
    return where(x >= 0, x, left)


@isrlu.derivative
def _(x: Array, a: float = 1.0) -> Array:
    small, large = kernels.root_parts(at_most(x, 0.0), math.sqrt(a))
    size = magnitude(at_most(x, 0.0)) * math.sqrt(a)
    inner, outer = at_most(size, 1.0), at_least(size, 1.0)
    return where(size > 1, large / outer / (1 + outer * outer), small / (1 + inner * inner))


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(),
    Convex(),
    Lipschitz(3 / 2, at=INF),
    Smooth(),
    Moments(mean=0.1772654, second=1.0727346, slope=1.0860801),
    formula=r"f(x) = \frac{\sqrt{x^2 + 1} - 1}{2} + x",
    textbook="(sqrt(x**2 + 1) - 1) / 2 + x",
    source="-",
    initialiser="he_normal",
    guidance=Guidance(
        use="Regression, where a linear layer should bend a little.",
        strengths=("Its gradient never vanishes.", "Smooth everywhere."),
        weaknesses=("Unbounded on both sides.",),
        pairs_with=("mean_squared_error",),
    ),
)
def bent_identity(x: Array) -> Array:
    """(sqrt(x^2 + 1) - 1) / 2 + x.

    Examples
    --------
    >>> round(float(bent_identity(1.0)), 6)
    1.207107
    """
    size, root = magnitude(x), kernels.hypotenuse(x, 1.0)
    share = where(size == INF, 1.0, size / (1 + root)) / 2
    return size * where(x < 0, share - 1, share + 1)


@bent_identity.derivative
def _(x: Array) -> Array:
    size, root = magnitude(x), kernels.hypotenuse(x, 1.0)
    share = where(size == INF, 1.0, size / root)
    return 1 + where(x < 0, -share, share) / 2
