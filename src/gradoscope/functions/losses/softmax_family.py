"""Variations of cross-entropy on softmax: for noise, imbalance and calibration."""

import math
from typing import NamedTuple

from gradoscope.arrays import Array, at_most, expm1, log, log1p, magnitude, where
from gradoscope.arrays.pairs import Wide, choose, narrow, power, summed, wider
from gradoscope.arrays.single import horner
from gradoscope.functions.facts import Bounded, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, distribution, xlogy
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, Interval
from gradoscope.functions.shares import error_of, power_of_shares, pull, pull_log, shares_of, surprise_of
from gradoscope.functions.targets import Targets


@loss(
    formula=r"\ell = -\sum_j t_j x_j",
    textbook="-sum(b * a for a, b in zip(p, t))",
    aliases=("nll", "nll_loss"),
    source="-",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="log_softmax",
    input="log_probabilities",
    before_link="log_probabilities",
    after_link="log_probabilities",
    guidance=Guidance(
        use="After log_softmax.",
        strengths=("Plain: it only picks numbers.",),
        weaknesses=("Its input must be log probabilities; logits give nonsense.",),
        pairs_with=("log_softmax",),
    ),
    peers=Peers("nn.NLLLoss"),
)
def negative_log_likelihood(prediction: Array, target: Array) -> Array:
    """The negative log-likelihood of log probabilities.

    Examples
    --------
    >>> negative_log_likelihood([[-0.5, -1.0]], [0])
    array([0.5])
    """
    shares = distribution(target, prediction)
    return -where(shares == 0, 0.0, shares * prediction).sum(-1)


@negative_log_likelihood.derivative
def _(prediction: Array, target: Array) -> Array:
    return -distribution(target, prediction)


@loss(
    NonNegative(),
    Bounded(math.log(2)),
    formula=r"\ell = \tfrac12 \operatorname{KL}(t \| m) + \tfrac12 \operatorname{KL}(q \| m),\quad m = (t + q) / 2",
    textbook=(
        "sum((b * log(2 * b / (b + q)) if b else 0) + q * log(2 * q / (b + q)) for a, b in zip(p, t) for q in "
        "[exp(a) / sum(exp(c) for c in p)]) / 2"
    ),
    aliases=("js_divergence", "js", "jsd", "jensen_shannon_divergence"),
    source="Lin 1991, IEEE Transactions on Information Theory 37",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    guidance=Guidance(
        use="Comparing distributions symmetrically; noisy labels.",
        strengths=("Symmetric, and at most log 2.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Its gradient vanishes for confident mistakes."),
        pairs_with=("softmax",),
    ),
)
def jensen_shannon(prediction: Array, target: Array) -> Array:
    """The Jensen-Shannon divergence between target and softmax of the logits.

    Examples
    --------
    >>> jensen_shannon([[0.0, 0.0]], [[0.25, 0.75]]).round(6)
    array([0.033822])
    """
    parts, goal = shares_of(prediction), distribution(target, prediction)
    return _divergence(_compared(parts.shares, error_of(parts, goal), goal))


@jensen_shannon.derivative
def _(prediction: Array, target: Array) -> Array:
    parts, goal = shares_of(prediction), distribution(target, prediction)
    rise = _log_ratio(_compared(parts.shares, error_of(parts, goal), goal))
    return narrow(pull(wider(rise), parts), prediction) / 2


class _Compared(NamedTuple):
    """Two probabilities beside their mean."""

    whole: Array  # their sum
    theirs: Array  # the target as a share of the mean
    ours: Array  # the prediction as a share of the mean
    gap: Array  # ours - 1


def _compared(ours: Wide, error: Wide, theirs: Array) -> _Compared:
    near = narrow(ours, theirs)
    whole = near + theirs
    safe = where(whole > 0, whole, 1.0)
    return _Compared(whole, 2 * theirs / safe, 2 * near / safe, narrow(error, theirs) / safe)


EVEN = tuple(1 / (n * (2 * n - 1)) for n in range(1, 25))


def _divergence(of: _Compared) -> Array:
    """(a log a + b log b) for a = 1 - d, b = 1 + d, by its series for small d; weighted with the mean, halved."""
    square = at_most(of.gap * of.gap, 0.25)
    far = xlogy(of.theirs, of.theirs) + xlogy(of.ours, of.ours)
    return (of.whole * where(magnitude(of.gap) < 0.5, square * horner(square, EVEN), far)).sum(-1) / 4


def _log_ratio(of: _Compared) -> Array:
    """log(ours / mean)."""
    far = log(where(of.ours > 0, of.ours, 1.0))
    return where(magnitude(of.gap) < 0.5, log1p(clipped(of.gap, -0.5, 0.5)), far)


@loss(
    NonNegative(),
    formula=r"\ell = -\sum_j t_j (1 - p_j)^\gamma \log p_j,\quad p = \operatorname{softmax}(x)",
    textbook="-sum(b * (1 - q)**gamma * log(q) for a, b in zip(p, t) for q in [exp(a) / sum(exp(c) for c in p)])",
    aliases=("focal_loss", "categorical_focal", "categorical_focal_crossentropy"),
    source="Lin, Goyal, Girshick, He & Dollar 2017, ICCV",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"gamma": NOT_NEGATIVE},
    guidance=Guidance(
        use="Classes of very different sizes.",
        strengths=("Easy examples count little.",),
        weaknesses=("Not convex: a bad start can stay bad.", "gamma must be chosen."),
        pairs_with=("softmax",),
    ),
    peers=Peers("", "CategoricalFocalCrossentropy"),
)
def focal(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    """The focal loss of rows of logits.

    Examples
    --------
    >>> focal([[0.0, 0.0]], [0]).round(6)
    array([0.173287])
    """
    parts, shares = shares_of(prediction), distribution(target, prediction)
    surprise, rest = surprise_of(parts, prediction), power(parts.left, gamma, prediction)
    return where(shares == 0, 0.0, shares * rest * surprise).sum(-1)


@focal.derivative
def _(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    parts, shares = shares_of(prediction), distribution(target, prediction)
    surprise, rest = surprise_of(parts, prediction), narrow(parts.left, prediction)
    share = narrow(parts.shares, prediction)
    rise = where(rest > 0, where(share > 0, share * surprise, 0.0) / where(rest > 0, rest, 1.0), 1.0)
    slope = power(parts.left, gamma, prediction) * (1 + gamma * rise)
    return narrow(pull_log(wider(where(shares == 0, 0.0, -shares * slope)), parts), prediction)


@loss(
    NonNegative(),
    formula=r"\ell = -\sum_j t_j \log p_j + \varepsilon \sum_j t_j (1 - p_j)",
    textbook="sum(b * (-log(q) + epsilon * (1 - q)) for a, b in zip(p, t) for q in [exp(a) / sum(exp(c) for c in p)])",
    aliases=("poly_loss", "poly_1", "poly_loss_cross_entropy"),
    source="Leng et al. 2022, ICLR",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"epsilon": Interval(-1)},
    guidance=Guidance(
        use="A tuned cross-entropy.",
        strengths=("One more number to tune the pull of likely classes.",),
        weaknesses=("Not convex: a bad start can stay bad.",),
        pairs_with=("softmax",),
        differs="optax has epsilon 2 by default.",
    ),
    peers=Peers(optax="poly_loss_cross_entropy"),
)
def poly1(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    """Cross-entropy plus epsilon times the missing probability.

    Examples
    --------
    >>> poly1([[0.0, 0.0]], [0]).round(6)
    array([1.193147])
    """
    parts, shares = shares_of(prediction), distribution(target, prediction)
    each = _surprise_and_left(surprise_of(parts, prediction), narrow(parts.left, prediction), epsilon)
    return where(shares == 0, 0.0, shares * each).sum(-1)


@poly1.derivative
def _(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    parts, goal = shares_of(prediction), wider(distribution(target, prediction))
    slope = choose(parts.top, (1 + epsilon) - parts.left * epsilon, parts.shares * epsilon + 1.0)
    return -narrow(pull_log(goal * slope, parts), prediction)


ODD = tuple(1 / k for k in range(3, 49, 2))


def _surprise_and_left(surprise: Array, left: Array, epsilon: float) -> Array:
    """Surprise + epsilon left for surprise = -log(1 - left), which near -1 cancels: 2 atanh(z) - left by its series."""
    part = at_most(left, 0.6)
    z = part / (2 - part)
    excess = 2 * z * z * (1 / (1 + z) + z * horner(z * z, ODD))
    return where(left < 0.6, excess + (1 + epsilon) * part, surprise + epsilon * left)


@loss(
    NonNegative(),
    Bounded(1 / 0.7),
    formula=r"\ell = \sum_j t_j \frac{1 - p_j^q}{q}",
    textbook="sum(b * (1 - r**q) / q for a, b in zip(p, t) for r in [exp(a) / sum(exp(c) for c in p)])",
    aliases=("gce", "generalized_cross_entropy", "categorical_generalized_cross_entropy"),
    source="Zhang & Sabuncu 2018, NeurIPS",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"q": Interval(0, 1, open="left")},
    guidance=Guidance(
        use="Noisy labels.",
        strengths=("Bounded: a wrong label cannot outweigh all other examples.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Learns more slowly than cross-entropy."),
        pairs_with=("softmax",),
        differs="q is 0.5 in Keras.",
    ),
    peers=Peers("", "CategoricalGeneralizedCrossEntropy"),
)
def generalised_cross_entropy(prediction: Array, target: Array, q: float = 0.7) -> Array:
    """Between cross-entropy (q to 0) and absolute error (q = 1).

    Examples
    --------
    >>> generalised_cross_entropy([[0.0, 0.0]], [0]).round(6)
    array([0.549183])
    """
    shares = distribution(target, prediction)
    return -(shares * expm1(-q * surprise_of(shares_of(prediction), prediction))).sum(-1) / q


@generalised_cross_entropy.derivative
def _(prediction: Array, target: Array, q: float = 0.7) -> Array:
    parts, goal = shares_of(prediction), wider(distribution(target, prediction))
    return -narrow(pull_log(goal * power_of_shares(parts, q, prediction), parts), prediction)


@loss(
    NonNegative(),
    formula=r"\ell = -\alpha \sum_j t_j \log p_j - \beta A \sum_j t_j (1 - p_j),\quad A = -4",
    textbook=(
        "sum(b * (-alpha * log(q) + 4 * beta * (1 - q)) for a, b in zip(p, t) for q in [exp(a) / sum(exp(c) "
        "for c in p)])"
    ),
    aliases=("sce",),
    source="Wang, Ma, Chen, Luo, Yi & Bailey 2019, ICCV",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"alpha": NOT_NEGATIVE, "beta": NOT_NEGATIVE},
    guidance=Guidance(
        use="Noisy labels.",
        strengths=("Robust against wrong labels.",),
        weaknesses=("Two weights must be chosen.", "Not convex: a bad start can stay bad."),
        pairs_with=("softmax",),
    ),
)
def symmetric_cross_entropy(prediction: Array, target: Array, alpha: float = 0.1, beta: float = 1.0) -> Array:
    """Cross-entropy plus reverse cross-entropy, where log 0 counts as -4, for labels.

    Examples
    --------
    >>> symmetric_cross_entropy([[0.0, 0.0]], [0]).round(6)
    array([2.069315])
    """
    parts, shares = shares_of(prediction), distribution(target, prediction)
    each = alpha * surprise_of(parts, prediction) + 4 * beta * narrow(parts.left, prediction)
    return where(shares == 0, 0.0, shares * each).sum(-1)


@symmetric_cross_entropy.derivative
def _(prediction: Array, target: Array, alpha: float = 0.1, beta: float = 1.0) -> Array:
    parts, goal = shares_of(prediction), wider(distribution(target, prediction))
    return -narrow(pull_log(goal * (parts.shares * (4 * beta) + alpha), parts), prediction)


@loss(
    NonNegative(),
    Bounded(2),
    Minimiser("probability"),
    formula=r"\ell = \sum_j (p_j - t_j)^2,\quad p = \operatorname{softmax}(x)",
    textbook="sum((exp(a) / sum(exp(c) for c in p) - b)**2 for a, b in zip(p, t))",
    aliases=("quadratic_score", "brier_score"),
    source="Brier 1950, Monthly Weather Review 78",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    guidance=Guidance(
        use="Calibrated probabilities.",
        strengths=("Proper and bounded.",),
        weaknesses=("Its gradient vanishes for confident mistakes.", "Not convex: a bad start can stay bad."),
        pairs_with=("softmax",),
    ),
    peers=Peers(sklearn="brier_score_loss"),
)
def brier(prediction: Array, target: Array) -> Array:
    """The squared distance between softmax and target.

    Examples
    --------
    >>> brier([[0.0, 0.0]], [0])
    array([0.5])
    """
    error = error_of(shares_of(prediction), distribution(target, prediction))
    return narrow(summed(error * error), prediction)[..., 0]


@brier.derivative
def _(prediction: Array, target: Array) -> Array:
    parts = shares_of(prediction)
    return narrow(pull(error_of(parts, distribution(target, prediction)) * 2.0, parts), prediction)


@brier.form("probabilities", "sum((a - b)**2 for a, b in zip(p, t))")
def brier_of_probabilities(prediction: Array, target: Array) -> Array:
    """The squared distance between probabilities and target."""
    error = prediction - distribution(target, prediction)
    return (error * error).sum(-1)


@brier_of_probabilities.derivative
def _(prediction: Array, target: Array) -> Array:
    return 2 * (prediction - distribution(target, prediction))


@jensen_shannon.form(
    "probabilities", "sum((b * log(2 * b / (b + a)) if b else 0) + a * log(2 * a / (b + a)) for a, b in zip(p, t)) / 2"
)
def jensen_shannon_of_probabilities(prediction: Array, target: Array) -> Array:
    """The Jensen-Shannon divergence between target and probabilities."""
    return _divergence(_apart(prediction, distribution(target, prediction)))


@jensen_shannon_of_probabilities.derivative
def _(prediction: Array, target: Array) -> Array:
    return _log_ratio(_apart(prediction, distribution(target, prediction))) / 2


def _apart(prediction: Array, goal: Array) -> _Compared:
    ours = wider(prediction)
    return _compared(ours, ours - wider(goal), goal)


@focal.form("probabilities", "-sum(b * (1 - a)**gamma * log(a) for a, b in zip(p, t))", domains={"gamma": NOT_NEGATIVE})
def focal_of_probabilities(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    """The focal loss of probabilities."""
    shares = distribution(target, prediction)
    rest = power(1.0 - wider(prediction), gamma, prediction)
    return -(rest * xlogy(shares, prediction)).sum(-1)


@focal_of_probabilities.derivative
def _(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    shares = distribution(target, prediction)
    left = 1.0 - wider(prediction)
    steeper, rest = (power(left, exponent, prediction) for exponent in (gamma - 1, gamma))
    slope = gamma * steeper * log(prediction) - rest / prediction
    return where(shares == 0, 0.0, shares * slope)


@poly1.form(
    "probabilities", "sum(b * (-log(a) + epsilon * (1 - a)) for a, b in zip(p, t))", domains={"epsilon": Interval(-1)}
)
def poly1_of_probabilities(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    """Poly-1 of probabilities."""
    shares = distribution(target, prediction)
    each = _surprise_and_left(-log(where(shares == 0, 1.0, prediction)), 1 - prediction, epsilon)
    return where(shares == 0, 0.0, shares * each).sum(-1)


@poly1_of_probabilities.derivative
def _(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    shares = distribution(target, prediction)
    return where(shares == 0, 0.0, -shares * ((1 - prediction) / prediction + (1 + epsilon)))


@generalised_cross_entropy.form(
    "probabilities", "sum(b * (1 - a**q) / q for a, b in zip(p, t))", domains={"q": Interval(0, 1, open="left")}
)
def generalised_cross_entropy_of_probabilities(prediction: Array, target: Array, q: float = 0.7) -> Array:
    """The generalised cross-entropy of probabilities."""
    shares = distribution(target, prediction)
    return -where(shares == 0, 0.0, shares * expm1(q * log(prediction))).sum(-1) / q


@generalised_cross_entropy_of_probabilities.derivative
def _(prediction: Array, target: Array, q: float = 0.7) -> Array:
    shares = distribution(target, prediction)
    return where(shares == 0, 0.0, -shares * power(wider(prediction), q - 1, prediction))


@symmetric_cross_entropy.form(
    "probabilities",
    "sum(b * (-alpha * log(a) + 4 * beta * (1 - a)) for a, b in zip(p, t))",
    domains={"alpha": NOT_NEGATIVE, "beta": NOT_NEGATIVE},
)
def symmetric_cross_entropy_of_probabilities(
    prediction: Array, target: Array, alpha: float = 0.1, beta: float = 1.0
) -> Array:
    """The symmetric cross-entropy of probabilities."""
    shares = distribution(target, prediction)
    return (4 * beta * shares * (1 - prediction) - alpha * xlogy(shares, prediction)).sum(-1)


@symmetric_cross_entropy_of_probabilities.derivative
def _(prediction: Array, target: Array, alpha: float = 0.1, beta: float = 1.0) -> Array:
    shares = distribution(target, prediction)
    return where(shares == 0, 0.0, -shares * (alpha / prediction + 4 * beta))
