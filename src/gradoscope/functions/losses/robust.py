"""Losses for regression with outliers, and for other points than the mean; e = prediction - target."""

import math
from typing import Any

from gradoscope.arrays import Array, at_least, at_most, expm1, log, log1p, magnitude, sign, tanh, where
from gradoscope.arrays import log_cosh as log_cosh_of
from gradoscope.arrays.pairs import choose, logarithm, narrow, wider
from gradoscope.functions.facts import Bounded, ConvexIn, LipschitzIn, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, hypotenuse
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, REAL, Interval
from gradoscope.functions.targets import Targets

INF = math.inf


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \begin{cases} e^2 / (2\beta) & |e| \le \beta \\ |e| - \beta / 2 & |e| > \beta \end{cases}",
    textbook="(p - t)**2 / (2 * beta) if abs(p - t) < beta else abs(p - t) - beta / 2",
    aliases=("smooth_l1_loss",),
    source="Girshick 2015, Fast R-CNN",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"beta": POSITIVE},
    guidance=Guidance(
        use="Boxes in object detection; regression with some outliers.",
        strengths=("Quadratic near zero, linear far out: smooth and robust.",),
        weaknesses=("beta must fit the scale of the target.",),
        pairs_with=("identity",),
    ),
    peers=Peers("nn.SmoothL1Loss"),
)
def smooth_l1(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    """Huber's loss divided by its delta, here called beta.

    Examples
    --------
    >>> smooth_l1([0.5, 3.0], [0.0, 0.0])
    array([0.125, 2.5  ])
    """
    size = magnitude(prediction - target)
    inner = at_most(size, beta)
    return inner / beta * (size - inner / 2)


@smooth_l1.derivative
def _(prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return clipped(prediction - target, -beta, beta) / beta


@smooth_l1.in_torch
def _(functional: Any, prediction: Array, target: Array, beta: float = 1.0) -> Array:
    return functional.smooth_l1_loss(prediction, target, reduction="none", beta=beta)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \log \cosh e",
    textbook="log(cosh(p - t))",
    aliases=("logcosh", "log_cosh_loss"),
    source="Chen, Ho & Lian 2019",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    guidance=Guidance(
        use="Regression with some outliers.",
        strengths=("Smooth, and robust against outliers.",),
        weaknesses=("Costs an exponential.",),
        pairs_with=("identity",),
    ),
    peers=Peers("", "LogCosh", optax="log_cosh"),
)
def log_cosh(prediction: Array, target: Array) -> Array:
    """The logarithm of the hyperbolic cosine of the error.

    Examples
    --------
    >>> log_cosh([0.0, 2.0], [0.0, 0.0]).round(6)
    array([0.      , 1.325003])
    """
    return log_cosh_of(prediction - target)


@log_cosh.derivative
def _(prediction: Array, target: Array) -> Array:
    return tanh(prediction - target)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \delta^2 \left(\sqrt{1 + (e / \delta)^2} - 1\right)",
    textbook="delta**2 * (sqrt(1 + ((p - t) / delta)**2) - 1)",
    aliases=("charbonnier", "l1_l2"),
    source="Charbonnier, Blanc-Feraud, Aubert & Barlaud 1994, ICIP",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"delta": POSITIVE},
    guidance=Guidance(
        use="Images and optical flow; regression with some outliers.",
        strengths=("Smooth, and robust against outliers.", "Needs no exponential."),
        weaknesses=("delta must fit the scale of the target.",),
        pairs_with=("identity",),
    ),
)
def pseudo_huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    """A smooth Huber loss.

    Examples
    --------
    >>> pseudo_huber([0.0, 1.0], [0.0, 0.0]).round(6)
    array([0.      , 0.414214])
    """
    size = magnitude(prediction - target)
    return size * (size / (1 + hypotenuse(size / delta, 1.0)))


@pseudo_huber.derivative
def _(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    error = prediction - target
    root = hypotenuse(error / delta, 1.0)
    return where(magnitude(error) == INF, delta * sign(error), error / root)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(0.5),
    Minimiser("median"),
    formula=r"\ell = \max(q (t - p), (q - 1)(t - p))",
    textbook="max(q * (t - p), (q - 1) * (t - p))",
    aliases=("pinball", "pinball_loss", "quantile_loss", "tilted_absolute"),
    source="Koenker & Bassett 1978, Econometrica 46",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"q": Interval(0, 1, open="both")},
    guidance=Guidance(
        use="Predicting quantiles and intervals.",
        strengths=("Its minimiser is the quantile q.", "Robust against outliers."),
        weaknesses=("The gradient does not shrink near the minimum, so the learning rate must.",),
        pairs_with=("identity",),
    ),
    peers=Peers(sklearn="_loss.PinballLoss"),
)
def quantile(prediction: Array, target: Array, q: float = 0.5) -> Array:
    """The pinball loss, whose minimiser is the quantile q; its derivative at 0 is 0.

    Examples
    --------
    >>> quantile([1.0, 4.0], [2.0, 2.0], q=0.9).round(6)
    array([0.9, 0.2])
    """
    error = prediction - target
    return where(error > 0, (1 - q) * error, -q * error)


@quantile.derivative
def _(prediction: Array, target: Array, q: float = 0.5) -> Array:
    side = sign(prediction - target)
    return where(side > 0, (1 - q) * side, q * side)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = |q - 1_{p > t}| (p - t)^2",
    textbook="(1 - q if p > t else q) * (p - t)**2",
    aliases=("asymmetric_squared_error",),
    source="Newey & Powell 1987, Econometrica 55",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"q": Interval(0, 1, open="both")},
    guidance=Guidance(
        use="Predicting expectiles; offline reinforcement learning.",
        strengths=("Smooth, and asymmetric where one side of the error costs more.",),
        weaknesses=("One outlier can outweigh all other examples.",),
        pairs_with=("identity",),
    ),
)
def expectile(prediction: Array, target: Array, q: float = 0.5) -> Array:
    """The asymmetric squared error, whose minimiser is the expectile q.

    Examples
    --------
    >>> expectile([1.0, 4.0], [2.0, 2.0], q=0.9).round(6)
    array([0.9, 0.4])
    """
    error = prediction - target
    return where(error > 0, 1 - q, q + 0 * error) * (error * error)


@expectile.derivative
def _(prediction: Array, target: Array, q: float = 0.5) -> Array:
    error = prediction - target
    return where(error > 0, 2 * (1 - q) * error, 2 * q * error)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \max(0, |e| - \varepsilon)",
    textbook="max(0, abs(p - t) - epsilon)",
    aliases=("svr", "epsilon_insensitive_loss"),
    source="Vapnik 1995",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"epsilon": NOT_NEGATIVE},
    guidance=Guidance(
        use="Support vector regression.",
        strengths=("Errors up to epsilon cost nothing.", "Robust against outliers."),
        weaknesses=("No gradient for small errors.",),
        pairs_with=("identity",),
    ),
    peers=Peers(sklearn="SGDRegressor(epsilon_insensitive)"),
)
def epsilon_insensitive(prediction: Array, target: Array, epsilon: float = 0.1) -> Array:
    """The absolute error beyond `epsilon`.

    Examples
    --------
    >>> epsilon_insensitive([0.05, 1.0], [0.0, 0.0])
    array([0. , 0.9])
    """
    return at_least(magnitude(prediction - target) - epsilon, 0.0)


@epsilon_insensitive.derivative
def _(prediction: Array, target: Array, epsilon: float = 0.1) -> Array:
    error = prediction - target
    return where(magnitude(error) <= epsilon, 0.0, sign(error))


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \max(0, |e| - \varepsilon)^2",
    textbook="max(0, abs(p - t) - epsilon)**2",
    aliases=("l2_svr",),
    source="Vapnik 1995",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"epsilon": NOT_NEGATIVE},
    guidance=Guidance(
        use="Support vector regression with a smooth loss.",
        strengths=("Errors up to epsilon cost nothing.",),
        weaknesses=("One outlier can outweigh all other examples.",),
        pairs_with=("identity",),
    ),
    peers=Peers(sklearn="SGDRegressor(squared_epsilon_insensitive)"),
)
def squared_epsilon_insensitive(prediction: Array, target: Array, epsilon: float = 0.1) -> Array:
    """The squared absolute error beyond `epsilon`.

    Examples
    --------
    >>> squared_epsilon_insensitive([0.05, 1.0], [0.0, 0.0]).round(6)
    array([0.  , 0.81])
    """
    part = at_least(magnitude(prediction - target) - epsilon, 0.0)
    return part * part


@squared_epsilon_insensitive.derivative
def _(prediction: Array, target: Array, epsilon: float = 0.1) -> Array:
    error = prediction - target
    return 2 * sign(error) * at_least(magnitude(error) - epsilon, 0.0)


@loss(
    NonNegative(),
    formula=r"\ell = \log\left(1 + \frac{(e / c)^2}{2}\right)",
    textbook="log(1 + ((p - t) / c)**2 / 2)",
    aliases=("lorentzian",),
    source="Black & Anandan 1996",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"c": POSITIVE},
    guidance=Guidance(
        use="Regression with heavy outliers.",
        strengths=("Far outliers hardly pull at all.",),
        weaknesses=("Not convex: a bad start can stay bad.",),
        pairs_with=("identity",),
    ),
)
def cauchy(prediction: Array, target: Array, c: float = 1.0) -> Array:
    """The Cauchy loss; far errors' gradients shrink.

    Examples
    --------
    >>> cauchy([0.0, 2.0], [0.0, 0.0]).round(6)
    array([0.      , 1.098612])
    """
    size = magnitude(prediction - target) / c
    ratio = choose(size < FAR, (wider(prediction) - wider(target)) / c, 0.0)
    return where(size < FAR, logarithm(ratio * ratio * 0.5, size), 2 * log(at_least(size, FAR)) - math.log(2))


@cauchy.derivative
def _(prediction: Array, target: Array, c: float = 1.0) -> Array:
    ratio = (prediction - target) / c
    size = magnitude(ratio)
    inner, outer = at_most(size, 1.0), at_least(size, 1.0)
    far = sign(ratio) / outer / ((1 / outer) / outer + 0.5)
    return where(size < 1, ratio / (1 + inner * inner / 2), far) / c


FAR = 1e9  # beyond it, 1 is lost beside the square in every dtype


@loss(
    NonNegative(),
    formula=(
        r"\ell = \frac{|\alpha - 2|}{\alpha}\left(\left(\frac{(e / c)^2}{|\alpha - 2|} + 1\right)^{\alpha / 2} - "
        r"1\right)"
    ),
    textbook="abs(alpha - 2) / alpha * ((((p - t) / c)**2 / abs(alpha - 2) + 1)**(alpha / 2) - 1)",
    aliases=("general_robust", "adaptive_robust", "general_and_adaptive_robust"),
    source="Barron 2019, CVPR, arXiv 1701.03077",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"alpha": REAL, "c": POSITIVE},
    guidance=Guidance(
        use="Regression with outliers, when it is open how robust it should be.",
        strengths=("One number leads from squared error (2) over Charbonnier (1) and Cauchy (0) to bounded losses.",),
        weaknesses=("Not convex for alpha < 1.", "Two numbers must be chosen."),
        pairs_with=("identity",),
    ),
)
def barron(prediction: Array, target: Array, alpha: float = 1.0, c: float = 1.0) -> Array:
    """Barron's general loss; alpha = 2 is half the squared error, 0 the Cauchy loss.

    Examples
    --------
    >>> barron([0.0, 2.0], [0.0, 0.0]).round(6)
    array([0.      , 1.236068])
    >>> barron([2.0], [0.0], alpha=0.0).round(6)
    array([1.098612])
    """
    size = magnitude(prediction - target) / c
    if alpha == 2:
        return size * size / 2
    square = _square(prediction, target, abs(alpha - 2), c)
    rise, beyond = log1p(square), at_least(size / FAR, 1.0)
    if alpha == 0:
        return rise + 2 * log(beyond)
    far = (1 + square) ** (alpha / 2) * beyond**alpha - 1
    return abs(alpha - 2) / alpha * where(square > 15, far, expm1(alpha / 2 * rise))


@barron.derivative
def _(prediction: Array, target: Array, alpha: float = 1.0, c: float = 1.0) -> Array:
    ratio = (prediction - target) / c
    if alpha == 2:
        return ratio / c
    square = _square(prediction, target, abs(alpha - 2), c)
    return ratio * (1 + square) ** (alpha / 2 - 1) * at_least(magnitude(ratio) / FAR, 1.0) ** (alpha - 2) / c


def _square(prediction: Array, target: Array, width: float, c: float) -> Array:
    """((p - t) / c)^2 / width, for |p - t| / c up to FAR."""
    size = magnitude(prediction - target) / c
    ratio = choose(size < FAR, (wider(prediction) - wider(target)) / c, FAR)
    return narrow(ratio * ratio / width, size)


@loss(
    NonNegative(),
    Bounded(4.685**2 / 6),
    formula=r"\ell = \frac{c^2}{6} \left(1 - \left(1 - \min(|e| / c, 1)^2\right)^3\right)",
    textbook="c**2 / 6 * (1 - (1 - min(abs(p - t) / c, 1)**2)**3)",
    aliases=("bisquare", "tukey"),
    source="Beaton & Tukey 1974, Technometrics 16",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"c": POSITIVE},
    guidance=Guidance(
        use="Regression with gross outliers.",
        strengths=("Errors beyond c do not pull at all.",),
        weaknesses=("Not convex: a bad start can stay bad.", "No gradient for errors beyond c."),
        pairs_with=("identity",),
    ),
)
def tukey_biweight(prediction: Array, target: Array, c: float = 4.685) -> Array:
    """Tukey's biweight: constant beyond `c`.

    Examples
    --------
    >>> tukey_biweight([0.0, 99.0], [0.0, 0.0]).round(6)
    array([0.      , 3.658204])
    """
    size = magnitude(prediction - target)
    ratio = choose(size >= c, c, wider(prediction) - wider(target)) / c
    square = ratio * ratio
    return c * c / 6 * narrow(square * (3 - square * (3 - square)), size)


@tukey_biweight.derivative
def _(prediction: Array, target: Array, c: float = 4.685) -> Array:
    error = choose(magnitude(prediction - target) >= c, 0.0, wider(prediction) - wider(target))
    rest = ((-error + c) / c) * ((error + c) / c)
    return narrow(error * (rest * rest), prediction)
