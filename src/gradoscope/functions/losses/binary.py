"""Losses for two classes, and for several labels at once; z is the logit."""

from gradoscope.arrays import Array, at_least, eager, exp, lies_within, log1p, magnitude, where, within
from gradoscope.functions.facts import ConvexIn, LipschitzIn, Minimiser, NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped, inside, mix, sigmoid, softplus, xlogy
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import NOT_NEGATIVE, Interval
from gradoscope.functions.targets import Targets

HUGE = 1e30
CLIP = Interval(0, 0.5, open="right")


@loss(
    NonNegative(),
    ConvexIn(),
    LipschitzIn(1),
    Minimiser("probability"),
    formula=r"\ell = (1 - t) \log(1 + e^z) + t \log(1 + e^{-z})",
    textbook="(1 - t) * log(1 + exp(p)) + t * log(1 + exp(-p))",
    aliases=("bce", "bce_with_logits", "bce_with_logits_loss", "bce_loss", "log_loss", "sigmoid_cross_entropy",
             "sigmoid_binary_cross_entropy", "logistic_loss", "binary_crossentropy"),
    source="Good 1952; Cox 1958",
    tasks=("binary",),
    targets=Targets.BINARY,
    link="sigmoid",
    input="logits",
    before_link="logits",
    after_link="probabilities",
    guidance=Guidance(
        use="Two classes, or several labels at once.",
        strengths=("Proper: its minimiser is the probability.", "Its gradient is prediction minus target."),
        weaknesses=("Grows without bound on confident mistakes, so wrong labels weigh much.",),
        pairs_with=("sigmoid",),
        differs="Keras takes probabilities by default, clipped at 1e-7; nn.BCELoss clamps the logarithm at -100.",
   ),
    peers=Peers(
        "nn.BCEWithLogitsLoss",
        "BinaryCrossentropy",
        optax="sigmoid_binary_cross_entropy",
        sklearn="_loss.HalfBinomialLoss"
    ),
)  # fmt: skip
def binary_cross_entropy(prediction: Array, target: Array) -> Array:
    """Binary cross-entropy of logits.

    Examples
    --------
    >>> binary_cross_entropy([0.0, 20.0], [1.0, 1.0])
    array([6.93147181e-01, 2.06115362e-09])
    """

    def usual(z: Array) -> Array:
        return log1p(exp(-magnitude(z))) + (target * at_least(-z, 0.0) + (1 - target) * at_least(z, 0.0))

    return within(prediction, -HUGE, HUGE, usual, lambda z: mix(target, softplus(-z), softplus(z)))


@binary_cross_entropy.derivative
def _(prediction: Array, target: Array) -> Array:
    return (1 - target) * sigmoid(prediction) - target * sigmoid(-prediction)


@binary_cross_entropy.together
def _(prediction: Array, target: Array, slope: Array) -> Array:
    if lies_within(prediction, -HUGE, HUGE):
        return eager.logistic_loss(prediction, target, slope)
    slope[...] = binary_cross_entropy.derivative(prediction, target)
    return binary_cross_entropy(prediction, target)


@binary_cross_entropy.target_derivative
def _(prediction: Array, target: Array) -> Array:
    return -prediction


@binary_cross_entropy.form(
    "probabilities",
    "-(t * log(p + offset) if t else 0) - ((1 - t) * log(1 - p + offset) if t != 1 else 0)",
    domains={"clip": CLIP, "offset": NOT_NEGATIVE},
)
def of_probabilities(prediction: Array, target: Array, clip: float = 0.0, offset: float = 0.0) -> Array:
    """Binary cross-entropy of probabilities, moved into [clip, 1 - clip], with `offset` added in the logarithms."""
    kept = clipped(prediction, clip, 1 - clip)
    return -(xlogy(target, kept + offset) + where(target == 1, 0.0, (1 - target) * log1p(offset - kept)))


@of_probabilities.derivative
def _(prediction: Array, target: Array, clip: float = 0.0, offset: float = 0.0) -> Array:
    slope = mix(target, -1 / (prediction + offset), 1 / ((1 - prediction) + offset))
    return where(inside(prediction, clip, 1 - clip), slope, 0.0)
