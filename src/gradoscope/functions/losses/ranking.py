"""Losses on pairs, triplets and lists: of distances, cosines and scores; and divergences of outputs alone."""

from gradoscope.arrays import (
    Array,
    at_least,
    cast,
    expm1,
    expm1_less_x,
    isfinite,
    log1p,
    plus,
    stacked,
    where,
    within,
)
from gradoscope.arrays.pairs import narrow, wider
from gradoscope.functions.facts import ConvexIn, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, mix, peak, scaled, sigmoid, softplus
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, Interval
from gradoscope.functions.shares import pull_log, shares_of
from gradoscope.functions.targets import Targets

LARGE = 1e30  # a product with its rounding error stays finite


@loss(
    NonNegative(),
    formula=r"\ell = t d^2 + (1 - t) \max(0, m - d)^2",
    textbook="t * p**2 + (1 - t) * max(0, margin - p)**2",
    aliases=("contrastive_loss",),
    source="Hadsell, Chopra & LeCun 2006, CVPR",
    tasks=(),
    targets=Targets.BINARY,
    input="distances",
    before_link="distances",
    after_link="distances",
    domains={"margin": POSITIVE},
    guidance=Guidance(
        use="Distances of pairs: target 1 for the same, 0 for different.",
        strengths=("Moves like together and unlike apart, up to the margin.",),
        weaknesses=("The margin must fit the scale of the embedding.",),
    ),
)
def contrastive(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    """The contrastive loss of distances.

    Examples
    --------
    >>> contrastive([0.5, 0.5], [1.0, 0.0])
    array([0.25, 0.25])
    """
    gap = at_least(margin - prediction, 0.0)
    return mix(target, prediction * prediction, gap * gap)


@contrastive.derivative
def _(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    return mix(target, 2 * prediction, -2 * at_least(margin - prediction, 0.0))


@loss(
    NonNegative(),
    formula=r"\ell = \begin{cases} d & t = 1 \\ \max(0, m - d) & t = -1 \end{cases}",
    textbook="p if t == 1 else max(0, margin - p)",
    aliases=("hinge_embedding_loss",),
    source="-",
    tasks=(),
    targets=Targets.SIGN,
    input="distances",
    before_link="distances",
    after_link="distances",
    domains={"margin": POSITIVE},
    guidance=Guidance(
        use="Distances of pairs: target 1 for the same, -1 for different.",
        strengths=("Moves like together and unlike apart, up to the margin.",),
        weaknesses=("The margin must fit the scale of the embedding.",),
    ),
    peers=Peers("nn.HingeEmbeddingLoss"),
)
def hinge_embedding(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    """The hinge loss of distances.

    Examples
    --------
    >>> hinge_embedding([0.5, 0.25], [1.0, -1.0])
    array([0.5 , 0.75])
    """
    return where(target > 0, prediction, at_least(margin - prediction, 0.0))


@hinge_embedding.derivative
def _(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    return where(target > 0, target, -cast(prediction < margin, prediction.dtype))


@loss(
    NonNegative(),
    formula=r"\ell = \begin{cases} 1 - c & t = 1 \\ \max(0, c - m) & t = -1 \end{cases}",
    textbook="1 - p if t == 1 else max(0, p - margin)",
    aliases=("cosine_embedding_loss",),
    source="-",
    tasks=(),
    targets=Targets.SIGN,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"margin": Interval(-1, 1)},
    guidance=Guidance(
        use="Cosines of pairs: target 1 for the same, -1 for different.",
        strengths=("Free of scale.",),
        weaknesses=("The margin must be chosen.",),
    ),
    peers=Peers("nn.CosineEmbeddingLoss"),
)
def cosine_embedding(prediction: Array, target: Array, margin: float = 0.0) -> Array:
    """The cosine embedding loss of cosines.

    Examples
    --------
    >>> cosine_embedding([0.5, 0.25], [1.0, -1.0])
    array([0.5 , 0.25])
    """
    return where(target > 0, 1 - prediction, at_least(prediction - margin, 0.0))


@cosine_embedding.derivative
def _(prediction: Array, target: Array, margin: float = 0.0) -> Array:
    return where(target > 0, -target, cast(prediction > margin, prediction.dtype))


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \max(0, d_+ - d_- + m)",
    textbook="max(0, p[0] - p[1] + margin)",
    aliases=("triplet", "triplet_margin_loss", "triplet_loss"),
    source="Schroff, Kalenichenko & Philbin 2015; Balntas et al. 2016",
    tasks=(),
    targets=Targets.NONE,
    outputs=2,
    input="distances",
    before_link="distances",
    after_link="distances",
    domains={"margin": NOT_NEGATIVE},
    guidance=Guidance(
        use="Distances of triplets, from the anchor to the same and to a different one.",
        strengths=("Asks for order, not for absolute distances.",),
        weaknesses=("Most triplets are easy: hard ones must be found.",),
    ),
    peers=Peers("nn.TripletMarginLoss", optax="triplet_margin_loss"),
)
def triplet_margin(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    """The triplet loss of two distances: to the positive, to the negative.

    Examples
    --------
    >>> triplet_margin([[0.5, 1.0], [0.5, 2.0]])
    array([0.5, 0. ])
    """
    return at_least(prediction[..., 0] - prediction[..., 1] + margin, 0.0)


@triplet_margin.derivative
def _(prediction: Array, target: Array, margin: float = 1.0) -> Array:
    pull = cast(prediction[..., 0] - prediction[..., 1] + margin > 0, prediction.dtype)
    return stacked(pull, -pull)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \max(0, -t (x_1 - x_2) + m)",
    textbook="max(0, -t * (p[0] - p[1]) + margin)",
    aliases=("margin_ranking_loss", "pairwise_hinge"),
    source="Joachims 2002",
    tasks=(),
    targets=Targets.SIGN,
    outputs=2,
    input="scores",
    before_link="scores",
    after_link="scores",
    domains={"margin": NOT_NEGATIVE},
    guidance=Guidance(
        use="Two scores: target 1 if the first should be higher, -1 if lower.",
        strengths=("Asks for order, not for absolute scores.",),
        weaknesses=("Most pairs are easy: hard ones must be found.",),
    ),
    peers=Peers("nn.MarginRankingLoss"),
)
def margin_ranking(prediction: Array, target: Array, margin: float = 0.0) -> Array:
    """The margin ranking loss of two scores.

    Examples
    --------
    >>> margin_ranking([[0.5, 1.0], [0.5, 1.0]], [1.0, -1.0])
    array([0.5, 0. ])
    """
    return at_least(margin - target * (prediction[..., 0] - prediction[..., 1]), 0.0)


@margin_ranking.derivative
def _(prediction: Array, target: Array, margin: float = 0.0) -> Array:
    pull = target * cast(margin - target * (prediction[..., 0] - prediction[..., 1]) > 0, prediction.dtype)
    return stacked(-pull, pull)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \log(1 + e^{-t (x_1 - x_2)})",
    textbook="log(1 + exp(-t * (p[0] - p[1])))",
    aliases=("ranknet", "bpr"),
    source="Burges et al. 2005; Rendle et al. 2009",
    tasks=(),
    targets=Targets.SIGN,
    outputs=2,
    input="scores",
    before_link="scores",
    after_link="scores",
    guidance=Guidance(
        use="Two scores: target 1 if the first should be higher, -1 if lower.",
        strengths=("Asks for order, not for absolute scores.",),
        weaknesses=("Never quite satisfied: easy pairs pull a little.",),
    ),
)
def ranking_logistic(prediction: Array, target: Array) -> Array:
    """The logistic ranking loss of two scores.

    Examples
    --------
    >>> ranking_logistic([[0.5, 1.0]], [1.0]).round(6)
    array([0.974077])
    """
    ahead, lost = _lead(prediction)
    return softplus(-target * ahead, -target * lost)


@ranking_logistic.derivative
def _(prediction: Array, target: Array) -> Array:
    ahead, lost = _lead(prediction)
    pull = target * sigmoid(-target * ahead, -target * lost)
    return stacked(-pull, pull)


def _lead(prediction: Array) -> tuple[Array, Array]:
    """How far the first score is ahead of the second, with its rounding error."""
    ahead, lost = plus(prediction[..., 0], -prediction[..., 1])
    return ahead, where(isfinite(ahead), lost, 0.0)


@loss(
    formula=r"\ell = -\sum_j t_j \log \operatorname{softmax}(x)_j",
    textbook="-sum(b * (a - log(sum(exp(c) for c in p))) for a, b in zip(p, t))",
    aliases=("ranking_softmax", "ranking_softmax_loss"),
    source="Cao, Qin, Liu, Tsai & Li 2007, ICML",
    tasks=(),
    targets=Targets.COUNT,
    rowwise=True,
    input="scores",
    before_link="scores",
    after_link="scores",
    guidance=Guidance(
        use="Ranking lists: a row of scores against a row of relevances.",
        strengths=("Looks at the whole list at once.",),
        weaknesses=("Relevances are taken as they are: scale them to sum 1 for a distribution.",),
    ),
    peers=Peers(optax="ranking_softmax_loss"),
)
def listnet(prediction: Array, target: Array) -> Array:
    """Cross-entropy of scores against relevances.

    Examples
    --------
    >>> listnet([[1.0, 0.0]], [[2.0, 0.0]]).round(6)
    array([0.626523])
    """
    parts = peak(prediction, -1)
    return (target * (log1p(parts.rest) - parts.below)).sum(-1)


@listnet.derivative
def _(prediction: Array, target: Array) -> Array:
    return -narrow(pull_log(wider(target), shares_of(prediction)), prediction)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \tfrac12 (\mu^2 + v - \log v - 1)",
    textbook="(p[0]**2 + exp(p[1]) - p[1] - 1) / 2",
    aliases=("vae_kl", "kl_standard_normal"),
    source="Kingma & Welling 2014, ICLR",
    tasks=(),
    targets=Targets.NONE,
    outputs=2,
    guidance=Guidance(
        use="Variational autoencoders: two outputs, mean and log variance.",
        strengths=("Zero exactly at the standard normal distribution.",),
        weaknesses=("Too strong, it empties the code.",),
    ),
)
def kl_normal(prediction: Array, target: Array) -> Array:
    """The divergence of a normal distribution from N(0, 1); outputs are mean and log variance.

    Examples
    --------
    >>> kl_normal([[0.0, 0.0], [1.0, 0.0]])
    array([0. , 0.5])
    """
    mean, log_variance = prediction[..., 0], prediction[..., 1]
    return (mean * mean + expm1_less_x(log_variance)) / 2


@kl_normal.derivative
def _(prediction: Array, target: Array) -> Array:
    return stacked(prediction[..., 0], expm1(prediction[..., 1]) / 2)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \log(1 + e^{-\beta m})",
    textbook="log(1 + exp(-beta * p))",
    aliases=("dpo", "direct_preference"),
    source="Rafailov et al. 2023, NeurIPS",
    tasks=(),
    targets=Targets.NONE,
    input="margins",
    before_link="margins",
    after_link="margins",
    domains={"beta": POSITIVE},
    guidance=Guidance(
        use=(
            "Preferences: how much more likely the model made the preferred answer than the other, against a reference."
        ),
        strengths=("Needs no reward model.",),
        weaknesses=("Never quite satisfied: easy pairs pull a little.",),
    ),
)
def preference(prediction: Array, target: Array, beta: float = 0.1) -> Array:
    """The logistic loss of differences of log ratios.

    Examples
    --------
    >>> preference([0.0, 10.0]).round(6)
    array([0.693147, 0.313262])
    """
    return within(
        prediction,
        -LARGE,
        LARGE,
        lambda at: softplus(*scaled(at, -beta)),
        lambda at: softplus(-beta * at),
    )


@preference.derivative
def _(prediction: Array, target: Array, beta: float = 0.1) -> Array:
    return -beta * sigmoid(*scaled(clipped(prediction, -LARGE, LARGE), -beta))
