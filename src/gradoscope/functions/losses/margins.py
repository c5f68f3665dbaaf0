"""Losses for two classes from margins, for unbalanced classes, and for adversarial training."""

from collections.abc import Mapping

from gradoscope.arrays import Array, at_least, at_most, cast, constant, exp, log, log1p, magnitude, plus, where
from gradoscope.arrays.pairs import Wide, choose, exponential, leading, logarithm, narrow, power, wider
from gradoscope.functions.facts import ConvexIn, LipschitzIn, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, mix, scaled, sigmoid, softplus
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, POSITIVE, REAL, UNIT, Interval, OneOf, Optional
from gradoscope.functions.rules import Formula
from gradoscope.functions.targets import Targets


@loss(
    NonNegative(),
    formula=r"\ell = -t (1 - p)^\gamma \log p - (1 - t) p^\gamma \log(1 - p),\quad p = \sigma(z)",
    textbook=(
        "t * (1 / (1 + exp(p)))**gamma * log(1 + exp(-p)) + (1 - t) * (1 / (1 + exp(-p)))**gamma * log(1 + exp(p))"
    ),
    aliases=("sigmoid_focal_loss", "binary_focal_crossentropy", "focal_binary"),
    source="Lin, Goyal, Girshick, He & Dollar 2017, ICCV",
    tasks=("binary",),
    targets=Targets.BINARY,
    link="sigmoid",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    domains={"gamma": NOT_NEGATIVE, "alpha": Optional(UNIT)},
    guidance=Guidance(
        use="Two classes of very different sizes; object detection.",
        strengths=("Easy examples count little.",),
        weaknesses=("Not convex: a bad start can stay bad.", "gamma must be chosen."),
        pairs_with=("sigmoid",),
        differs="Keras ignores its alpha of 0.25 unless apply_class_balancing is set.",
    ),
    peers=Peers("", "BinaryFocalCrossentropy", optax="sigmoid_focal_loss"),
)
def binary_focal(prediction: Array, target: Array, gamma: float = 2.0, alpha: float | None = None) -> Array:
    """The focal loss of logits. `alpha` weighs the class 1 with alpha and the class 0 with 1 - alpha.

    Examples
    --------
    >>> binary_focal([0.0, 5.0], [1.0, 1.0]).round(6)
    array([0.173287, 0.      ])
    """
    yes, no = _balance(alpha)
    return mix(target, yes * _focused(prediction, gamma), no * _focused(-prediction, gamma))


@binary_focal.derivative
def _(prediction: Array, target: Array, gamma: float = 2.0, alpha: float | None = None) -> Array:
    yes, no = _balance(alpha)
    return mix(target, yes * _focused_slope(prediction, gamma), -no * _focused_slope(-prediction, gamma))


@binary_focal.form(
    "probabilities",
    "-(t * (1 - p)**gamma * log(p) if t else 0) - ((1 - t) * p**gamma * log(1 - p) if t != 1 else 0)",
    domains={"gamma": NOT_NEGATIVE, "alpha": Optional(UNIT)},
)
def binary_focal_of_probabilities(
    prediction: Array, target: Array, gamma: float = 2.0, alpha: float | None = None
) -> Array:
    """The focal loss of probabilities."""
    yes, no = _balance(alpha)
    return mix(target, -yes * (1 - prediction) ** gamma * log(prediction), -no * prediction**gamma * log1p(-prediction))


@binary_focal_of_probabilities.derivative
def _(prediction: Array, target: Array, gamma: float = 2.0, alpha: float | None = None) -> Array:
    yes, no = _balance(alpha)
    rest = 1 - prediction
    up = gamma * rest ** (gamma - 1) * log(prediction) - rest**gamma / prediction
    down = prediction**gamma / rest - gamma * prediction ** (gamma - 1) * log1p(-prediction)
    return mix(target, yes * up, no * down)


def _balance(alpha: float | None) -> tuple[float, float]:
    """The weights of the classes 1 and 0."""
    return (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)


def _focused(z: Array, gamma: float) -> Array:
    """q^gamma log(1 + exp(-z)) with q = sigmoid(-z)."""
    fall = exponential(-wider(magnitude(z)))
    return power(_share(-z, fall), gamma, z) * (at_least(-z, 0.0) + logarithm(fall, z))


def _share(z: Array, fall: Wide) -> Wide:
    """sigmoid(z), where `fall` is exp(-|z|)."""
    return choose(z < 0, fall, 1.0) / (fall + 1)


def _focused_slope(z: Array, gamma: float) -> Array:
    """-q^gamma (gamma p softplus(-z) + q) with p = sigmoid(z)."""
    fall = exponential(-wider(magnitude(z)))
    rest, share = _share(-z, fall), narrow(_share(z, fall), z)
    surprise = at_least(-z, 0.0) + logarithm(fall, z)
    return -power(rest, gamma, z) * (gamma * share * surprise + narrow(rest, z))


@loss(
    NonNegative(),
    formula=(
        r"\ell = -t (1 - p)^{\gamma_+} \log p - (1 - t) p_m^{\gamma_-} \log(1 - p_m),\quad p = \sigma(z),\ "
        r"p_m = \max(p - m, 0)"
    ),
    textbook=(
        "t * (1 / (1 + exp(p)))**gamma_positive * log(1 + exp(-p)) - (1 - t) * max(1 / (1 + exp(-p)) - shift, 0)"
        "**gamma_negative * log(1 - max(1 / (1 + exp(-p)) - shift, 0))"
    ),
    aliases=("asl", "asymmetric_loss", "asymmetric_focal"),
    source="Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter & Zelnik-Manor 2021, ICCV, arXiv 2009.14119",
    tasks=("binary",),
    targets=Targets.BINARY,
    link="sigmoid",
    input="logits",
    before_link="logits",
    after_link="logits",
    domains={"gamma_positive": NOT_NEGATIVE, "gamma_negative": NOT_NEGATIVE, "shift": Interval(0, 1, open="right")},
    guidance=Guidance(
        use="Many labels per example, few of which are true.",
        strengths=("Easy negatives count little, and the easiest not at all.", "Positives keep their full gradient."),
        weaknesses=("Not convex: a bad start can stay bad.", "Three parameters must be chosen."),
        pairs_with=("sigmoid",),
    ),
)
def asymmetric(
    prediction: Array, target: Array, gamma_positive: float = 0.0, gamma_negative: float = 4.0, shift: float = 0.05
) -> Array:
    """The focal loss with a power of its own for each class; probabilities of negatives up to `shift` count as 0.

    Examples
    --------
    >>> asymmetric([0.0, 0.0, -4.0], [1.0, 0.0, 0.0]).round(6)
    array([0.693147, 0.024515, 0.      ])
    """
    excess, surprise = _shifted(prediction, shift)
    no = power(excess, gamma_negative, prediction) * surprise
    return mix(target, _focused(prediction, gamma_positive), no)


@asymmetric.derivative
def _(
    prediction: Array, target: Array, gamma_positive: float = 0.0, gamma_negative: float = 4.0, shift: float = 0.05
) -> Array:
    fall = exponential(-wider(magnitude(prediction)))
    share, rest = narrow(_share(prediction, fall), prediction), narrow(_share(-prediction, fall), prediction)
    excess, surprise = _shifted(prediction, shift)
    above = leading(excess) > 0
    base = choose(above, excess, 1.0)
    rise = power(base, gamma_negative - 1, prediction) * (
        gamma_negative * surprise + narrow(base, prediction) / (rest + shift)
    )
    no = where(above, share * rest * rise, 0.0 * share)
    return mix(target, _focused_slope(prediction, gamma_positive), no)


def _shifted(z: Array, shift: float) -> tuple[Wide, Array]:
    """The probability less `shift`, at least 0, and minus the logarithm of the rest to 1."""
    fall = exponential(-wider(magnitude(z)))
    excess = _share(z, fall) + -shift
    excess = choose(leading(excess) <= 0, 0.0, excess)
    if shift == 0:
        return excess, softplus(z)
    near = choose(leading(excess) < 0.5, excess, 0.0)
    return excess, where(leading(excess) < 0.5, -logarithm(-near, z), -log(sigmoid(-z) + shift))


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \log(1 + e^{-t z})",
    textbook="log(1 + exp(-t * p))",
    aliases=("soft_margin_loss", "logistic_margin"),
    source="Cox 1958",
    tasks=("binary",),
    targets=Targets.SIGN,
    input="margins",
    before_link="margins",
    after_link="margins",
    guidance=Guidance(
        use="Two classes labelled -1 and 1.",
        strengths=("Proper: its minimiser is the probability.",),
        weaknesses=("Grows without bound on confident mistakes, so wrong labels weigh much.",),
        pairs_with=("identity",),
    ),
    peers=Peers("nn.SoftMarginLoss"),
)
def soft_margin(prediction: Array, target: Array) -> Array:
    """Binary cross-entropy for labels -1 and 1.

    Examples
    --------
    >>> soft_margin([0.0, 2.0], [1.0, 1.0]).round(6)
    array([0.693147, 0.126928])
    """
    return softplus(-target * prediction)


@soft_margin.derivative
def _(prediction: Array, target: Array) -> Array:
    return -target * sigmoid(-target * prediction)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \log(1 + e^{-t (s z + b)})",
    textbook="log(1 + exp(-t * (scale * p + offset)))",
    aliases=("sigmoid_pairwise", "sigmoid_contrastive"),
    source="Zhai, Mustafa, Kolesnikov & Beyer 2023, ICCV, arXiv 2303.15343",
    tasks=(),
    targets=Targets.SIGN,
    input="cosines",
    before_link="cosines",
    after_link="cosines",
    domains={"scale": POSITIVE, "offset": REAL},
    guidance=Guidance(
        use="Contrastive learning of pictures with texts: 1 for pairs that belong together, -1 for all others.",
        strengths=("Every pair counts by itself, so that batches may be small.",),
        weaknesses=("Two numbers must be chosen.",),
    ),
)
def siglip(prediction: Array, target: Array, scale: float = 10.0, offset: float = -10.0) -> Array:
    """The sigmoid loss of pairs, from their cosines.

    Examples
    --------
    >>> siglip([0.9, 0.7], [1.0, -1.0]).round(6)
    array([1.313262, 0.048587])
    """
    logit, lost = _logit(prediction, scale, offset)
    return softplus(-target * logit, -target * lost)


@siglip.derivative
def _(prediction: Array, target: Array, scale: float = 10.0, offset: float = -10.0) -> Array:
    logit, lost = _logit(prediction, scale, offset)
    return -target * scale * sigmoid(-target * logit, -target * lost)


def _logit(cosine: Array, scale: float, offset: float) -> tuple[Array, Array]:
    """Scale * cosine + offset with its rounding error."""
    part, lost = scaled(cosine, scale)
    whole, rest = plus(part, constant(part, offset))
    return whole, rest + lost


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \max(0, 1 - t z)",
    textbook="max(0, 1 - t * p)",
    aliases=("hinge_loss", "margin"),
    source="Cortes & Vapnik 1995, Machine Learning 20",
    tasks=("binary",),
    targets=Targets.SIGN,
    input="margins",
    before_link="margins",
    after_link="margins",
    guidance=Guidance(
        use="Support vector machines: two classes labelled -1 and 1.",
        strengths=("Only examples near the boundary count.",),
        weaknesses=("Gives no probabilities.", "No gradient beyond the margin."),
        pairs_with=("identity",),
        differs="Keras converts labels 0 and 1 only if the whole batch has them.",
    ),
    peers=Peers("", "Hinge", optax="hinge_loss", sklearn="hinge_loss"),
)
def hinge(prediction: Array, target: Array) -> Array:
    """The hinge loss; its derivative at the kink is 0.

    Examples
    --------
    >>> hinge([0.5, 2.0], [1.0, -1.0])
    array([0.5, 3. ])
    """
    return at_least(1 - target * prediction, 0.0)


@hinge.derivative
def _(prediction: Array, target: Array) -> Array:
    return -target * cast(target * prediction < 1, prediction.dtype)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = \max(0, 1 - t z)^2",
    textbook="max(0, 1 - t * p)**2",
    aliases=("l2_svm",),
    source="Lee & Mangasarian 2001",
    tasks=("binary",),
    targets=Targets.SIGN,
    input="margins",
    before_link="margins",
    after_link="margins",
    guidance=Guidance(
        use="Support vector machines with a smooth loss.",
        strengths=("Only examples near the boundary count.",),
        weaknesses=(
            "Gives no probabilities.",
            "Grows without bound on confident mistakes, so wrong labels weigh much.",
        ),
        pairs_with=("identity",),
    ),
    peers=Peers("", "SquaredHinge", sklearn="SGDClassifier(squared_hinge)"),
)
def squared_hinge(prediction: Array, target: Array) -> Array:
    """The squared hinge loss.

    Examples
    --------
    >>> squared_hinge([0.5, 2.0], [1.0, -1.0])
    array([0.25, 9.  ])
    """
    part = at_least(1 - target * prediction, 0.0)
    return part * part


@squared_hinge.derivative
def _(prediction: Array, target: Array) -> Array:
    return -2 * target * at_least(1 - target * prediction, 0.0)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(4),
    formula=r"\ell = \begin{cases} \max(0, 1 - m)^2 & m \ge -1 \\ -4 m & m < -1 \end{cases},\quad m = t z",
    textbook="max(0, 1 - t * p)**2 if t * p >= -1 else -4 * t * p",
    source="Zhang 2004",
    tasks=("binary",),
    targets=Targets.SIGN,
    input="margins",
    before_link="margins",
    after_link="margins",
    guidance=Guidance(
        use="Support vector machines with some wrong labels.",
        strengths=("Only examples near the boundary count.", "Robust against outliers."),
        weaknesses=("Gives no probabilities.",),
        pairs_with=("identity",),
    ),
    peers=Peers(sklearn="SGDClassifier(modified_huber)"),
)
def modified_huber(prediction: Array, target: Array) -> Array:
    """The squared hinge loss, continued linearly below -1.

    Examples
    --------
    >>> modified_huber([0.5, 2.0], [1.0, -1.0])
    array([0.25, 8.  ])
    """
    margin = target * prediction
    part = at_least(1 - clipped(margin, -1.0, 1.0), 0.0)
    return part * part - 4 * at_most(margin + 1, 0.0)


@modified_huber.derivative
def _(prediction: Array, target: Array) -> Array:
    return -2 * target * at_least(1 - at_least(target * prediction, -1.0), 0.0)


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    formula=r"\ell = \max(0, -t z)",
    textbook="max(0, -t * p)",
    aliases=("perceptron_loss",),
    source="Rosenblatt 1958, Psychological Review 65",
    tasks=("binary",),
    targets=Targets.SIGN,
    input="margins",
    before_link="margins",
    after_link="margins",
    guidance=Guidance(
        use="The perceptron rule.",
        strengths=("Only mistakes count.",),
        weaknesses=("Zero for the prediction 0: it asks for no margin.",),
        pairs_with=("identity",),
    ),
    peers=Peers(optax="perceptron_loss", sklearn="SGDClassifier(perceptron)"),
)
def perceptron(prediction: Array, target: Array) -> Array:
    """The perceptron loss; its derivative at 0 is 0.

    Examples
    --------
    >>> perceptron([0.5, 2.0], [1.0, -1.0])
    array([0., 2.])
    """
    return at_least(-target * prediction, 0.0)


@perceptron.derivative
def _(prediction: Array, target: Array) -> Array:
    return -target * cast(target * prediction < 0, prediction.dtype)


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = e^{-t z}",
    textbook="exp(-t * p)",
    aliases=("adaboost", "exponential_loss"),
    source="Freund & Schapire 1997",
    tasks=("binary",),
    targets=Targets.SIGN,
    input="margins",
    before_link="margins",
    after_link="margins",
    guidance=Guidance(
        use="Boosting.",
        strengths=("Smooth and convex.",),
        weaknesses=("One wrong label can outweigh all other examples.",),
        pairs_with=("identity",),
    ),
    peers=Peers(sklearn="_loss.ExponentialLoss"),
)
def exponential_margin(prediction: Array, target: Array) -> Array:
    """The exponential loss of AdaBoost.

    Examples
    --------
    >>> exponential_margin([0.0, 1.0], [1.0, 1.0]).round(6)
    array([1.      , 0.367879])
    """
    return exp(-target * prediction)


@exponential_margin.derivative
def _(prediction: Array, target: Array) -> Array:
    return -target * exp(-target * prediction)


# Of each variant: the loss of real, of fake, and their derivatives.
GAN: Mapping[str, tuple[Formula, Formula, Formula, Formula]] = {
    "non_saturating": (lambda z: softplus(-z), softplus, lambda z: -sigmoid(-z), sigmoid),
    "hinge": (
        lambda z: at_least(1 - z, 0.0),
        lambda z: at_least(1 + z, 0.0),
        lambda z: -cast(z < 1, z.dtype),
        lambda z: cast(z > -1, z.dtype),
    ),
    "least_squares": (lambda z: (z - 1) ** 2, lambda z: z * z, lambda z: 2 * (z - 1), lambda z: 2 * z),
    "wasserstein": (lambda z: -z, lambda z: z, lambda z: constant(z, -1.0), lambda z: constant(z, 1.0)),
}


@loss(
    NonNegative(),
    ConvexIn(),
    formula=r"\ell = t \log(1 + e^{-z}) + (1 - t) \log(1 + e^z)",
    textbook="t * log(1 + exp(-p)) + (1 - t) * log(1 + exp(p))",
    aliases=("adversarial", "non_saturating"),
    source="Goodfellow et al. 2014; Mao et al. 2017; Lim & Ye 2017; Arjovsky et al. 2017",
    tasks=("binary",),
    targets=Targets.BINARY,
    input="scores",
    before_link="scores",
    after_link="scores",
    domains={"variant": OneOf(tuple(GAN))},
    guidance=Guidance(
        use="Adversarial training: target 1 for what should pass as real, 0 for what should not.",
        strengths=("Gradients do not vanish for a confident discriminator.",),
        weaknesses=("Training two networks against each other can oscillate.",),
        pairs_with=("identity",),
    ),
)
def gan(prediction: Array, target: Array, variant: str = "non_saturating") -> Array:
    """The loss of discriminator scores: `non_saturating`, `hinge`, `least_squares` or `wasserstein`.

    Examples
    --------
    >>> gan([0.0, 2.0], [1.0, 0.0], variant="hinge")
    array([1., 3.])
    """
    return mix(target, GAN[variant][0](prediction), GAN[variant][1](prediction))


@gan.derivative
def _(prediction: Array, target: Array, variant: str = "non_saturating") -> Array:
    return mix(target, GAN[variant][2](prediction), GAN[variant][3](prediction))
