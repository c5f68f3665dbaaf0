"""Losses for relative errors, for positive targets, and for predicted uncertainty."""

import math
from collections.abc import Callable

from gradoscope.arrays import (
    Array,
    at_least,
    cast,
    doubled,
    exp,
    isfinite,
    largest,
    log,
    magnitude,
    sign,
    stacked,
    where,
)
from gradoscope.arrays.pairs import Wide, choose, exact, exponential, leading, logarithm, narrow, root, summed, wider
from gradoscope.functions.facts import Bounded, ConvexIn, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import POSITIVE, Interval
from gradoscope.functions.targets import Targets

INF = math.inf


@loss(
    NonNegative(),
    formula=r"\ell = (\log(1 + p) - \log(1 + t))^2",
    textbook="(log(1 + p) - log(1 + t))**2",
    aliases=("msle",),
    source="-",
    tasks=("regression",),
    targets=Targets.ABOVE_MINUS_ONE,
    guidance=Guidance(
        use="Positive targets of very different sizes.",
        strengths=("Counts relative, not absolute errors.",),
        weaknesses=("Defined for values above -1 only.", "Not convex: a bad start can stay bad."),
        pairs_with=("softplus", "exponential"),
    ),
    peers=Peers("", "MeanSquaredLogarithmicError", sklearn="mean_squared_log_error"),
)
def mean_squared_logarithmic_error(prediction: Array, target: Array) -> Array:
    """The squared difference of log(1 + value).

    Examples
    --------
    >>> mean_squared_logarithmic_error([0.0, 3.0], [0.0, 1.0]).round(6)
    array([0.      , 0.480453])
    """
    error = _log_ratio(prediction, target)
    return error * error


@mean_squared_logarithmic_error.derivative
def _(prediction: Array, target: Array) -> Array:
    return 2 * _log_ratio(prediction, target) / (1 + prediction)


def _log_ratio(prediction: Array, target: Array) -> Array:
    """log((1 + prediction) / (1 + target)), exact where both are near; NaN where the prediction is not above -1."""
    ratio = (wider(prediction) - wider(target)) / (wider(target) + 1)
    usual = (prediction > -1) & (prediction < INF)
    beyond = where(prediction > 0, prediction, math.nan)
    return where(usual, logarithm(choose(usual, ratio, 0.0), prediction), beyond)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \frac{|p - t|}{\max(|t|, \varepsilon)}",
    textbook="abs(p - t) / max(abs(t), epsilon)",
    aliases=("mape",),
    source="-",
    tasks=("regression",),
    targets=Targets.REAL,
    domains={"epsilon": POSITIVE},
    guidance=Guidance(
        use="Relative errors of quantities that stay away from zero.",
        strengths=("Free of units.",),
        weaknesses=("Explodes for targets near zero.", "Prefers predictions that are too small."),
        pairs_with=("identity",),
        differs="Keras gives percent: 100 times as much.",
    ),
    peers=Peers("", "MeanAbsolutePercentageError", sklearn="mean_absolute_percentage_error"),
)
def mean_absolute_percentage_error(prediction: Array, target: Array, epsilon: float = 1e-7) -> Array:
    """The absolute error relative to the target, as a fraction.

    Examples
    --------
    >>> mean_absolute_percentage_error([90.0], [100.0])
    array([0.1])
    """
    return magnitude(prediction - target) / at_least(magnitude(target), epsilon)


@mean_absolute_percentage_error.derivative
def _(prediction: Array, target: Array, epsilon: float = 1e-7) -> Array:
    return sign(prediction - target) / at_least(magnitude(target), epsilon)


@loss(
    NonNegative(),
    Bounded(2),
    formula=r"\ell = \frac{2 |p - t|}{|p| + |t|}",
    textbook="2 * abs(p - t) / (abs(p) + abs(t)) if p or t else 0",
    aliases=("smape",),
    source="Makridakis 1993",
    tasks=("regression",),
    targets=Targets.REAL,
    guidance=Guidance(
        use="Comparing forecasts.",
        strengths=("Free of units, and at most 2.",),
        weaknesses=("Not convex: a bad start can stay bad.",),
        pairs_with=("identity",),
    ),
)
def symmetric_mean_absolute_percentage_error(prediction: Array, target: Array) -> Array:
    """Twice the absolute error relative to the sum of both sizes; 0 where both are 0.

    Examples
    --------
    >>> symmetric_mean_absolute_percentage_error([90.0, 0.0], [110.0, 0.0])
    array([0.2, 0. ])
    """
    whole = magnitude(prediction) + magnitude(target)
    return where(whole == 0, 0.0, 2 * magnitude(prediction - target) / where(whole == 0, 1.0, whole))


@symmetric_mean_absolute_percentage_error.derivative
def _(prediction: Array, target: Array) -> Array:
    whole = magnitude(prediction) + magnitude(target)
    safe = where(whole == 0, 1.0, whole)
    same = prediction * sign(target) >= 0
    # On the side of the target, 2 (p - t) / (p + t) has the derivative 4 t / (p + t)^2; beyond zero it is constant.
    inner = sign(prediction - target) * 4 * magnitude(target) / safe / safe
    return where(same, inner, 0.0)


@loss(
    ConvexIn(),
    Minimiser("log_mean"),
    formula=r"\ell = z + t e^{-z}",
    textbook="p + t * exp(-p)",
    aliases=("gamma_nll", "gamma_deviance", "half_gamma"),
    source="Nelder & Wedderburn 1972",
    tasks=("regression",),
    targets=Targets.POSITIVE,
    link="exponential",
    input="log_values",
    before_link="log_values",
    after_link="rates",
    floor=1,  # the two terms cancel at the root of value and derivative
    guidance=Guidance(
        use="Positive, skewed targets: costs, durations.",
        strengths=("Fits targets whose spread is proportional to their mean.",),
        weaknesses=("Targets must be positive.",),
        pairs_with=("exponential",),
    ),
    peers=Peers(sklearn="_loss.HalfGammaLoss"),
)
def gamma(prediction: Array, target: Array) -> Array:
    """The gamma loss of log predictions, without its constants.

    Examples
    --------
    >>> gamma([0.0, 1.0], [1.0, 2.0]).round(6)
    array([1.      , 1.735759])
    """
    return _with_more_digits(lambda z, t: z + t * exponential(-z), prediction, target)


def _with_more_digits(value: Callable[..., Wide], z: Array, *rest: Array) -> Array:
    """`value(z, *rest)`, whose terms may cancel; as it is where one of them is far larger, |z| > 80."""
    wide = doubled(z)
    if wide is not None:
        return cast(value(wide, *(cast(part, wide.dtype) for part in rest)), z.dtype)
    plain = value(z, *rest)
    near = (magnitude(z) < 80) & isfinite(plain)
    return where(near, narrow(value(exact(where(near, z, 0.0)), *(exact(part) for part in rest)), z), plain)


@gamma.derivative
def _(prediction: Array, target: Array) -> Array:
    return _with_more_digits(lambda z, t: 1 - t * exponential(-z), prediction, target)


@gamma.form("rates", "log(p) + t / p")
def gamma_of_rates(prediction: Array, target: Array) -> Array:
    """The gamma loss of predicted means."""
    return log(prediction) + target / prediction


@gamma_of_rates.derivative
def _(prediction: Array, target: Array) -> Array:
    return (prediction - target) / prediction / prediction


@loss(
    ConvexIn(),
    Minimiser("log_mean"),
    formula=r"\ell = \frac{e^{(2-k) z}}{2 - k} - t \frac{e^{(1-k) z}}{1 - k}",
    textbook="exp((2 - power) * p) / (2 - power) - t * exp((1 - power) * p) / (1 - power)",
    aliases=("tweedie_nll", "tweedie_deviance", "half_tweedie"),
    source="Tweedie 1984",
    tasks=("regression",),
    targets=Targets.COUNT,
    link="exponential",
    input="log_values",
    before_link="log_values",
    after_link="rates",
    domains={"power": Interval(1, 2, open="both")},
    floor=1,  # the derivative cancels at its root
    guidance=Guidance(
        use="Positive targets with many zeros: insurance claims.",
        strengths=("Between Poisson (power 1) and gamma (power 2).",),
        weaknesses=("The power must be chosen.",),
        pairs_with=("exponential",),
    ),
    peers=Peers(sklearn="_loss.HalfTweedieLoss"),
)
def tweedie(prediction: Array, target: Array, power: float = 1.5) -> Array:
    """The Tweedie loss of log predictions, 1 < power < 2, without its constants.

    Examples
    --------
    >>> tweedie([0.0, 1.0], [0.0, 2.0]).round(6)
    array([2.      , 5.723565])
    """
    return exp((2 - power) * prediction) / (2 - power) + target * exp((1 - power) * prediction) / (power - 1)


@tweedie.derivative
def _(prediction: Array, target: Array, power: float = 1.5) -> Array:
    gap = _with_more_digits(lambda z, t: exponential(z) - t, prediction, target)
    rise = exp((1 - power) * prediction)
    return where(gap < INF, rise * gap, exp((2 - power) * prediction) - target * rise)


@tweedie.form(
    "rates",
    "p**(2 - power) / (2 - power) - t * p**(1 - power) / (1 - power)",
    domains={"power": Interval(1, 2, open="both")},
)
def tweedie_of_rates(prediction: Array, target: Array, power: float = 1.5) -> Array:
    """The Tweedie loss of predicted means."""
    return prediction ** (2 - power) / (2 - power) + target * prediction ** (1 - power) / (power - 1)


@tweedie_of_rates.derivative
def _(prediction: Array, target: Array, power: float = 1.5) -> Array:
    return prediction ** (-power) * (prediction - target)


@loss(
    formula=r"\ell = \frac{1}{2} \left(\log v + \frac{(\mu - t)^2}{v}\right)",
    textbook="(p[1] + (p[0] - t)**2 * exp(-p[1])) / 2",
    aliases=("gaussian_negative_log_likelihood", "gaussian_nll_loss", "heteroscedastic"),
    source="Nix & Weigend 1994; Seitzer et al. 2022",
    tasks=("regression",),
    targets=Targets.REAL,
    outputs=2,
    floor=1,  # the two terms cancel at the root of value and derivative
    guidance=Guidance(
        use="Regression with a predicted uncertainty: two outputs, mean and log variance.",
        strengths=("Predicts its own uncertainty.",),
        weaknesses=("May explain errors away by a large variance: start from a good mean.",),
        pairs_with=("identity",),
        differs="PyTorch takes the variance itself and clamps it at 1e-6.",
    ),
    peers=Peers("nn.GaussianNLLLoss"),
)
def gaussian_nll(prediction: Array, target: Array) -> Array:
    """The negative log-likelihood of a normal distribution, without its constant; outputs are mean and log variance.

    Examples
    --------
    >>> gaussian_nll([[1.0, 0.0]], [3.0])
    array([2.])
    """
    mean, spread = prediction[..., 0], prediction[..., 1]
    return _with_more_digits(lambda z, m, t: z + _squared(m - t) * exponential(-z), spread, mean, target) / 2


def _squared(x: Wide) -> Wide:
    return x * x


@gaussian_nll.derivative
def _(prediction: Array, target: Array) -> Array:
    mean, spread = prediction[..., 0], prediction[..., 1]
    rise = _with_more_digits(lambda z, m, t: 1 - _squared(m - t) * exponential(-z), spread, mean, target)
    return stacked((mean - target) * exp(-spread), rise / 2)


@loss(
    formula=r"\ell = \log b + \frac{|\mu - t|}{b}",
    textbook="p[1] + abs(p[0] - t) * exp(-p[1])",
    aliases=("laplace_negative_log_likelihood",),
    source="-",
    tasks=("regression",),
    targets=Targets.REAL,
    outputs=2,
    floor=1,  # the two terms cancel at the root of value and derivative
    guidance=Guidance(
        use="Regression with outliers and a predicted uncertainty: two outputs, location and log scale.",
        strengths=("Predicts its own uncertainty.", "Robust against outliers."),
        weaknesses=("May explain errors away by a large variance: start from a good mean.",),
        pairs_with=("identity",),
    ),
)
def laplace_nll(prediction: Array, target: Array) -> Array:
    """The negative log-likelihood of a Laplace distribution, without its constant; outputs are location and log scale.

    Examples
    --------
    >>> laplace_nll([[1.0, 0.0]], [3.0])
    array([2.])
    """
    mean, spread = prediction[..., 0], prediction[..., 1]
    return _with_more_digits(lambda z, m, t: z + _size(m - t) * exponential(-z), spread, mean, target)


def _size(x: Wide) -> Wide:
    return choose(leading(x) < 0, -x, x)


@laplace_nll.derivative
def _(prediction: Array, target: Array) -> Array:
    mean, spread = prediction[..., 0], prediction[..., 1]
    rise = _with_more_digits(lambda z, m, t: 1 - _size(m - t) * exponential(-z), spread, mean, target)
    return stacked(sign(mean - target) * exp(-spread), rise)


@loss(
    NonNegative(),
    Bounded(2),
    formula=r"\ell = 1 - \frac{\langle p, t \rangle}{\|p\| \|t\|}",
    textbook="1 - sum(a * b for a, b in zip(p, t)) / sqrt(sum(a**2 for a in p)) / sqrt(sum(b**2 for b in t))",
    aliases=("cosine_loss", "cosine_similarity", "cosine"),
    source="-",
    tasks=("regression",),
    targets=Targets.REAL,
    rowwise=True,
    floor=2e-8,  # there end twice the digits of float32
    guidance=Guidance(
        use="Embeddings: only the direction counts.",
        strengths=("Free of scale, and at most 2.",),
        weaknesses=("No gradient along the vector: lengths drift.",),
        pairs_with=("identity",),
        differs="Keras returns minus the cosine.",
    ),
    peers=Peers("nn.functional.cosine_similarity", "CosineSimilarity", optax="cosine_distance"),
)
def cosine_distance(prediction: Array, target: Array) -> Array:
    """One minus the cosine between rows; the gradient of a zero vector is 0.

    Examples
    --------
    >>> cosine_distance([[1.0, 0.0]], [[1.0, 1.0]]).round(6)
    array([0.292893])
    """
    gap = _direction(prediction)[0] - _direction(target)[0]
    return narrow(summed(gap * gap) * 0.5, prediction)[..., 0]


@cosine_distance.derivative
def _(prediction: Array, target: Array) -> Array:
    (ours, length), (theirs, _) = _direction(prediction), _direction(target)
    against = leading(summed(ours * theirs)) < 0
    gap = ours - choose(against, -theirs, theirs)  # the shorter one of difference and sum: neither cancels
    slope = (gap - summed(gap * gap) * 0.5 * ours) / choose(leading(length) > 0, length, 1.0)
    return where(leading(length) > 0, narrow(choose(against, -slope, slope), prediction), 0.0)


def _direction(x: Array) -> tuple[Wide, Wide]:
    """Rows of length 1 (0 stays 0), and their lengths, without overflow or underflow."""
    top = largest(magnitude(x), -1)
    scale = wider(where(top > 0, top, 1.0))
    part = wider(x) / scale
    length = root(summed(part * part))
    return part / choose(leading(length) > 0, length, 1.0), scale * length
