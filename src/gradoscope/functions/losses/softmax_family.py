"""Variations of cross-entropy on softmax: for noise, imbalance and calibration."""

import math

from gradoscope.arrays import Array, exp, expm1, log, log1p, where
from gradoscope.functions.facts import Bounded, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import (
    distribution,
    log_softmax_gradient,
    peak,
    shares_minus,
    softmax,
    softmax_gradient,
    unlikely,
    xlogy,
)
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, Interval
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
    bound=8,
    floor=1,  # differences of logarithms
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
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    return _between(parts.shares / (1 + parts.rest), shares).sum(-1) / 2


@jensen_shannon.derivative
def _(prediction: Array, target: Array) -> Array:
    shares = softmax(prediction, -1)
    return softmax_gradient(log(2 * shares / (distribution(target, prediction) + shares)) / 2, shares, -1)


def _between(ours: Array, theirs: Array) -> Array:
    """Theirs log(theirs / middle) + ours log(ours / middle)."""
    middle = (ours + theirs) / 2
    return xlogy(theirs, theirs / middle) + xlogy(ours, ours / middle)


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
    bound=16,  # a power of a rounded probability
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
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    surprise = log1p(parts.rest) - parts.below
    return where(shares == 0, 0.0, shares * unlikely(parts) ** gamma * surprise).sum(-1)


@focal.derivative
def _(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    surprise, rest = log1p(parts.rest) - parts.below, unlikely(parts)
    slope = -(rest**gamma) - gamma * rest ** (gamma - 1) * (parts.shares / (1 + parts.rest)) * surprise
    return log_softmax_gradient(where(shares == 0, 0.0, shares * slope), parts, -1)


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
    bound=8,  # a product of rounded shares
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
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    return where(shares == 0, 0.0, shares * (log1p(parts.rest) - parts.below + epsilon * unlikely(parts))).sum(-1)


@poly1.derivative
def _(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    return log_softmax_gradient(-shares * (1 + epsilon * parts.shares / (1 + parts.rest)), parts, -1)


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
    bound=128,  # exp magnifies the rounding of the log probability
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
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    return -(shares * expm1(q * (parts.below - log1p(parts.rest)))).sum(-1) / q


@generalised_cross_entropy.derivative
def _(prediction: Array, target: Array, q: float = 0.7) -> Array:
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    return log_softmax_gradient(-shares * exp(q * (parts.below - log1p(parts.rest))), parts, -1)


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
    bound=8,  # a product of rounded shares
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
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    surprise = log1p(parts.rest) - parts.below
    return where(shares == 0, 0.0, shares * (alpha * surprise + 4 * beta * unlikely(parts))).sum(-1)


@symmetric_cross_entropy.derivative
def _(prediction: Array, target: Array, alpha: float = 0.1, beta: float = 1.0) -> Array:
    parts, shares = peak(prediction, -1), distribution(target, prediction)
    return log_softmax_gradient(-shares * (alpha + 4 * beta * parts.shares / (1 + parts.rest)), parts, -1)


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
    bound=16,  # sums of products of rounded shares
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
    error = shares_minus(peak(prediction, -1), distribution(target, prediction))
    return (error * error).sum(-1)


@brier.derivative
def _(prediction: Array, target: Array) -> Array:
    parts = peak(prediction, -1)
    error = shares_minus(parts, distribution(target, prediction))
    return softmax_gradient(2 * error, parts.shares / (1 + parts.rest), -1)


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
    shares = distribution(target, prediction)
    return _between(prediction, shares).sum(-1) / 2


@jensen_shannon_of_probabilities.derivative
def _(prediction: Array, target: Array) -> Array:
    shares = distribution(target, prediction)
    return log(2 * prediction / (shares + prediction)) / 2


@focal.form("probabilities", "-sum(b * (1 - a)**gamma * log(a) for a, b in zip(p, t))", domains={"gamma": NOT_NEGATIVE})
def focal_of_probabilities(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    """The focal loss of probabilities."""
    shares = distribution(target, prediction)
    return -((1 - prediction) ** gamma * xlogy(shares, prediction)).sum(-1)


@focal_of_probabilities.derivative
def _(prediction: Array, target: Array, gamma: float = 2.0) -> Array:
    shares = distribution(target, prediction)
    rest = 1 - prediction
    slope = gamma * rest ** (gamma - 1) * log(prediction) - rest**gamma / prediction
    return where(shares == 0, 0.0, shares * slope)


@poly1.form(
    "probabilities", "sum(b * (-log(a) + epsilon * (1 - a)) for a, b in zip(p, t))", domains={"epsilon": Interval(-1)}
)
def poly1_of_probabilities(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    """Poly-1 of probabilities."""
    shares = distribution(target, prediction)
    return (epsilon * shares * (1 - prediction) - xlogy(shares, prediction)).sum(-1)


@poly1_of_probabilities.derivative
def _(prediction: Array, target: Array, epsilon: float = 1.0) -> Array:
    shares = distribution(target, prediction)
    return where(shares == 0, 0.0, -shares * (1 / prediction + epsilon))


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
    return where(shares == 0, 0.0, -shares * prediction ** (q - 1))


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
