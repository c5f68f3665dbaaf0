"""Losses on whole batches: the matrix of cosines between its examples."""

import math

from gradoscope.arrays import Array, at_least, cast, exp, largest, log1p, namespace, total, where
from gradoscope.functions.facts import ConvexIn, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import (
    Peak,
    distribution,
    divided,
    peak,
    shares_minus,
    sigmoid,
    softmax,
    softplus,
    surprise,
)
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, REAL, UNIT
from gradoscope.functions.targets import Targets


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = -\log \frac{e^{c_t / T}}{\sum_j e^{c_j / T}}",
    textbook="sum(b * (log(sum(exp(c / temperature) for c in p)) - a / temperature) for a, b in zip(p, t))",
    aliases=("ntxent", "nt_xent", "n_pair", "clip_loss"),
    source="Sohn 2016; van den Oord, Li & Vinyals 2018; Chen et al. 2020; Radford et al. 2021",
    tasks=(),
    targets=Targets.CLASSES,
    rowwise=True,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"temperature": POSITIVE},
    guidance=Guidance(
        use="Contrastive learning: a row of cosines per example, and the place of its partner.",
        strengths=("All other examples of the batch serve as negatives.",),
        weaknesses=("Needs large batches.", "The temperature must be chosen."),
    ),
    peers=Peers(optax="ntxent"),
)
def info_nce(prediction: Array, target: Array, temperature: float = 0.07) -> Array:
    """Cross-entropy of cosines divided by a temperature; for both directions add the loss of the transposed matrix.

    Examples
    --------
    >>> info_nce([[0.9, 0.1], [0.2, 0.8]], [0, 1], temperature=0.5).round(6)
    array([0.183901, 0.263282])
    """
    rows, lost = divided(prediction, temperature)
    return surprise(peak(rows, -1, lost), target)


@info_nce.derivative
def _(prediction: Array, target: Array, temperature: float = 0.07) -> Array:
    rows, lost = divided(prediction, temperature)
    return shares_minus(peak(rows, -1, lost), target) / temperature


@loss(
    NonNegative(),
    formula=r"\ell_i = -\frac{1}{|P_i|} \sum_{j \in P_i} \log \frac{e^{c_{ij} / T}}{\sum_{k \ne i} e^{c_{ik} / T}}",
    textbook="",  # a sum over pairs of rows: tests write it out
    aliases=("sup_con", "supcon"),
    source="Khosla et al. 2020, NeurIPS",
    tasks=(),
    targets=Targets.GROUPS,
    rowwise=True,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"temperature": POSITIVE},
    guidance=Guidance(
        use="Contrastive learning with labels: the matrix of cosines of a batch, and its labels.",
        strengths=("All examples of a class attract each other.",),
        weaknesses=("Needs large batches.", "The temperature must be chosen."),
    ),
)
def supervised_contrastive(prediction: Array, target: Array, temperature: float = 0.07) -> Array:
    """The mean cross-entropy over the partners of each row; 0 for rows without partner.

    Examples
    --------
    >>> supervised_contrastive([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]], [0, 0, 1], temperature=1.0).round(6)
    array([0.474077, 0.474077, 0.      ])
    """
    others, partners = batch_masks(prediction, target)
    parts = _peak_of_others(prediction, others, temperature)
    surprise = where(partners > 0, partners * (log1p(parts.rest) - parts.below), 0.0)
    return surprise.sum(-1) / at_least(partners.sum(-1), 1.0)


@supervised_contrastive.derivative
def _(prediction: Array, target: Array, temperature: float = 0.07) -> Array:
    others, partners = batch_masks(prediction, target)
    parts = _peak_of_others(prediction, others, temperature)
    count = total(partners, -1)
    goal = partners / at_least(count, 1.0)
    return where(count > 0, parts.shares / (1 + parts.rest) - goal, 0.0) / temperature


def _peak_of_others(cosines: Array, others: Array, temperature: float) -> Peak:
    """The parts of softmax of the cosines divided by the temperature, without those of a row with itself."""
    rows, lost = divided(cosines, temperature)
    return peak(where(others > 0, rows, -math.inf), -1, lost)


@loss(
    NonNegative(),
    formula=(
        r"\ell_i = \log\left(1 + \sum_{k \in N_i} e^{\gamma \alpha_k (c_k - m)} \sum_{j \in P_i} e^{-\gamma "
        r"\alpha_j (c_j - 1 + m)}\right)"
    ),
    textbook="",  # a sum over pairs of rows, with constant weights: tests write it out
    aliases=("circle_loss",),
    source="Sun et al. 2020, CVPR",
    tasks=(),
    targets=Targets.GROUPS,
    rowwise=True,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"gamma": POSITIVE, "margin": UNIT},
    guidance=Guidance(
        use="Metric learning: the matrix of cosines of a batch, and its labels.",
        strengths=("Far pairs pull harder than near ones.",),
        weaknesses=("Two numbers must be chosen.",),
        differs="Weights are constants for the gradient, as in the paper; Keras too.",
    ),
    peers=Peers("", "Circle"),
)
def circle(prediction: Array, target: Array, gamma: float = 80.0, margin: float = 0.4) -> Array:
    """The circle loss; 0 for rows without partner or without rival.

    Examples
    --------
    >>> circle([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]], [0, 0, 1], gamma=1.0).round(6)
    array([0.65876, 0.65876, 0.     ])
    """
    near, far = _circle_terms(prediction, target, gamma, margin)
    return where(_complete(near, far), softplus(_lse(near) + _lse(far)), 0.0)


@circle.derivative
def _(prediction: Array, target: Array, gamma: float = 80.0, margin: float = 0.4) -> Array:
    near, far = _circle_terms(prediction, target, gamma, margin)
    whole = _complete(near, far)[..., None]
    pull = sigmoid((_lse(near) + _lse(far))[..., None])
    towards = where(near > -math.inf, softmax_or_zero(near) * _circle_weight(1 + margin - prediction), 0.0)
    apart = where(far > -math.inf, softmax_or_zero(far) * _circle_weight(prediction + margin), 0.0)
    return where(whole, gamma * pull * (apart - towards), 0.0)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=(
        r"\ell_i = \tfrac{1}{\alpha} \log\left(1 + \sum_{j \in P_i} e^{-\alpha (c_j - b)}\right) + \tfrac{1}{\beta} "
        r"\log\left(1 + \sum_{k \in N_i} e^{\beta (c_k - b)}\right)"
    ),
    textbook="",  # a sum over pairs of rows: tests write it out
    aliases=("multi_similarity_loss", "ms_loss"),
    source="Wang, Han, Huang, Dong & Scott 2019, CVPR",
    tasks=(),
    targets=Targets.GROUPS,
    rowwise=True,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"alpha": POSITIVE, "beta": POSITIVE, "base": REAL},
    guidance=Guidance(
        use="Metric learning: the matrix of cosines of a batch, and its labels.",
        strengths=("Far pairs pull harder than near ones.",),
        weaknesses=("Two numbers must be chosen.",),
    ),
)
def multi_similarity(
    prediction: Array, target: Array, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5
) -> Array:
    """The multi-similarity loss of each row, over all pairs.

    Examples
    --------
    >>> multi_similarity([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]], [0, 0, 1], beta=2.0).round(6)
    array([0.503204, 0.503204, 0.275722])
    """
    near, far = _similar_terms(prediction, target, alpha, beta, base)
    return _above_one(near) / alpha + _above_one(far) / beta


@multi_similarity.derivative
def _(prediction: Array, target: Array, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5) -> Array:
    near, far = _similar_terms(prediction, target, alpha, beta, base)
    return exp(far - _above_one(far)[..., None]) - exp(near - _above_one(near)[..., None])


def _similar_terms(cosines: Array, labels: Array, alpha: float, beta: float, base: float) -> tuple[Array, Array]:
    """The exponents of partners and of rivals; -infinity where a column is neither."""
    others, partners = batch_masks(cosines, labels)
    near, far = -alpha * (cosines - base), beta * (cosines - base)
    return where(partners > 0, near, -math.inf), where((others > 0) & (partners == 0), far, -math.inf)


def _above_one(x: Array) -> Array:
    """log(1 + sum(exp(x))) of each row."""
    return where(largest(x, -1)[..., 0] > -math.inf, softplus(_lse(x)), 0.0)


def _circle_terms(cosines: Array, labels: Array, gamma: float, margin: float) -> tuple[Array, Array]:
    """The exponents of partners and of rivals; -infinity where a column is neither."""
    others, partners = batch_masks(cosines, labels)
    near = -gamma * _circle_weight(1 + margin - cosines) * (cosines - (1 - margin))
    far = gamma * _circle_weight(cosines + margin) * (cosines - margin)
    return where(partners > 0, near, -math.inf), where((others > 0) & (partners == 0), far, -math.inf)


def _circle_weight(gap: Array) -> Array:
    """How far a cosine is from its optimum."""
    return at_least(gap, 0.0)


def _complete(near: Array, far: Array) -> Array:
    """Whether a row has partners and rivals."""
    return (largest(near, -1) > -math.inf)[..., 0] & (largest(far, -1) > -math.inf)[..., 0]


def _lse(x: Array) -> Array:
    """log(sum(exp(x))) of each row; 0 where nothing is left."""
    top = largest(x, -1)
    parts = peak(where(top > -math.inf, x, 0.0), -1)
    return where(top > -math.inf, top + log1p(parts.rest), 0.0)[..., 0]


def softmax_or_zero(x: Array) -> Array:
    """Softmax of each row; anything where nothing is left."""
    return softmax(where(largest(x, -1) > -math.inf, x, 0.0), -1)


def batch_masks(cosines: Array, labels: Array) -> tuple[Array, Array]:
    """For a square matrix of a batch: 1 for all other rows, and 1 for those of the same label."""
    same = cast(labels[:, None] == labels[None, :], cosines.dtype)
    others = 1 - namespace(cosines).eye(labels.shape[0], dtype=cosines.dtype)
    return others, same * others


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell_i = (1 - c_{it})^2 + \lambda \sum_{j \ne t} c_{ij}^2",
    textbook="sum(b * (1 - a)**2 + redundancy * (1 - b) * a**2 for a, b in zip(p, t))",
    aliases=("barlow", "redundancy_reduction"),
    source="Zbontar, Jing, Misra, LeCun & Deny 2021, ICML, arXiv 2103.03230",
    tasks=(),
    targets=Targets.CLASSES,
    rowwise=True,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"redundancy": NOT_NEGATIVE},
    guidance=Guidance(
        use="Learning without labels: correlations between the features of two views, and the place of each feature.",
        strengths=("Needs no negatives, and works with small batches.", "Features become independent of each other."),
        weaknesses=("Works best with many features.", "The weight of redundancy must be chosen."),
    ),
)
def barlow_twins(prediction: Array, target: Array, redundancy: float = 0.005) -> Array:
    """How far a row of correlations is from 1 at its own place and 0 elsewhere; sum the rows of the matrix.

    Correlations are cosines of centred features; the target of row i is i.

    Examples
    --------
    >>> barlow_twins([[0.5, 0.5], [0.0, 1.0]], [0, 1])
    array([0.25125, 0.     ])
    """
    own = distribution(target, prediction)
    return (own * (1 - prediction) ** 2 + redundancy * (1 - own) * prediction**2).sum(-1)


@barlow_twins.derivative
def _(prediction: Array, target: Array, redundancy: float = 0.005) -> Array:
    own = distribution(target, prediction)
    return 2 * (own * (prediction - 1) + redundancy * (1 - own) * prediction)
