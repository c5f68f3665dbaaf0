"""Losses for masks: how much prediction and target overlap."""

import numpy as np

from gradoscope.arrays import Array, at_least, in_double, is_double, magnitude, namespace, sign, total, where
from gradoscope.arrays.pairs import Pair, Wide, choose, exact, narrow, power, summed
from gradoscope.functions.facts import Bounded, ConvexIn, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import sigmoid, sigmoid_slope
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE
from gradoscope.functions.targets import Targets


@loss(
    NonNegative(),
    Bounded(1),
    formula=r"\ell = 1 - \frac{2 \sum_j q_j t_j + s}{\sum_j q_j + \sum_j t_j + s}",
    textbook=(
        "1 - (2 * sum(q * b for q, b in zip([1 / (1 + exp(-a)) for a in p], t)) + smooth) / (sum(q + b for q, "
        "b in zip([1 / (1 + exp(-a)) for a in p], t)) + smooth)"
    ),
    aliases=("dice_loss", "soft_dice", "f1_loss"),
    source="Milletari, Navab & Ahmadi 2016; Sudre et al. 2017",
    tasks=("binary",),
    targets=Targets.BINARY,
    rowwise=True,
    link="sigmoid",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"smooth": NOT_NEGATIVE},
    guidance=Guidance(
        use="Masks: each row holds the pixels of one image.",
        strengths=("Counts overlap, so a large background does not matter.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Values of tiny masks jump."),
        pairs_with=("sigmoid",),
    ),
    peers=Peers("", "Dice", optax="dice_loss"),
)
@in_double
def dice(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the Dice coefficient of each row.

    Examples
    --------
    >>> dice([[9.0, -9.0]], [[1.0, 0.0]]).round(4)
    array([0.0001])
    """
    return _dice_value(sigmoid(prediction), sigmoid(-prediction), target, smooth)


@dice.derivative
@in_double
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    return _dice_slope(sigmoid(prediction), target, smooth) * sigmoid_slope(prediction)


@dice.form(
    "probabilities",
    "1 - (2 * sum(q * b for q, b in zip(p, t)) + smooth) / (sum(q + b for q, b in zip(p, t)) + smooth)",
    domains={"smooth": NOT_NEGATIVE},
)
@in_double
def dice_of_probabilities(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the Dice coefficient of each row, of probabilities."""
    return _dice_value(prediction, 1 - prediction, target, smooth)


@dice_of_probabilities.derivative
@in_double
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    return _dice_slope(prediction, target, smooth)


def _dice_value(shares: Array, rest: Array, target: Array, smooth: float) -> Array:
    apart = _summed(shares * (1 - target) + target * rest)
    whole = _summed(shares + target) + smooth
    return narrow(apart / _safe(whole), shares)[..., 0]


def _dice_slope(shares: Array, target: Array, smooth: float) -> Array:
    hits, false, goal = _summed(shares * target), _summed(shares * (1 - target)), _summed(target)
    whole = hits + false + goal + smooth
    square = _safe(whole * whole)
    # (2 I + s) / W^2 - 2 t / W, as a part for target 0 and one for target 1
    rise, fall = (hits * 2.0 + smooth) / square, ((false + goal) * 2.0 + smooth) / square
    return (1 - target) * narrow(rise, shares) - target * narrow(fall, shares)


def _summed(x: Array) -> Pair:
    """The sum of each row, halves by halves: XLA adds up one by one."""
    return exact(summed(x))


def _safe(x: Pair) -> Wide:
    """X, but 1 where it is 0."""
    return choose(x.high == 0, 1.0, x)


@loss(
    NonNegative(),
    Bounded(1),
    formula=r"\ell = 1 - \frac{\sum_j q_j t_j + s}{\sum_j (q_j + t_j - q_j t_j) + s}",
    textbook=(
        "1 - (sum(q * b for q, b in zip([1 / (1 + exp(-a)) for a in p], t)) + smooth) / (sum(q + b - q * b "
        "for q, b in zip([1 / (1 + exp(-a)) for a in p], t)) + smooth)"
    ),
    aliases=("iou", "soft_iou", "jaccard_loss"),
    source="Rahman & Wang 2016",
    tasks=("binary",),
    targets=Targets.BINARY,
    rowwise=True,
    link="sigmoid",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"smooth": NOT_NEGATIVE},
    guidance=Guidance(
        use="Masks: each row holds the pixels of one image.",
        strengths=("Counts overlap, so a large background does not matter.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Values of tiny masks jump."),
        pairs_with=("sigmoid",),
    ),
)
@in_double
def jaccard(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the intersection over union of each row.

    Examples
    --------
    >>> jaccard([[9.0, -9.0]], [[1.0, 0.0]]).round(4)
    array([0.0001])
    """
    return _jaccard_value(sigmoid(prediction), sigmoid(-prediction), target, smooth)


@jaccard.derivative
@in_double
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    shares, rest = sigmoid(prediction), sigmoid(-prediction)
    return _jaccard_slope(shares, rest, target, smooth) * sigmoid_slope(prediction)


@jaccard.form(
    "probabilities",
    "1 - (sum(q * b for q, b in zip(p, t)) + smooth) / (sum(q + b - q * b for q, b in zip(p, t)) + smooth)",
    domains={"smooth": NOT_NEGATIVE},
)
@in_double
def jaccard_of_probabilities(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the intersection over union of each row, of probabilities."""
    return _jaccard_value(prediction, 1 - prediction, target, smooth)


@jaccard_of_probabilities.derivative
@in_double
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    return _jaccard_slope(prediction, 1 - prediction, target, smooth)


def _jaccard_value(shares: Array, rest: Array, target: Array, smooth: float) -> Array:
    return _tversky_value(shares, rest, target, 1.0, 1.0, smooth, 1.0)


def _jaccard_slope(shares: Array, rest: Array, target: Array, smooth: float) -> Array:
    return _tversky_slope(shares, rest, target, 1.0, 1.0, smooth, 1.0)


@loss(
    NonNegative(),
    Bounded(1),
    formula=r"\ell = \left(1 - \frac{I + s}{I + a F_+ + b F_- + s}\right)^\gamma",
    textbook=(
        "(1 - (sum(q * b for q, b in zip([1 / (1 + exp(-a)) for a in p], t)) + smooth) / (sum(q * b + "
        "false_positive_weight * q * (1 - b) + false_negative_weight * (1 - q) * b for q, b in zip([1 / (1 + "
        "exp(-a)) for a in p], t)) + smooth))**gamma"
    ),
    aliases=("focal_tversky", "tversky_loss"),
    source="Salehi, Erdogmus & Gholipour 2017; Abraham & Khan 2019",
    tasks=("binary",),
    targets=Targets.BINARY,
    rowwise=True,
    link="sigmoid",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={
        "false_positive_weight": NOT_NEGATIVE,
        "false_negative_weight": NOT_NEGATIVE,
        "smooth": NOT_NEGATIVE,
        "gamma": POSITIVE,
    },
    guidance=Guidance(
        use="Masks, where missing pixels and false ones cost differently.",
        strengths=("Trades precision against recall.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Two weights must be chosen."),
        pairs_with=("sigmoid",),
        differs="Keras 3.15 swaps the two weights, alpha and beta.",
    ),
    peers=Peers("", "Tversky"),
)
@in_double
def tversky(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    """One minus the Tversky index of each row.

    Examples
    --------
    >>> tversky([[9.0, -9.0]], [[1.0, 0.0]]).round(4)
    array([0.0001])
    """
    shares, rest = sigmoid(prediction), sigmoid(-prediction)
    return _tversky_value(shares, rest, target, false_positive_weight, false_negative_weight, smooth, gamma)


@tversky.derivative
@in_double
def _(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    shares, rest = sigmoid(prediction), sigmoid(-prediction)
    slope = _tversky_slope(shares, rest, target, false_positive_weight, false_negative_weight, smooth, gamma)
    return slope * sigmoid_slope(prediction)


@tversky.form(
    "probabilities",
    "(1 - (sum(q * b for q, b in zip(p, t)) + smooth) "
    "/ (sum(q * b + false_positive_weight * q * (1 - b)"
    " + false_negative_weight * (1 - q) * b for q, b in zip(p, t)) + smooth))**gamma",
    domains={
        "false_positive_weight": NOT_NEGATIVE,
        "false_negative_weight": NOT_NEGATIVE,
        "smooth": NOT_NEGATIVE,
        "gamma": POSITIVE,
    },
)
@in_double
def tversky_of_probabilities(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    """One minus the Tversky index of each row, of probabilities."""
    rest = 1 - prediction
    return _tversky_value(prediction, rest, target, false_positive_weight, false_negative_weight, smooth, gamma)


@tversky_of_probabilities.derivative
@in_double
def _(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    rest = 1 - prediction
    return _tversky_slope(prediction, rest, target, false_positive_weight, false_negative_weight, smooth, gamma)


def _tversky_value(
    shares: Array, rest: Array, target: Array, false_positive: float, false_negative: float, smooth: float, gamma: float
) -> Array:
    apart = _summed(false_positive * shares * (1 - target) + false_negative * target * rest)
    ratio = apart / _safe(_summed(shares * target) + apart + smooth)
    return (narrow(ratio, shares) if gamma == 1 else power(ratio, gamma, shares))[..., 0]


def _tversky_slope(
    shares: Array, rest: Array, target: Array, false_positive: float, false_negative: float, smooth: float, gamma: float
) -> Array:
    false, missed = _summed(shares * (1 - target)), _summed(target * rest)
    common = _summed(shares * target) + smooth
    apart = false * false_positive + missed * false_negative
    whole = common + apart
    square = _safe(whole * whole)
    # (apart / whole)' = (apart' common - apart common') / whole^2, as a part for target 0 and one for target 1
    rise, fall = common * false_positive / square, (common * false_negative + apart) / square
    if gamma != 1:
        ratio = apart / _safe(whole)
        least = float(np.finfo(np.float64 if is_double(shares) else np.float32).tiny)
        some = choose(ratio.high > least, ratio, least)  # where nothing is apart, the slope stays finite
        steep = exact(power(some, gamma - 1, shares)) * gamma
        rise, fall = rise * steep, fall * steep
    return (1 - target) * narrow(rise, shares) - target * narrow(fall, shares)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=(
        r"\ell = \int_0^\infty \frac{|S_u|}{|T \cup S_u|}\,du,\quad j \in S_u: e_j \ge u,\ "
        r"e_j = \max(0, 1 - (2 t_j - 1) x_j)"
    ),
    textbook=(
        "sum((a - b) * sum(c >= a for c in e) / (sum(t) + sum((1 - y) * (c >= a) for c, y in zip(e, t)))"
        " for e in [[max(0, 1 - (2 * y - 1) * z) for z, y in zip(p, t)]]"
        " for a, b in zip(sorted(e)[::-1], sorted(e)[-2::-1] + [0]) if a > b)"
    ),
    aliases=("lovasz_hinge", "lovasz_softmax", "lovasz_loss"),
    source="Berman, Rannen Triki & Blaschko 2018, CVPR, arXiv 1705.08790",
    tasks=("binary",),
    targets=Targets.BINARY,
    rowwise=True,
    input="logits",
    before_link="logits",
    after_link="logits",
    guidance=Guidance(
        use="Masks, scored by intersection over union; each row holds the pixels of one image.",
        strengths=("Equals the score itself, one minus intersection over union, on masks of 0 and 1.", "Convex."),
        weaknesses=("Sorts the errors of each row.", "Slow at the start: begin with cross-entropy."),
        pairs_with=("identity",),
        differs="Logits give the Lovasz hinge, probabilities the Lovasz softmax (of several classes: its mean).",
    ),
)
def lovasz(prediction: Array, target: Array) -> Array:
    """The Lovasz extension of one minus the intersection over union, of the hinge errors of each row.

    Examples
    --------
    >>> lovasz([[2.0, -0.5, 0.0]], [[1.0, 0.0, 1.0]]).round(6)
    array([0.583333])
    """
    return _lovasz_value(_hinge_errors(prediction, target), target)


@lovasz.derivative
def _(prediction: Array, target: Array) -> Array:
    errors = _hinge_errors(prediction, target)
    return where(errors > 0, (1 - 2 * target) * _lovasz_weights(errors, target), 0.0)


@lovasz.form(
    "probabilities",
    "sum((a - b) * sum(c >= a for c in e) / (sum(t) + sum((1 - y) * (c >= a) for c, y in zip(e, t)))"
    " for e in [[abs(y - z) for z, y in zip(p, t)]]"
    " for a, b in zip(sorted(e)[::-1], sorted(e)[-2::-1] + [0]) if a > b)",
)
def lovasz_of_probabilities(prediction: Array, target: Array) -> Array:
    """The same of the differences between probabilities and target."""
    return _lovasz_value(magnitude(prediction - target), target)


@lovasz_of_probabilities.derivative
def _(prediction: Array, target: Array) -> Array:
    error = prediction - target
    return sign(error) * _lovasz_weights(magnitude(error), target)


def _hinge_errors(logits: Array, target: Array) -> Array:
    return at_least(1 - (2 * target - 1) * logits, 0.0)


def _lovasz_value(errors: Array, target: Array) -> Array:
    return (errors * _lovasz_weights(errors, target)).sum(-1)


def _lovasz_weights(errors: Array, target: Array) -> Array:
    """By how much each error, taken in after all larger ones, raises one minus the intersection over union."""
    xp = namespace(errors, target)
    order = xp.argsort(-errors, axis=-1, stable=True)
    hit = xp.take_along_axis(target, order, axis=-1)
    left = total(target, -1) - xp.cumsum(hit, axis=-1)
    joined = total(target, -1) + xp.cumsum(1 - hit, axis=-1)
    before = joined - (1 - hit)
    # (left + hit) / before - left / joined, without cancellation; 1 for the first error where nothing is to be found
    rise = (hit * joined + left * (1 - hit)) / (where(before > 0, before, 1.0) * joined)
    rise = where(before > 0, rise, 1.0)
    return xp.take_along_axis(rise, xp.argsort(order, axis=-1, stable=True), axis=-1)
