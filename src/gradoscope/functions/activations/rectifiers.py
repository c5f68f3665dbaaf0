"""Rectifiers with a kink: nothing or little on the left, the identity or its like on the right."""

import math
from typing import Any

from gradoscope.arrays import (
    Array,
    at_least,
    at_most,
    cast,
    constant,
    keeping_nan,
    log1p,
    where,
)
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
from gradoscope.functions.kernels import clipped
from gradoscope.functions.parameters import POSITIVE, REAL

INF = math.inf


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
    light=True,
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
    return keeping_nan(x, cast(x > 0, x.dtype))


@relu.in_torch
def _(functional: Any, x: Array) -> Array:
    return functional.relu(x)


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
    return keeping_nan(x, where(x > 0, constant(x, 1.0), negative_slope))


@leaky_relu.in_torch
def _(functional: Any, x: Array, negative_slope: float = 0.01) -> Array:
    return functional.leaky_relu(x, negative_slope)


@leaky_relu.gradient("negative_slope")
def _(x: Array, negative_slope: float = 0.01) -> Array:
    return at_most(x, 0.0)


@activation(
    Range(0, 6),
    Limits(0, 6),
    Increasing(strictly=False),
    Lipschitz(1, at=1),
    Smooth(0, kinks=(0, 6)),
    Dead(-INF, 0),
    Saturates(left=0, right=6),
    Moments(mean=0.3989423, second=0.5, slope=0.5),
    formula=r"f(x) = \min(\max(x, 0), m),\quad m = 6",
    textbook="min(max(x, 0), maximum)",
    aliases=("clipped_relu",),
    source="Krizhevsky 2010",
    initialiser="he_normal",
    domains={"maximum": POSITIVE},
    guidance=Guidance(
        use="Networks for low-precision arithmetic.",
        strengths=("Cheap, and bounded on both sides.",),
        weaknesses=(
            "A unit that is negative for every example is dead: it never learns again.",
            "Its gradient is exactly zero above 6.",
        ),
        pairs_with=("categorical_cross_entropy",),
    ),
    peers=Peers("nn.ReLU6", "relu6", "relu6"),
)
def relu6(x: Array, maximum: float = 6.0) -> Array:
    """The rectifier with a ceiling; its derivative at both kinks is 0.

    Examples
    --------
    >>> relu6([-1.0, 3.0, 9.0])
    array([0., 3., 6.])
    """
    return clipped(x, 0.0, maximum)


@relu6.derivative
def _(x: Array, maximum: float = 6.0) -> Array:
    return keeping_nan(x, cast((x > 0) & (x < maximum), x.dtype))


@relu6.in_torch
def _(functional: Any, x: Array, maximum: float = 6.0) -> Array:
    return functional.hardtanh(x, 0.0, maximum)


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(0, kinks=(0,)),
    Moments(mean=0.2992067, second=0.53125, slope=0.53125),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases},\quad a \text{ trained}",
    textbook="x if x > 0 else negative_slope * x",
    aliases=("parametric_relu",),
    source="He, Zhang, Ren & Sun 2015, ICCV",
    initialiser="he_normal",
    domains={"negative_slope": REAL},
    trainable=("negative_slope",),
    guidance=Guidance(
        use="Convolutional networks; the slope is trained with the weights.",
        strengths=("No dead units: some gradient passes on both sides.", "Learns its own slope."),
        weaknesses=("More parameters; weight decay on the slope pulls it to ReLU.",),
        pairs_with=("categorical_cross_entropy",),
        differs="The slope starts from 0.25 in PyTorch, 0 in Keras and 0.01 in Flax.",
    ),
    peers=Peers("nn.PReLU", "layers.PReLU", "flax.linen.PReLU"),
)
def prelu(x: Array, negative_slope: float = 0.25) -> Array:
    """The leaky rectifier with a trained slope; its derivative at 0 is the slope.

    Examples
    --------
    >>> prelu([-1.0, 2.0])
    array([-0.25,  2.  ])
    """
    return where(x > 0, x, negative_slope * x)


@prelu.derivative
def _(x: Array, negative_slope: float = 0.25) -> Array:
    return keeping_nan(x, where(x > 0, constant(x, 1.0), negative_slope))


@prelu.in_torch
def _(functional: Any, x: Array, negative_slope: float = 0.25) -> Array:
    return functional.leaky_relu(x, negative_slope)


@prelu.gradient("negative_slope")
def _(x: Array, negative_slope: float = 0.25) -> Array:
    return at_most(x, 0.0)


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(),
    Convex(),
    Lipschitz(1, at=1),
    Smooth(0, kinks=(0,)),
    Moments(mean=0.3075180, second=0.5262587, slope=0.5262587),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ a x & x \le 0 \end{cases},\quad a \sim U(1/8, 1/3)",
    textbook="x if x > 0 else negative_slope * x",
    aliases=("randomised_leaky_relu", "randomized_relu"),
    source="Xu, Wang, Chen & Li 2015, arXiv 1505.00853",
    initialiser="he_normal",
    domains={"negative_slope": REAL},
    guidance=Guidance(
        use="Regularising convolutional networks on little data.",
        strengths=("No dead units: some gradient passes on both sides.", "Random slopes regularise."),
        weaknesses=("Training needs random numbers; values differ from call to call.",),
        pairs_with=("categorical_cross_entropy",),
    ),
    peers=Peers("nn.RReLU"),
)
def rrelu(x: Array, negative_slope: float = 11 / 48) -> Array:
    """The leaky rectifier whose slopes are drawn anew while training: give them as an array. The default is their mean.

    Examples
    --------
    >>> rrelu([-1.0, 2.0], negative_slope=[0.2, 0.3])
    array([-0.2,  2. ])
    """
    return where(x > 0, x, negative_slope * x)


@rrelu.derivative
def _(x: Array, negative_slope: float = 11 / 48) -> Array:
    return keeping_nan(x, where(x > 0, constant(x, 1.0), negative_slope))


@rrelu.in_torch
def _(functional: Any, x: Array, negative_slope: float = 11 / 48) -> Array:
    return functional.leaky_relu(x, negative_slope)


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(strictly=False),
    Convex(),
    Lipschitz(INF),
    Smooth(1, kinks=(0,)),
    Dead(-INF, 0),
    Saturates(left=0),
    Moments(mean=0.5, second=1.5, slope=2),
    formula=r"f(x) = \max(x, 0)^2",
    textbook="max(x, 0)**2",
    aliases=("relu2", "squared_relu"),
    source="So, Manke, Liu, Dai, Shazeer & Le 2021, Primer",
    initialiser="he_normal",
    guidance=Guidance(
        use="Feed-forward layers of transformers.",
        strengths=("Sparse activity.", "Its derivative has no jump."),
        weaknesses=(
            "A unit that is negative for every example is dead: it never learns again.",
            "Its slope grows without bound.",
        ),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def relu_squared(x: Array) -> Array:
    """The squared rectifier.

    Examples
    --------
    >>> relu_squared([-1.0, 3.0])
    array([0., 9.])
    """
    part = at_least(x, 0.0)
    return part * part


@relu_squared.derivative
def _(x: Array) -> Array:
    return 2 * at_least(x, 0.0)


@activation(
    Range(-0.4472, INF),
    Limits(-0.4472, INF),
    Increasing(strictly=False),
    Convex(),
    Lipschitz(INF),
    Smooth(1, kinks=(0,)),
    Dead(-INF, 0),
    Saturates(left=-0.4472),
    Moments(mean=0, second=0.9999392, slope=1.5999027),
    formula=r"f(x) = s \max(x, 0)^2 + b",
    textbook="scale * max(x, 0)**2 + bias",
    source="Yu, Si, Zhou, Luo, Zhou, Feng, Yan & Wang 2022, MetaFormer baselines",
    initialiser="he_normal",
    floor=1 / 8,  # the value crosses zero
    domains={"scale": REAL, "bias": REAL},
    trainable=("scale", "bias"),
    guidance=Guidance(
        use="Feed-forward layers of MetaFormers.",
        strengths=("Keeps N(0, 1) inputs at mean 0 and variance 1.",),
        weaknesses=(
            "A unit that is negative for every example is dead: it never learns again.",
            "Its slope grows without bound.",
        ),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def star_relu(x: Array, scale: float = 0.8944, bias: float = -0.4472) -> Array:
    """The squared rectifier, scaled and shifted to mean 0 and variance 1; both numbers may be trained.

    Examples
    --------
    >>> star_relu([-1.0, 2.0])
    array([-0.4472,  3.1304])
    """
    part = at_least(x, 0.0)
    return scale * (part * part) + bias


@star_relu.derivative
def _(x: Array, scale: float = 0.8944, bias: float = -0.4472) -> Array:
    return 2 * scale * at_least(x, 0.0)


@star_relu.gradient("scale")
def _(x: Array, scale: float = 0.8944, bias: float = -0.4472) -> Array:
    part = at_least(x, 0.0)
    return part * part


@star_relu.gradient("bias")
def _(x: Array, scale: float = 0.8944, bias: float = -0.4472) -> Array:
    return constant(x, 1.0)


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(strictly=False),
    Lipschitz(INF),
    Smooth(-1, kinks=(1,)),
    Dead(-INF, 1),
    Saturates(left=0),
    Moments(mean=0.2419707, second=0.4006260, slope=0.1586553),
    formula=r"f(x) = \begin{cases} x & x > \theta \\ v & x \le \theta \end{cases}",
    textbook="x if x > theta else value",
    aliases=("thresholded_relu",),
    source="Konda, Memisevic & Krueger 2014, arXiv 1402.3337",
    initialiser="he_normal",
    domains={"theta": REAL, "value": REAL},
    guidance=Guidance(
        use="Sparse codes.",
        strengths=("Small values become exactly zero.",),
        weaknesses=(
            "It jumps at the threshold.",
            "A unit that is negative for every example is dead: it never learns again.",
        ),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("nn.Threshold", "threshold"),
)
def threshold(x: Array, theta: float = 1.0, value: float = 0.0) -> Array:
    """X above a threshold, else a value; its derivative at the threshold is 0.

    Examples
    --------
    >>> threshold([0.5, 2.0])
    array([0., 2.])
    """
    return keeping_nan(x, where(x > theta, x, value))


@threshold.derivative
def _(x: Array, theta: float = 1.0, value: float = 0.0) -> Array:
    return keeping_nan(x, cast(x > theta, x.dtype))


@threshold.in_torch
def _(functional: Any, x: Array, theta: float = 1.0, value: float = 0.0) -> Array:
    return functional.threshold(x, theta, value)


@activation(
    Range(0, INF),
    Limits(0, INF),
    Increasing(strictly=False),
    Lipschitz(1, at=1e-9),
    Smooth(0, kinks=(0,)),
    Dead(-INF, 0),
    Moments(mean=0.2674111, second=0.1934218, slope=0.2063775),
    formula=r"f(x) = \log(1 + \beta \max(x, 0))",
    textbook="log(1 + beta * max(x, 0))",
    aliases=("natural_logarithm_relu",),
    source="Liu, Zhang, Gao & Chen 2019, arXiv 1908.03682",
    initialiser="he_normal",
    domains={"beta": POSITIVE},
    guidance=Guidance(
        use="Damping large activations.",
        strengths=("Large values grow only logarithmically.",),
        weaknesses=("A unit that is negative for every example is dead: it never learns again.",),
        pairs_with=("mean_squared_error",),
    ),
)
def nlrelu(x: Array, beta: float = 1.0) -> Array:
    """log(1 + beta max(x, 0)); its derivative at 0 is 0.

    Examples
    --------
    >>> nlrelu([-1.0, 1.0]).round(6)
    array([0.      , 0.693147])
    """
    return log1p(beta * at_least(x, 0.0))


@nlrelu.derivative
def _(x: Array, beta: float = 1.0) -> Array:
    return keeping_nan(x, where(x > 0, beta / (1 + beta * at_least(x, 0.0)), 0.0))
