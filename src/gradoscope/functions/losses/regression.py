"""Losses for regression; e = prediction - target."""

import math
from typing import Any

from gradoscope.arrays import Array, exp, expm1, log, magnitude, sign, where
from gradoscope.functions.facts import ConvexIn, LipschitzIn, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, xlogy
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE
from gradoscope.functions.reduction import quadratic_mean
from gradoscope.functions.targets import Targets


@loss(
    NonNegative(),
    ConvexIn(),
    Minimiser("mean"),
    formula=r"\ell = (p - t)^2",
    textbook="(p - t)**2",
    aliases=("mse", "l2", "mse_loss", "squared_error", "quadratic"),
    source="Legendre 1805; Gauss 1809",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    light=True,
    guidance=Guidance(
        use="Regression with errors of one size.",
        strengths=("Smooth and convex; its minimiser is the mean.",),
        weaknesses=(
            "One outlier can outweigh all other examples.",
            "Paired with sigmoid or softmax it learns slowly where the network is confidently wrong.",
        ),
        pairs_with=("identity",),
        differs="optax.l2_loss and scikit-learn's HalfSquaredError carry a factor 1/2.",
    ),
    peers=Peers("nn.MSELoss", "MeanSquaredError", optax="squared_error", sklearn="mean_squared_error"),
)
def mean_squared_error(prediction: Array, target: Array) -> Array:
    """The squared error, (prediction - target)^2.

    Examples
    --------
    >>> mean_squared_error([1.0, 2.0], [0.0, 4.0])
    array([1., 4.])
    """
    return (prediction - target) ** 2


@mean_squared_error.derivative
def _(prediction: Array, target: Array) -> Array:
    return 2 * (prediction - target)


@mean_squared_error.in_torch
def _(functional: Any, prediction: Array, target: Array) -> Array:
    return functional.mse_loss(prediction, target, reduction="none")


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"L = \sqrt{\frac{1}{n} \sum_i (p_i - t_i)^2}",
    textbook="abs(p - t)",
    aliases=("rmse", "root_mean_square_error"),
    source="-",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    mean=quadratic_mean,
    guidance=Guidance(
        use="Reporting an error in the units of the target.",
        strengths=("In the units of the target.",),
        weaknesses=("Not a mean over examples: over batches it differs from over all data.",),
        pairs_with=("identity",),
    ),
    peers=Peers(keras="metrics.RootMeanSquaredError", sklearn="root_mean_squared_error"),
)
def root_mean_squared_error(prediction: Array, target: Array) -> Array:
    """The root of the mean squared error: |prediction - target| per example, and their quadratic mean as "mean".

    Examples
    --------
    >>> float(root_mean_squared_error([3.0, 0.0], [0.0, 4.0], reduction="mean").round(6))
    3.535534
    """
    return magnitude(prediction - target)


@root_mean_squared_error.derivative
def _(prediction: Array, target: Array) -> Array:
    return sign(prediction - target)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    Minimiser("median"),
    formula=r"\ell = |p - t|",
    textbook="abs(p - t)",
    aliases=("mae", "l1", "l1_loss", "absolute_error"),
    source="Laplace 1774",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    guidance=Guidance(
        use="Regression with outliers.",
        strengths=("Outliers count no more than their distance; its minimiser is the median.",),
        weaknesses=("The gradient does not shrink near the minimum, so the learning rate must.",),
        pairs_with=("identity",),
    ),
    peers=Peers("nn.L1Loss", "MeanAbsoluteError", sklearn="mean_absolute_error"),
)
def mean_absolute_error(prediction: Array, target: Array) -> Array:
    """The absolute error; its derivative at 0 is 0.

    Examples
    --------
    >>> mean_absolute_error([1.0, 2.0], [0.0, 4.0])
    array([1., 2.])
    """
    return magnitude(prediction - target)


@mean_absolute_error.derivative
def _(prediction: Array, target: Array) -> Array:
    return sign(prediction - target)


@mean_absolute_error.in_torch
def _(functional: Any, prediction: Array, target: Array) -> Array:
    return functional.l1_loss(prediction, target, reduction="none")


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \begin{cases} e^2 / 2 & |e| \le \delta \\ \delta (|e| - \delta / 2) & |e| > \delta \end{cases}",
    textbook="(p - t)**2 / 2 if abs(p - t) < delta else delta * (abs(p - t) - delta / 2)",
    aliases=("huber_loss",),
    source="Huber 1964, Annals of Mathematical Statistics 35",
    tasks=("regression",),
    targets=Targets.REAL,
    residual=True,
    domains={"delta": POSITIVE},
    guidance=Guidance(
        use="Regression with some outliers.",
        strengths=("Quadratic near zero, linear far out: smooth and robust.",),
        weaknesses=("delta must fit the scale of the target.",),
        pairs_with=("identity",),
        differs="In scikit-learn delta is a quantile of the errors.",
    ),
    peers=Peers("nn.HuberLoss", "Huber", optax="huber_loss", sklearn="_loss.HuberLoss"),
)
def huber(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    """Huber's loss: quadratic up to `delta`, linear beyond.

    Examples
    --------
    >>> huber([0.5, 3.0], [0.0, 0.0])
    array([0.125, 2.5  ])
    """
    size = magnitude(prediction - target)
    inner = where(size < delta, size, delta)
    return inner * (size - inner / 2)


@huber.derivative
def _(prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return clipped(prediction - target, -delta, delta)


@huber.in_torch
def _(functional: Any, prediction: Array, target: Array, delta: float = 1.0) -> Array:
    return functional.huber_loss(prediction, target, reduction="none", delta=delta)


@loss(
    Minimiser("mean"),
    ConvexIn(),
    formula=r"\ell = p - t \log p",
    textbook="p - (t * log(p + offset) if t else 0)",
    aliases=("poisson_nll", "poisson_loss", "poisson_nll_loss"),
    source="Nelder & Wedderburn 1972",
    tasks=("regression",),
    targets=Targets.COUNT,
    link="exponential",
    input="rates",
    before_link="log_rates",
    after_link="rates",
    domains={"offset": NOT_NEGATIVE},
    guidance=Guidance(
        use="Regression on counts.",
        strengths=("Fits counts whose spread grows with their mean.",),
        weaknesses=("Predictions must be positive: use the exponential output.",),
        pairs_with=("exponential", "softplus"),
        differs="PyTorch takes log rates by default; Keras adds 1e-7 inside the logarithm.",
    ),
    peers=Peers("nn.PoissonNLLLoss", "Poisson", sklearn="_loss.HalfPoissonLoss"),
)
def poisson(prediction: Array, target: Array, offset: float = 0.0) -> Array:
    """The Poisson loss of predicted rates: prediction - target log(prediction + offset); NaN for negative rates.

    Examples
    --------
    >>> poisson([2.0, 1.0], [0.0, 3.0])
    array([2., 1.])
    """
    rate = prediction + offset
    return where(rate < 0, math.nan, prediction - xlogy(target, rate))


@poisson.derivative
def _(prediction: Array, target: Array, offset: float = 0.0) -> Array:
    rate = prediction + offset
    return where(target == 0, 1.0, (rate - target) / rate)


@poisson.target_derivative
def _(prediction: Array, target: Array, offset: float = 0.0) -> Array:
    return -log(prediction + offset)


@poisson.form("log_rates", "exp(p) - t * p")
def poisson_of_log_rates(prediction: Array, target: Array) -> Array:
    """The Poisson loss of the logarithms of rates."""
    return exp(prediction) - target * prediction


@poisson_of_log_rates.derivative
def _(prediction: Array, target: Array) -> Array:
    # Near z = 0, where t = 1 is common, e^z - t would cancel.
    return where(magnitude(prediction) < 0.5, expm1(prediction) + (1 - target), exp(prediction) - target)
