"""Rectifiers: nothing or little on the left, the identity or its like on the right."""

import math

from gradoscope.arrays import Array, at_least, at_most, cast, constant, exp, expm1, isnan, where
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
)
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, REAL

INF = math.inf
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(strictly=False),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(0, kinks=(0,)),
    Dead(-INF, 0),
    Saturates(left=0),
    Moments(mean=0.398942, second=0.5, slope=0.5),
    formula=r"f(x) = \max(x, 0)",
    textbook="max(x, 0)",
    aliases=("rectifier", "rectified_linear_unit"),
    source="Fukushima 1969; Nair & Hinton 2010, ICML",
    initialiser="he_normal",
    guidance=Guidance(
        use="The default for hidden layers.",
        strengths=("Cheap, and its gradient does not vanish where it is active.", "Sparse activity."),
        weaknesses=(
            "A unit that is negative for every example is dead: it never learns again.",
            "Its outputs are not centred on zero.",
        ),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.ReLU", "relu", "relu", sklearn="relu"),
)
def relu(x: Array) -> Array:
    """The rectified linear unit; its derivative at 0 is 0.

    Examples
    --------
    >>> relu([-1.0, 0.0, 2.0]), relu.derivative([-1.0, 0.0, 2.0])
    (array([0., 0., 2.]), array([0., 0., 1.]))
    """
    return at_least(x, 0.0)


@relu.derivative
def _(x: Array) -> Array:
    return where(isnan(x), x, cast(x > 0, x.dtype))


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(0, kinks=(0,)),
    Moments(mean=0.394953, second=0.50005, slope=0.50005),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases}",
    textbook="x if x > 0 else negative_slope * x",
    aliases=("lrelu", "leaky_rectifier"),
    source="Maas, Hannun & Ng 2013",
    initialiser="he_normal",
    domains={"negative_slope": REAL},
    trainable=("negative_slope",),
    guidance=Guidance(
        use="Hidden layers where ReLU units die; discriminators (with slope 0.2).",
        strengths=("No dead units: some gradient passes on both sides.", "As cheap as ReLU."),
        weaknesses=("One more number to choose; with a small slope it behaves like ReLU.",),
        pairs_with=("categorical_cross_entropy", "binary_cross_entropy"),
        differs="The default slope is 0.01 in PyTorch and JAX, 0.2 in the Keras function and 0.3 in the Keras layer.",
    ),
    peers=Peers("nn.LeakyReLU", "leaky_relu", "leaky_relu"),
)
def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    """The leaky rectified linear unit; its derivative at 0 is the slope of the left side.

    Examples
    --------
    >>> leaky_relu([-1.0, 2.0], negative_slope=0.2)
    array([-0.2,  2. ])
    """
    return where(x > 0, x, negative_slope * x)


@leaky_relu.derivative
def _(x: Array, negative_slope: float = 0.01) -> Array:
    return where(isnan(x), x, where(x > 0, constant(x, 1.0), negative_slope))


@leaky_relu.gradient("negative_slope")
def _(x: Array, negative_slope: float = 0.01) -> Array:
    return at_most(x, 0.0)


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
    textbook="1.0507009873554804934193349852946 * (x if x > 0 else 1.6732632423543772848170429916717 * (exp(x) - 1))",
    aliases=("scaled_exponential_linear_unit",),
    source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, NeurIPS",
    initialiser="lecun_normal",
    guidance=Guidance(
        use="Deep plain networks on tables, with LeCun initialisation and no normalisation.",
        strengths=("Keeps activity at mean 0 and variance 1 from layer to layer.",),
        weaknesses=("The promise needs LeCun initialisation, dense layers and alpha dropout.",),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.SELU", "selu", "selu"),
)
def selu(x: Array) -> Array:
    """The scaled exponential linear unit; its derivative at 0 is lambda alpha.

    Examples
    --------
    >>> selu([-1.0, 2.0]).round(6)
    array([-1.111331,  2.101402])
    """
    return where(x > 0, SELU_SCALE * x, SELU_SCALE * SELU_ALPHA * expm1(at_most(x, 0.0)))


@selu.derivative
def _(x: Array) -> Array:
    return where(x > 0, constant(x, SELU_SCALE), SELU_SCALE * SELU_ALPHA * exp(at_most(x, 0.0)))


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=INF),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.806059, second=0.921203, slope=0.293379),
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
