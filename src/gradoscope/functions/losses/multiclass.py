"""Losses for one class out of several: a row of predictions per example."""

import math
from decimal import Decimal
from functools import cache

import numpy as np

from gradoscope.arrays import (
    Array,
    as_array,
    cast,
    exp,
    is_double,
    is_floating,
    largest,
    log1p,
    namespace,
    plus,
    reshaped,
    two_parts,
    where,
    world_of,
)
from gradoscope.errors import UsageError
from gradoscope.functions.facts import ConvexIn, LipschitzIn, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import (
    Peak,
    clipped,
    distribution,
    inside,
    log_softmax,
    moderate,
    peak,
    rest_of,
    shares_minus,
    surprise,
    taken,
    xlogy,
)
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, REAL, Interval, Optional, Row
from gradoscope.functions.targets import Targets
from gradoscope.language import say

CLIP = Interval(0, 0.5, open="right")


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(math.sqrt(2)),
    Minimiser("probability"),
    formula=r"\ell = \log \sum_j e^{x_j} - \sum_j t_j x_j",
    textbook="sum(b * (log(sum(exp(c) for c in p)) - a) for a, b in zip(p, t))",
    aliases=("cross_entropy", "ce", "cce", "cross_entropy_loss", "categorical_crossentropy", "softmax_cross_entropy",
             "sparse_categorical_cross_entropy", "sparse_categorical_crossentropy", "crossentropy",
             "softmax_cross_entropy_with_integer_labels", "multinomial_log_loss"),
    source="Good 1952",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    guidance=Guidance(
        use="One class out of several.",
        strengths=("Proper: its minimiser is the probability.", "Its gradient is prediction minus target."),
        weaknesses=("Grows without bound on confident mistakes, so wrong labels weigh much.",),
        pairs_with=("softmax",),
        differs="Keras takes probabilities by default, scales rows to sum 1 and clips them at 1e-7.",
   ),
    peers=Peers(
        "nn.CrossEntropyLoss",
        "CategoricalCrossentropy, SparseCategoricalCrossentropy",
        optax="softmax_cross_entropy, softmax_cross_entropy_with_integer_labels",
        sklearn="_loss.HalfMultinomialLoss"
    ),
)  # fmt: skip
def categorical_cross_entropy(prediction: Array, target: Array) -> Array:
    """Cross-entropy of rows of logits against integer labels or rows of probabilities.

    Examples
    --------
    >>> categorical_cross_entropy([[2.0, 0.0, 0.0]], [0]).round(6)
    array([0.239545])
    """
    return _surprise(prediction, peak(prediction, -1), target)


def _surprise(prediction: Array, parts: Peak, target: Array) -> Array:
    """`surprise`, which for labels need not store x - max where the logits themselves are at hand."""
    if is_floating(target):
        return surprise(parts, target)
    known, top = taken(prediction, target), parts.top[..., 0]
    return log1p(parts.rest)[..., 0] + where(known == top, 0.0, top - known)


@categorical_cross_entropy.derivative
def _(prediction: Array, target: Array) -> Array:
    return shares_minus(peak(prediction, -1), target)


@categorical_cross_entropy.together
def _(prediction: Array, target: Array, slope: Array) -> Array:
    top = largest(prediction, -1)
    if not is_floating(target) and moderate(prediction, top):
        return entropy_with_slope(prediction, top, target[..., None], slope)
    parts = peak(prediction, -1)
    slope[...] = shares_minus(parts, target)
    return _surprise(prediction, parts, target)


def entropy_with_slope(x: Array, top: Array, labels: Array, slope: Array) -> Array:
    """Cross-entropy of moderate logits in PyTorch; the derivative is written into `slope`: no other large array."""
    namespace(x).exp(x, out=slope)
    whole, most = slope.sum(-1, keepdim=True, dtype=namespace(x).float64), exp(top)
    rest = rest_of(x, top, slope, whole, most)
    known = x.gather(-1, labels)
    slope *= cast(1 / whole, x.dtype)
    changed = where(known == top, cast(-rest / whole, x.dtype), slope.gather(-1, labels) - 1)
    slope.scatter_(-1, labels, changed)
    return cast(log1p(rest / most) + (top - known), x.dtype)[..., 0]


@categorical_cross_entropy.target_derivative
def _(prediction: Array, target: Array) -> Array:
    return -log_softmax(prediction, -1)


@categorical_cross_entropy.form(
    "probabilities",
    "-sum(b * log(a + offset) for a, b in zip(p, t) if b)",
    domains={"clip": CLIP, "offset": NOT_NEGATIVE},
)
def of_probabilities(prediction: Array, target: Array, clip: float = 0.0, offset: float = 0.0) -> Array:
    """Cross-entropy of probabilities, moved into [clip, 1 - clip], with `offset` added in the logarithm."""
    kept = clipped(prediction, clip, 1 - clip) + offset
    return -xlogy(distribution(target, prediction), kept).sum(-1)


@of_probabilities.derivative
def _(prediction: Array, target: Array, clip: float = 0.0, offset: float = 0.0) -> Array:
    shares = distribution(target, prediction)
    slope = where(shares == 0, 0.0, -shares / (prediction + offset))
    return where(inside(prediction, clip, 1 - clip), slope, 0.0)


@categorical_cross_entropy.form("log_probabilities", "-sum(b * a for a, b in zip(p, t) if b)")
def of_log_probabilities(prediction: Array, target: Array) -> Array:
    """Cross-entropy of log probabilities: the negative log-likelihood."""
    shares = distribution(target, prediction)
    return -where(shares == 0, 0.0, shares * prediction).sum(-1)


@of_log_probabilities.derivative
def _(prediction: Array, target: Array) -> Array:
    return -distribution(target, prediction)


@loss(
    NonNegative(),
    ConvexIn(),
    Minimiser("probability"),
    formula=r"\ell = \sum_j t_j (\log t_j - \log q_j), \quad q = \operatorname{softmax}(x)",
    textbook="sum(b * (log(b) + log(sum(exp(c) for c in p)) - a) for a, b in zip(p, t) if b)",
    aliases=(
        "kl",
        "kld",
        "kl_div",
        "kl_div_loss",
        "kullback_leibler",
        "kullback_leibler_divergence",
        "relative_entropy",
    ),
    source="Kullback & Leibler 1951",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    guidance=Guidance(
        use="Matching a whole distribution: distillation, soft labels.",
        strengths=("Zero exactly where both distributions agree.",),
        weaknesses=("For fixed targets it differs from cross-entropy by a constant only.",),
        pairs_with=("softmax",),
        differs="PyTorch and optax take log probabilities, Keras probabilities clipped at 1e-7.",
    ),
    peers=Peers("nn.KLDivLoss", "KLDivergence", optax="kl_divergence", sklearn="scipy.special.rel_entr"),
)
def kl_divergence(prediction: Array, target: Array) -> Array:
    """Kullback-Leibler divergence of the target distribution from the predicted one, of rows of logits.

    Examples
    --------
    >>> kl_divergence([[0.0, 0.0]], [[0.25, 0.75]]).round(6)
    array([0.130812])
    """
    shares = distribution(target, prediction)
    return _divergence(shares, log_softmax(prediction, -1))


def _divergence(shares: Array, log_prediction: Array) -> Array:
    return (xlogy(shares, shares) - where(shares == 0, 0.0, shares * log_prediction)).sum(-1)


@kl_divergence.derivative
def _(prediction: Array, target: Array) -> Array:
    return shares_minus(peak(prediction, -1), distribution(target, prediction))


@kl_divergence.form("log_probabilities", "sum(b * (log(b) - a) for a, b in zip(p, t) if b)")
def kl_of_log_probabilities(prediction: Array, target: Array) -> Array:
    """The divergence from log probabilities."""
    return _divergence(distribution(target, prediction), prediction)


@kl_of_log_probabilities.derivative
def _(prediction: Array, target: Array) -> Array:
    return -distribution(target, prediction)


@kl_divergence.form(
    "probabilities",
    "sum(b * (log(b) - log(a + offset)) for a, b in zip(p, t) if b)",
    domains={"clip": CLIP, "offset": NOT_NEGATIVE},
)
def kl_of_probabilities(prediction: Array, target: Array, clip: float = 0.0, offset: float = 0.0) -> Array:
    """The divergence from probabilities, moved into [clip, 1 - clip], with `offset` added in the logarithm."""
    shares = distribution(target, prediction)
    return (xlogy(shares, shares) - xlogy(shares, clipped(prediction, clip, 1 - clip) + offset)).sum(-1)


@kl_of_probabilities.derivative
def _(prediction: Array, target: Array, clip: float = 0.0, offset: float = 0.0) -> Array:
    shares = distribution(target, prediction)
    slope = where(shares == 0, 0.0, -shares / (prediction + offset))
    return where(inside(prediction, clip, 1 - clip), slope, 0.0)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(math.sqrt(2)),
    formula=r"\ell = \log \sum_j \pi_j^\tau e^{x_j} - \sum_j t_j (x_j + \tau \log \pi_j)",
    textbook=(
        "sum(b * (log(sum(exp(c) * q**tau for c, q in zip(p, w))) - a - tau * log(v)) "
        "for w in [prior or [1] * len(p)] for a, b, v in zip(p, t, w))"
    ),
    aliases=("logit_adjustment", "balanced_softmax"),
    source="Menon et al. 2021, ICLR, arXiv 2007.07314; Ren et al. 2020, NeurIPS, arXiv 2007.10740",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="logits",
    domains={"prior": Optional(Row(POSITIVE)), "tau": REAL},
    guidance=Guidance(
        use="One class out of several, where a few classes have most of the examples.",
        strengths=("Its minimiser ranks classes as if all were equally frequent.",),
        weaknesses=("Needs the frequencies of the classes.", "Its outputs are no probabilities of the training data."),
        pairs_with=("softmax",),
    ),
)
def logit_adjusted(prediction: Array, target: Array, prior: tuple[float, ...] | None = None, tau: float = 1.0) -> Array:
    """Cross-entropy of logits to which tau times the logarithm of each class's frequency is added.

    `prior` holds one number per class, frequencies or counts; without it all classes are equally frequent.

    Examples
    --------
    >>> logit_adjusted([[1.0, 0.0]], [1], prior=(90, 10)).round(6)
    array([3.237287])
    """
    return surprise(_moved_peak(prediction, prior, tau), target)


@logit_adjusted.derivative
def _(prediction: Array, target: Array, prior: tuple[float, ...] | None = None, tau: float = 1.0) -> Array:
    return shares_minus(_moved_peak(prediction, prior, tau), target)


def _moved_peak(logits: Array, prior: tuple[float, ...] | None, tau: float) -> Peak:
    """The parts of softmax of the logits plus tau times the logarithm of the prior."""
    if prior is None:
        return peak(logits, -1)
    if len(prior) != logits.shape[-1]:
        raise UsageError(
            say("prior must hold one number per class, {classes} of them, not {count}",
                classes=logits.shape[-1], count=len(prior))
        )  # fmt: skip
    high, low = (_row(part, logits) for part in _shifts(tuple(prior), tau)[is_double(logits)])
    moved, lost = plus(logits, high)
    return peak(moved, -1, lost + low)


@cache
def _shifts(prior: tuple[float, ...], tau: float) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    """Tau times the logarithm of each number as the sum of two numbers, for float32 and for float64."""
    each = [two_parts(str(Decimal(tau) * Decimal(float(number)).ln())) for number in prior]
    return tuple((tuple(part[dtype][0] for part in each), tuple(part[dtype][1] for part in each)) for dtype in (0, 1))


def _row(numbers: tuple[float, ...], like: Array) -> Array:
    """Numbers as a row beside `like`."""
    row = as_array(np.array(numbers), world_of(like), like=like)
    return cast(reshaped(row, like.ndim), like.dtype)
