"""Shrinkage, periodic and radial functions, and the exponential."""

import math
from typing import Any

from gradoscope.arrays import (
    BACK,
    Array,
    bell,
    cast,
    cos,
    eager,
    exp,
    in_double,
    isfinite,
    keeping_nan,
    lifted_bell,
    magnitude,
    sin,
    tanh,
    tanh_less,
    where,
)
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import (
    Convex,
    Dead,
    Even,
    Increasing,
    Limits,
    Lipschitz,
    Moments,
    Odd,
    Range,
    Saturates,
    Smooth,
)
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE

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


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(strictly=False),
    Odd(),
    Lipschitz(1, at=1),
    Smooth(0, kinks=(-0.5, 0.5)),
    Dead(-0.5, 0.5),
    Moments(mean=0, second=0.4192785, slope=0.6170751),
    formula=r"f(x) = \operatorname{sign}(x) \max(|x| - \lambda, 0)",
    textbook="(x - threshold if x > threshold else (x + threshold if x < -threshold else 0))",
    aliases=("soft_shrink", "soft_thresholding"),
    source="Donoho & Johnstone 1994, Biometrika 81",
    domains={"threshold": NOT_NEGATIVE},
    guidance=Guidance(
        use="Sparse codes; the proximal map of the absolute value.",
        strengths=("Small values become exactly zero.",),
        weaknesses=("Its gradient is exactly zero around zero.",),
        pairs_with=("mean_squared_error",),
        differs="The threshold is called lambd in PyTorch.",
    ),
    peers=Peers("nn.Softshrink", "soft_shrink"),
)
def softshrink(x: Array, threshold: float = 0.5) -> Array:
    """X moved towards zero by a threshold; its derivative at the kinks is 0.

    Examples
    --------
    >>> softshrink([-2.0, 0.2, 1.0])
    array([-1.5,  0. ,  0.5])
    """
    return x - clipped(x, -threshold, threshold)


@softshrink.derivative
def _(x: Array, threshold: float = 0.5) -> Array:
    return keeping_nan(x, cast(magnitude(x) > threshold, x.dtype))


@softshrink.in_torch
def _(functional: Any, x: Array, threshold: float = 0.5) -> Array:
    return functional.softshrink(x, threshold)


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(strictly=False),
    Odd(),
    Lipschitz(INF),
    Smooth(-1, kinks=(-0.5, 0.5)),
    Dead(-0.5, 0.5),
    Moments(mean=0, second=0.9691404, slope=0.6170751),
    formula=r"f(x) = \begin{cases} x & |x| > \lambda \\ 0 & |x| \le \lambda \end{cases}",
    textbook="x if abs(x) > threshold else 0",
    aliases=("hard_shrink", "hard_thresholding"),
    source="Donoho & Johnstone 1994, Biometrika 81",
    domains={"threshold": NOT_NEGATIVE},
    guidance=Guidance(
        use="Sparse codes; the proximal map of counting.",
        strengths=("Small values become exactly zero, large ones stay as they are.",),
        weaknesses=("It jumps at both thresholds.", "Its gradient is exactly zero around zero."),
        pairs_with=("mean_squared_error",),
        differs="The threshold is called lambd in PyTorch.",
    ),
    peers=Peers("nn.Hardshrink", "hard_shrink"),
)
def hardshrink(x: Array, threshold: float = 0.5) -> Array:
    """x, but 0 up to a threshold.

    Examples
    --------
    >>> hardshrink([-2.0, 0.2, 1.0])
    array([-2.,  0.,  1.])
    """
    return where(magnitude(x) <= threshold, 0.0, x)


@hardshrink.derivative
def _(x: Array, threshold: float = 0.5) -> Array:
    return keeping_nan(x, cast(magnitude(x) > threshold, x.dtype))


@hardshrink.in_torch
def _(functional: Any, x: Array, threshold: float = 0.5) -> Array:
    return functional.hardshrink(x, threshold)


@activation(
    Range(-INF, INF),
    Limits(-INF, INF),
    Increasing(strictly=False),
    Odd(),
    Lipschitz(1, at=INF),
    Smooth(),
    Moments(mean=0, second=0.1828835, slope=0.2529919),
    formula=r"f(x) = x - \tanh x",
    textbook="x - tanh(x)",
    aliases=("tanh_shrink",),
    source="-",
    guidance=Guidance(
        use="Sparse codes.",
        strengths=("Smooth everywhere.", "Small values become very small."),
        weaknesses=("Its gradient vanishes around zero.",),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("nn.Tanhshrink", "tanh_shrink"),
)
def tanhshrink(x: Array) -> Array:
    """X - tanh(x).

    Examples
    --------
    >>> tanhshrink([0.001, 2.0]).round(12)
    array([3.33000000e-10, 1.03597242e+00])
    """
    return tanh_less(x)


@tanhshrink.derivative
def _(x: Array) -> Array:
    rise = tanh(x)
    return rise * rise


tanhshrink.together(eager.tanhshrink)


@activation(
    Range(-1, 1),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(),
    Moments(mean=0, second=0.4323324, slope=0.5676676),
    formula=r"f(x) = \sin(\omega x)",
    textbook="sin(omega * x)",
    aliases=("siren", "sin"),
    source="Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, NeurIPS",
    domains={"omega": POSITIVE},
    guidance=Guidance(
        use="Networks that represent images or fields as functions of coordinates (omega = 30 in the first layer).",
        strengths=("Represents fine detail, and its derivatives are again sines.",),
        weaknesses=("Needs its own initialisation.", "Not monotonic."),
        pairs_with=("mean_squared_error",),
    ),
    peers=Peers("sin", "ops.sin", "jax.numpy.sin"),
)
def sine(x: Array, omega: float = 1.0) -> Array:
    """sin(omega x); NaN at infinity, where there is no limit.

    Examples
    --------
    >>> round(float(sine(1.0)), 6)
    0.841471
    """
    return sin(omega * x)


@sine.derivative
def _(x: Array, omega: float = 1.0) -> Array:
    return omega * cos(omega * x)


@activation(
    Range(-INF, INF),
    Increasing(),
    Lipschitz(2, at=math.pi / 4),
    Smooth(),
    Moments(mean=0.4323324, second=1.3073743, slope=1.4998323),
    formula=r"f(x) = x + \frac{\sin^2(\alpha x)}{\alpha}",
    textbook="x + sin(alpha * x)**2 / alpha",
    source="Ziyin, Hartwig & Ueda 2020, NeurIPS",
    initialiser="lecun_normal",
    floor=1 / 8,  # value and derivative cross zero
    domains={"alpha": POSITIVE},
    trainable=("alpha",),
    guidance=Guidance(
        use="Periodic data and audio; alpha is trained.",
        strengths=("Continues periodic patterns beyond the data.",),
        weaknesses=("Its gradient is zero at isolated points.",),
        pairs_with=("mean_squared_error",),
    ),
)
def snake(x: Array, alpha: float = 1.0) -> Array:
    """X + sin(alpha x)^2 / alpha.

    Examples
    --------
    >>> round(float(snake(1.0)), 6)
    1.708073
    """
    wave = sin(where(isfinite(x), alpha * x, 0.0))
    return x + wave * wave / alpha


@snake.derivative
@in_double
def _(x: Array, alpha: float = 1.0) -> Array:
    angle = alpha * x
    usual = isfinite(2 * angle)
    return where(usual, 1 + sin(where(usual, 2 * angle, 0.0)), 1 + 2 * sin(angle) * cos(angle))


@snake.gradient("alpha")
def _(x: Array, alpha: float = 1.0) -> Array:
    wave = sin(alpha * x)
    return (x * sin(2 * (alpha * x)) - wave * wave / alpha) / alpha


@activation(
    Range(0, 1),
    Limits(0, 0),
    Even(),
    Lipschitz(math.sqrt(2 / math.e), at=math.sqrt(0.5)),
    Smooth(),
    Saturates(left=0, right=0),
    Moments(mean=0.5773503, second=0.4472136, slope=0.3577709),
    formula=r"f(x) = e^{-x^2}",
    textbook="exp(-x**2)",
    aliases=("rbf", "radial_basis"),
    source="Broomhead & Lowe 1988; Ramasinghe & Lucey 2022, ECCV",
    guidance=Guidance(
        use="Radial basis networks; networks that represent images as functions of coordinates.",
        strengths=("Local: it answers near zero only.",),
        weaknesses=("Its gradient vanishes away from zero.", "Not monotonic."),
        pairs_with=("mean_squared_error",),
    ),
)
def gaussian(x: Array) -> Array:
    """exp(-x^2).

    Examples
    --------
    >>> round(float(gaussian(1.0)), 6)
    0.367879
    """
    return bell(x, -1.0)


@gaussian.derivative
def _(x: Array) -> Array:
    near = clipped(x, -60.0, 60.0)
    return (-2 * near * lifted_bell(near, -1.0)) * BACK
