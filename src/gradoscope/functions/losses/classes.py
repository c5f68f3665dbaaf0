"""Losses for several classes from scores, cosines and thresholds."""

import math
from decimal import Decimal, localcontext
from functools import cache

from gradoscope.arrays import (
    Array,
    at_least,
    cast,
    largest,
    namespace,
    scattered_ones,
    total,
    two_parts,
    where,
)
from gradoscope.arrays.pairs import Pair, Parts, Wide, choose, exact, fixed, leading, narrow, root, summed, wider
from gradoscope.functions.facts import ConvexIn, LipschitzIn, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import distribution, peak, shares_minus, sigmoid, softplus, sparse_threshold, surprise
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, Interval, OneOf
from gradoscope.functions.targets import Targets


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(math.sqrt(2)),
    formula=r"\ell = \max\left(0, m + \max_{j \ne t} x_j - x_t\right)",
    textbook="max(0, margin + max(a for a, b in zip(p, t) if not b) - sum(a * b for a, b in zip(p, t)))",
    aliases=("multi_margin", "multi_margin_loss", "categorical_hinge", "multiclass_hinge_loss"),
    source="Crammer & Singer 2001; Weston & Watkins 1999",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    input="scores",
    before_link="scores",
    after_link="scores",
    domains={"margin": NOT_NEGATIVE, "variant": OneOf(("crammer_singer", "weston_watkins"))},
    guidance=Guidance(
        use="Support vector machines for several classes.",
        strengths=("Only examples near the boundary count.",),
        weaknesses=("Gives no probabilities.",),
        pairs_with=("identity",),
        differs=(
            "PyTorch takes Weston and Watkins and divides by the number of classes; Keras and optax take "
            "Crammer and Singer."
        ),
    ),
    peers=Peers("nn.MultiMarginLoss", "CategoricalHinge", optax="multiclass_hinge_loss"),
)
def multiclass_hinge(prediction: Array, target: Array, margin: float = 1.0, variant: str = "crammer_singer") -> Array:
    """The hinge loss of scores for labels.

    `crammer_singer` takes the strongest rival of the true class, `weston_watkins` sums over all.

    Examples
    --------
    >>> multiclass_hinge([[1.0, 2.0, 0.5]], [0])
    array([2.])
    """
    excess = _excess(prediction, distribution(target, prediction), margin)
    return largest(excess, -1)[..., 0] if variant == "crammer_singer" else excess.sum(-1)


@multiclass_hinge.derivative
def _(prediction: Array, target: Array, margin: float = 1.0, variant: str = "crammer_singer") -> Array:
    shares = distribution(target, prediction)
    excess = _excess(prediction, shares, margin)
    pull = cast(excess > 0, prediction.dtype)
    if variant == "crammer_singer":
        pull = pull * cast(excess == largest(excess, -1), prediction.dtype)
        pull = pull / at_least(total(pull, -1), 1.0)
    return pull - shares * total(pull, -1)


def _excess(scores: Array, shares: Array, margin: float) -> Array:
    """How far each rival comes too near to the true class; 0 for the true class itself."""
    true = total(shares * scores, -1)
    return where(shares > 0, 0.0, at_least(scores - true + margin, 0.0))


@loss(
    NonNegative(),
    ConvexIn(),
    formula=(
        r"\ell = \tfrac12 \|t\|^2 - \tfrac12 \|q\|^2 + \langle x, q - t \rangle,\quad q = "
        r"\operatorname{sparsemax}(x)"
    ),
    textbook=(
        "sum(b**2 / 2 - q**2 / 2 + a * (q - b) for a, b in zip(p, t) for q in [max(a - "
        "max((sum(sorted(p)[-k:]) - 1) / k for k in range(1, len(p) + 1)), 0)])"
    ),
    aliases=("multiclass_sparsemax_loss", "fenchel_young_sparsemax"),
    source="Martins & Astudillo 2016, ICML; Blondel, Martins & Niculae 2020",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    link="sparsemax",
    input="logits",
    before_link="logits",
    after_link="logits",
    guidance=Guidance(
        use="Sparse class probabilities.",
        strengths=("Zero once the margin is 1: easy examples stop pulling.",),
        weaknesses=("Gives unlikely classes the probability zero, so it is not proper.",),
        pairs_with=("sparsemax",),
    ),
    peers=Peers(optax="multiclass_sparsemax_loss"),
)
def sparsemax_loss(prediction: Array, target: Array) -> Array:
    """The Fenchel-Young loss of sparsemax.

    Examples
    --------
    >>> sparsemax_loss([[0.5, 0.0]], [0])
    array([0.0625])
    """
    (below, ours), goal = _sparse(prediction), wider(distribution(target, prediction))
    value = summed((ours - goal) * (below - (ours + goal) * 0.5))
    return at_least(narrow(value, prediction)[..., 0], 0.0)


@sparsemax_loss.derivative
def _(prediction: Array, target: Array) -> Array:
    return narrow(_sparse(prediction)[1] - wider(distribution(target, prediction)), prediction)


def _sparse(logits: Array) -> tuple[Wide, Wide]:
    """The logits below their largest, and their sparsemax: what exceeds the threshold that the support asks for."""
    most = largest(logits, -1)
    near = logits - most
    below = wider(logits) - wider(most)
    chosen = near > sparse_threshold(near, -1)
    count = wider(total(cast(chosen, logits.dtype), -1))
    gap = below - (summed(choose(chosen, below, 0.0)) - 1.0) / count
    return below, choose(leading(gap) > 0, gap, 0.0)


@loss(
    NonNegative(),
    formula=r"\ell = \operatorname{CE}\left(s [\cos(\theta_t + m) - c], s \cos\theta_j\right)",
    textbook=(
        "(lambda z: log(sum(exp(v) for v in z)) - sum(v * b for v, b in zip(z, t)))([scale * ((a * cos(angle) "
        "- sqrt(1 - a**2) * sin(angle) - offset) if b else a) for a, b in zip(p, t)])"
    ),
    aliases=("arcface", "cosface", "am_softmax"),
    source="Deng, Guo, Xue & Zafeiriou 2019 (ArcFace); Wang et al. 2018 (CosFace), CVPR",
    tasks=("multiclass",),
    targets=Targets.CLASSES,
    rowwise=True,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"scale": POSITIVE, "angle": Interval(0, math.pi), "offset": NOT_NEGATIVE},
    guidance=Guidance(
        use="Faces and retrieval: classes by angle.",
        strengths=("Asks for a margin between the angles of classes.",),
        weaknesses=("Needs normalised features and weights.", "Not convex: a bad start can stay bad."),
        pairs_with=("identity",),
    ),
)
def margin_softmax(
    prediction: Array, target: Array, scale: float = 64.0, angle: float = 0.5, offset: float = 0.0
) -> Array:
    """Cross-entropy of scaled cosines for labels, with a margin against the true class.

    `angle` is the margin of ArcFace, `offset` that of CosFace.

    Examples
    --------
    >>> margin_softmax([[0.5, 0.25]], [0], scale=4.0, angle=0.5).round(6)
    array([1.245148])
    """
    chosen = distribution(target, prediction) > 0
    rows = _harder(prediction, chosen, scale, angle, offset)
    return surprise(peak(rows.high, -1, rows.low), target)


@margin_softmax.derivative
def _(prediction: Array, target: Array, scale: float = 64.0, angle: float = 0.5, offset: float = 0.0) -> Array:
    chosen = distribution(target, prediction) > 0
    rows = _harder(prediction, chosen, scale, angle, offset)
    slope = shares_minus(peak(rows.high, -1, rows.low), target)
    cosine, sine = (fixed(prediction, parts) for parts in _turn(angle))
    height = _height(prediction)
    turned = (height * cosine + exact(prediction) * sine) / choose(height.high > 1e-15, height, 1e-15)
    return slope * narrow(choose(chosen, turned, 1.0) * scale, prediction)


def _harder(cosines: Array, chosen: Array, scale: float, angle: float, offset: float) -> Pair:
    """Scaled cosines, with the margin taken from the true class."""
    cosine, sine = (fixed(cosines, parts) for parts in _turn(angle))
    plain = exact(cosines)
    turned = plain * cosine - _height(cosines) * sine - offset
    rows: Pair = choose(chosen, turned, plain) * scale
    return rows


def _height(cosines: Array) -> Pair:
    """The sines that belong to cosines."""
    plain = exact(cosines)
    height: Pair = root(-(plain - 1.0) * (plain + 1.0))
    return height


@cache
def _turn(angle: float) -> tuple[Parts, Parts]:
    """Cosine and sine of an angle, by their series."""
    with localcontext(prec=60):
        sums, term = [Decimal(0), Decimal(0)], Decimal(1)
        for power in range(80):
            sums[power % 2] += term if power % 4 < 2 else -term
            term = term * Decimal(angle) / (power + 1)
        return two_parts(str(sums[0])), two_parts(str(sums[1]))


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \sum_k \log(1 + e^{-s_k x_k}),\quad s_k = \begin{cases} 1 & t > k \\ -1 & t \le k \end{cases}",
    textbook="sum(log(1 + exp(-a)) if t > k else log(1 + exp(a)) for k, a in enumerate(p))",
    aliases=("coral", "ordinal_cumulative", "proportional_odds", "cumulative_link"),
    source="McCullagh 1980; Cao, Mirjalili & Raschka 2020",
    tasks=("multiclass",),
    targets=Targets.RANKS,
    rowwise=True,
    input="logits",
    before_link="logits",
    after_link="logits",
    guidance=Guidance(
        use="Ordered classes: one logit per threshold between them.",
        strengths=("Knows that neighbouring classes are alike.",),
        weaknesses=("Needs ordered classes.",),
        pairs_with=("identity",),
    ),
)
def ordinal(prediction: Array, target: Array) -> Array:
    """Cross-entropy of the thresholds that a rank exceeds; K logits for the ranks 0 to K.

    Examples
    --------
    >>> ordinal([[2.0, -2.0]], [1]).round(6)
    array([0.253856])
    """
    return softplus(_side(prediction, target) * prediction).sum(-1)


@ordinal.derivative
def _(prediction: Array, target: Array) -> Array:
    side = _side(prediction, target)
    return side * sigmoid(side * prediction)


def _side(prediction: Array, target: Array) -> Array:
    """-1 for thresholds that the rank exceeds, 1 for the others; NaN for an impossible rank."""
    xp = namespace(prediction)
    ranks = scattered_ones(target, prediction.shape[-1] + 1, prediction)
    exceeded = 1 - xp.cumsum(ranks, axis=-1)[..., :-1]
    return 1 - 2 * exceeded


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \frac{1}{K} \sum_{j: t_j = 1} \sum_{i: t_i = 0} \max(0, m - x_j + x_i)",
    textbook="sum(max(0, margin - a + c) for a, b in zip(p, t) if b for c, d in zip(p, t) if not d) / len(p)",
    aliases=("multilabel_margin_loss",),
    source="-",
    tasks=("binary",),
    targets=Targets.BINARY,
    rowwise=True,
    input="scores",
    before_link="scores",
    after_link="scores",
    domains={"margin": NOT_NEGATIVE},
    guidance=Guidance(
        use="Several labels at once, from scores.",
        strengths=("Asks that every true label scores above every false one.",),
        weaknesses=("Gives no probabilities.",),
        pairs_with=("identity",),
        differs="PyTorch takes lists of label numbers as targets.",
    ),
    peers=Peers("nn.MultiLabelMarginLoss"),
)
def multilabel_margin(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    """The hinge loss between true and false labels; targets are rows of 0 and 1.

    Examples
    --------
    >>> multilabel_margin([[2.0, 0.5, 1.5]], [[1.0, 0.0, 1.0]])
    array([0.])
    """
    return _gaps(prediction, target, margin).sum((-2, -1)) / prediction.shape[-1]


@multilabel_margin.derivative
def _(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    pull = cast(_gaps(prediction, target, margin) > 0, prediction.dtype)
    return (pull.sum(-2) - pull.sum(-1)) / prediction.shape[-1]


def _gaps(scores: Array, target: Array, margin: float) -> Array:
    """How far each false label (last axis) comes too near to each true one."""
    missing = at_least(margin - scores[..., :, None] + scores[..., None, :], 0.0)
    return where((target[..., :, None] > 0) & (target[..., None, :] == 0), missing, 0.0)
