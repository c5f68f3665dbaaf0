"""Losses for masks: how much prediction and target overlap."""

from gradoscope.arrays import Array, at_least, magnitude, namespace, sign, total, where
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
    bound=64,  # sums over the row, and 1 minus a ratio near 1
    guidance=Guidance(
        use="Masks: each row holds the pixels of one image.",
        strengths=("Counts overlap, so a large background does not matter.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Values of tiny masks jump."),
        pairs_with=("sigmoid",),
    ),
    peers=Peers("", "Dice", optax="dice_loss"),
)
def dice(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the Dice coefficient of each row.

    Examples
    --------
    >>> dice([[9.0, -9.0]], [[1.0, 0.0]]).round(4)
    array([0.0001])
    """
    return _dice_value(sigmoid(prediction), target, smooth)


@dice.derivative
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    shares = sigmoid(prediction)
    return _dice_slope(shares, target, smooth) * sigmoid_slope(prediction)


@dice.form(
    "probabilities",
    "1 - (2 * sum(q * b for q, b in zip(p, t)) + smooth) / (sum(q + b for q, b in zip(p, t)) + smooth)",
    domains={"smooth": NOT_NEGATIVE},
)
def dice_of_probabilities(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the Dice coefficient of each row, of probabilities."""
    return _dice_value(prediction, target, smooth)


@dice_of_probabilities.derivative
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    return _dice_slope(prediction, target, smooth)


def _dice_value(shares: Array, target: Array, smooth: float) -> Array:
    apart = (shares * (1 - target) + target * (1 - shares)).sum(-1)
    whole = (shares + target).sum(-1) + smooth
    return where(whole == 0, 0.0, apart / where(whole == 0, 1.0, whole))


def _dice_slope(shares: Array, target: Array, smooth: float) -> Array:
    whole = total(shares + target, -1) + smooth
    safe = where(whole == 0, 1.0, whole)
    return where(whole == 0, 0.0, ((2 * total(shares * target, -1) + smooth) / safe - 2 * target) / safe)


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
    bound=64,  # sums over the row, and 1 minus a ratio near 1
    guidance=Guidance(
        use="Masks: each row holds the pixels of one image.",
        strengths=("Counts overlap, so a large background does not matter.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Values of tiny masks jump."),
        pairs_with=("sigmoid",),
    ),
)
def jaccard(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the intersection over union of each row.

    Examples
    --------
    >>> jaccard([[9.0, -9.0]], [[1.0, 0.0]]).round(4)
    array([0.0001])
    """
    return _jaccard_value(sigmoid(prediction), target, smooth)


@jaccard.derivative
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    shares = sigmoid(prediction)
    return _jaccard_slope(shares, target, smooth) * sigmoid_slope(prediction)


@jaccard.form(
    "probabilities",
    "1 - (sum(q * b for q, b in zip(p, t)) + smooth) / (sum(q + b - q * b for q, b in zip(p, t)) + smooth)",
    domains={"smooth": NOT_NEGATIVE},
)
def jaccard_of_probabilities(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    """One minus the intersection over union of each row, of probabilities."""
    return _jaccard_value(prediction, target, smooth)


@jaccard_of_probabilities.derivative
def _(prediction: Array, target: Array, smooth: float = 1.0) -> Array:
    return _jaccard_slope(prediction, target, smooth)


def _jaccard_value(shares: Array, target: Array, smooth: float) -> Array:
    return _tversky_value(shares, target, 1.0, 1.0, smooth, 1.0)


def _jaccard_slope(shares: Array, target: Array, smooth: float) -> Array:
    return _tversky_slope(shares, target, 1.0, 1.0, smooth, 1.0)


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
    bound=64,  # sums over the row, and 1 minus a ratio near 1
    guidance=Guidance(
        use="Masks, where missing pixels and false ones cost differently.",
        strengths=("Trades precision against recall.",),
        weaknesses=("Not convex: a bad start can stay bad.", "Two weights must be chosen."),
        pairs_with=("sigmoid",),
        differs="Keras 3.15 swaps the two weights, alpha and beta.",
    ),
    peers=Peers("", "Tversky"),
)
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
    return _tversky_value(sigmoid(prediction), target, false_positive_weight, false_negative_weight, smooth, gamma)


@tversky.derivative
def _(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    shares = sigmoid(prediction)
    return _tversky_slope(shares, target, false_positive_weight, false_negative_weight, smooth, gamma) * sigmoid_slope(
        prediction
    )


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
def tversky_of_probabilities(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    """One minus the Tversky index of each row, of probabilities."""
    return _tversky_value(prediction, target, false_positive_weight, false_negative_weight, smooth, gamma)


@tversky_of_probabilities.derivative
def _(
    prediction: Array,
    target: Array,
    false_positive_weight: float = 0.5,
    false_negative_weight: float = 0.5,
    smooth: float = 1.0,
    gamma: float = 1.0,
) -> Array:
    return _tversky_slope(prediction, target, false_positive_weight, false_negative_weight, smooth, gamma)


def _tversky_value(
    shares: Array, target: Array, false_positive: float, false_negative: float, smooth: float, gamma: float
) -> Array:
    apart = (false_positive * shares * (1 - target) + false_negative * target * (1 - shares)).sum(-1)
    whole = (shares * target).sum(-1) + apart + smooth
    ratio = where(whole == 0, 0.0, apart / where(whole == 0, 1.0, whole))
    return ratio if gamma == 1 else ratio**gamma


def _tversky_slope(
    shares: Array, target: Array, false_positive: float, false_negative: float, smooth: float, gamma: float
) -> Array:
    apart = total(false_positive * shares * (1 - target) + false_negative * target * (1 - shares), -1)
    common = total(shares * target, -1) + smooth
    safe = where(common + apart == 0, 1.0, common + apart)
    # (apart / whole)' = (apart' common - apart common') / whole^2
    rise = false_positive * (1 - target) - false_negative * target
    slope = (rise * (common / safe) - target * (apart / safe)) / safe
    return slope if gamma == 1 else gamma * (apart / safe) ** (gamma - 1) * slope


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
