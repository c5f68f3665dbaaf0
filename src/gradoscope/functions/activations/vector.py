"""Functions of rows: softmax and its kin."""

from gradoscope.arrays import Array, cast, eager, in_double, is_array, is_double, largest, total, where
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.parameters import POSITIVE, REAL, Interval, OneOf, Optional, Whole
from gradoscope.functions.sparse import entmax_shares, sparsemax_shares


@activation(
    formula=r"f(x)_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}}",
    textbook="[exp(a / temperature) / sum(exp(b / temperature) for b in x) for a in x]",
    aliases=("softargmax", "normalised_exponential"),
    source="Bridle 1990, Neurocomputing F68",
    elementwise=False,
    domains={"axis": Whole(), "temperature": POSITIVE},
    guidance=Guidance(
        use="Output for one class out of several; attention.",
        strengths=("Its outputs are probabilities that sum to 1.",),
        weaknesses=(
            "Give the loss the logits instead: softmax before a loss that applies it again learns slowly and badly.",
        ),
        pairs_with=("categorical_cross_entropy",),
        differs="PyTorch without dim picks an axis by the number of axes.",
    ),
    peers=Peers("nn.Softmax", "softmax", "softmax"),
)
def softmax(x: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    """Softmax along `axis`, at a temperature.

    Examples
    --------
    >>> softmax([1.0, 2.0, 3.0]).round(6)
    array([0.090031, 0.244728, 0.665241])
    """
    return kernels.softmax(_cooled(x, temperature), axis)


def _cooled(x: Array, temperature: float) -> Array:
    return x if not is_array(temperature) and temperature == 1 else x / temperature


@softmax.tangent
def _(v: Array, x: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    shares = kernels.softmax(_cooled(x, temperature), axis)
    return _cooled(softmax_change(v, shares, axis), temperature)


@softmax.cotangent
def _(u: Array, x: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    shares = kernels.softmax(_cooled(x, temperature), axis)
    return _cooled(kernels.softmax_gradient(u, shares, axis), temperature)


@softmax.together
def _(x: Array, shares: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    logits = _cooled(x, temperature)
    if is_double(x) or eager.softmax(logits, shares) is None:
        shares[...] = kernels.softmax(logits, axis)
    return shares


@softmax.pull
def _(u: Array, shares: Array, out: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    gradient = eager.pull_softmax(u, shares, out)
    return gradient if temperature == 1 else gradient.div_(temperature)


def softmax_change(v: Array, shares: Array, axis: int) -> Array:
    """The change of `shares` when the logits change along v; JAX transposes it without cancellation."""
    change = shares * v
    change = change - shares * total(change, axis)
    return change - kernels.dominant(shares) * total(change, axis)


@activation(
    formula=r"f(x)_i = x_i - \log \sum_j e^{x_j}",
    textbook="[a - log(sum(exp(b) for b in x)) for a in x]",
    aliases=("logsoftmax", "log_normalised_exponential"),
    source="-",
    elementwise=False,
    domains={"axis": Whole()},
    guidance=Guidance(
        use="Log probabilities inside losses.",
        strengths=("Exact where the logarithm of a softmax has lost all digits.",),
        weaknesses=("Its outputs are no probabilities yet.",),
        pairs_with=("categorical_cross_entropy", "kl_divergence"),
    ),
    peers=Peers("nn.LogSoftmax", "log_softmax", "log_softmax"),
)
def log_softmax(x: Array, axis: int = -1) -> Array:
    """The logarithm of softmax along `axis`.

    Examples
    --------
    >>> log_softmax([0.0, 40.0])
    array([-4.00000000e+01, -4.24835426e-18])
    """
    return kernels.log_softmax(x, axis)


@log_softmax.tangent
def _(v: Array, x: Array, axis: int = -1) -> Array:
    # Written so that JAX transposes it without cancellation, and XLA compiles both sums into one pass.
    parts = kernels.peak(x, axis)
    shares = parts.shares * (1 / (1 + parts.rest))
    beside = v - total(kernels.dominant(shares) * v, axis)
    return beside - total(shares * beside, axis)


@log_softmax.cotangent
def _(u: Array, x: Array, axis: int = -1) -> Array:
    return kernels.log_softmax_gradient(u, kernels.peak(x, axis), axis)


@log_softmax.together
def _(x: Array, shares: Array, axis: int = -1) -> Array:
    return kernels.log_softmax_with_shares(x, shares)


@log_softmax.pull
def _(u: Array, shares: Array, out: Array, axis: int = -1) -> Array:
    return eager.pull_log_softmax(u, shares, out)


@activation(
    formula=r"f(x)_i = \frac{e^{-x_i}}{\sum_j e^{-x_j}}",
    textbook="[exp(-a) / sum(exp(-b) for b in x) for a in x]",
    source="-",
    elementwise=False,
    domains={"axis": Whole()},
    guidance=Guidance(
        use="Turning distances into weights.",
        strengths=("Its outputs are probabilities that sum to 1.",),
        weaknesses=("The largest input gets the least weight: easily confused with softmax.",),
        pairs_with=("kl_divergence",),
    ),
    peers=Peers("nn.Softmin"),
)
def softmin(x: Array, axis: int = -1) -> Array:
    """Softmax of -x along `axis`.

    Examples
    --------
    >>> softmin([1.0, 2.0, 3.0]).round(6)
    array([0.665241, 0.244728, 0.090031])
    """
    return kernels.softmax(-x, axis)


@softmin.tangent
def _(v: Array, x: Array, axis: int = -1) -> Array:
    return -softmax_change(v, kernels.softmax(-x, axis), axis)


@softmin.cotangent
def _(u: Array, x: Array, axis: int = -1) -> Array:
    return -kernels.softmax_gradient(u, kernels.softmax(-x, axis), axis)


@activation(
    formula=r"f(x) = \arg\min_{p \in \Delta} \|p - x\|^2",
    textbook="[max(a - max((sum(sorted(x)[-k:]) - 1) / k for k in range(1, len(x) + 1)), 0) for a in x]",
    source="Martins & Astudillo 2016, ICML",
    elementwise=False,
    domains={"axis": Whole()},
    guidance=Guidance(
        use="Sparse attention and sparse class probabilities.",
        strengths=("Gives unlikely classes exactly zero.",),
        weaknesses=("Its gradient is zero outside its support.",),
        pairs_with=("sparsemax_loss",),
    ),
    peers=Peers("", "sparsemax"),
)
def sparsemax(x: Array, axis: int = -1) -> Array:
    """The Euclidean projection on the probability simplex, along `axis`.

    Examples
    --------
    >>> sparsemax([1.0, 0.5, -1.0])
    array([0.75, 0.25, 0.  ])
    """
    return sparsemax_shares(x, axis)


@sparsemax.tangent
def _(v: Array, x: Array, axis: int = -1) -> Array:
    return _on_support(v, sparsemax(x, axis=axis), axis)


@sparsemax.cotangent
def _(u: Array, x: Array, axis: int = -1) -> Array:
    return _on_support(u, sparsemax(x, axis=axis), axis)


def _on_support(v: Array, shares: Array, axis: int) -> Array:
    """V minus its mean over the support, on the support."""
    support = cast(shares > 0, v.dtype)
    return support * (v - total(support * v, axis) / total(support, axis))


@activation(
    formula=r"f(x) = \arg\max_{p} \sum_j \left(p_j x_j + \frac{p_j - p_j^\alpha}{\alpha (\alpha - 1)}\right)",
    textbook=(
        "[max(a / 2 - max(t for k in range(1, len(x) + 1) for m in [sum(sorted(x)[-k:]) / (2 * k)]"
        " for q in [sum(b**2 for b in sorted(x)[-k:]) / 4 - k * m**2] if q <= 1"
        " for t in [m - sqrt((1 - q) / k)] if t <= sorted(x)[-k] / 2), 0)**2 for a in x]"
    ),  # for alpha = 1.5
    aliases=("entmax15", "alpha_entmax"),
    source="Peters, Niculae & Martins 2019, ACL",
    elementwise=False,
    domains={"axis": Whole(), "alpha": Interval(1, open="left")},
    guidance=Guidance(
        use="Sparse attention, between softmax (alpha = 1) and sparsemax (alpha = 2).",
        strengths=("Gives unlikely classes exactly zero, and its gradient has no jump.",),
        weaknesses=("Dearer than softmax: its threshold is found by bisection.",),
        pairs_with=("sparsemax_loss",),
    ),
)
def entmax(x: Array, axis: int = -1, alpha: float = 1.5) -> Array:
    """The alpha-entmax along `axis`, by bisection.

    Examples
    --------
    >>> entmax([1.0, 0.5, -1.0]).round(6)
    array([0.673993, 0.326007, 0.      ])
    """
    return entmax_shares(x, axis, alpha)


@entmax.tangent
def _(v: Array, x: Array, axis: int = -1, alpha: float = 1.5) -> Array:
    weights, whole = _weights(entmax(x, axis=axis, alpha=alpha), axis, alpha)
    return whole * softmax_change(v, weights, axis)


@entmax.cotangent
@in_double
def _(u: Array, x: Array, axis: int = -1, alpha: float = 1.5) -> Array:
    weights, whole = _weights(entmax(x, axis=axis, alpha=alpha), axis, alpha)
    return whole * kernels.softmax_gradient(u, weights, axis)


def _weights(shares: Array, axis: int, alpha: float) -> tuple[Array, Array]:
    """Shares^(2 - alpha) on the support, divided by their sum, and that sum."""
    powers = where(shares > 0, where(shares > 0, shares, 1.0) ** (2 - alpha), 0.0)
    whole = total(powers, axis)
    return powers / whole, whole


@activation(
    formula=r"f(x) = \operatorname{softmax}((x + g) / T),\quad g \sim \operatorname{Gumbel}(0, 1)",
    textbook="[exp(a / temperature) / sum(exp(b / temperature) for b in x) for a in x]",
    aliases=("concrete", "gumbel"),
    source="Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017, ICLR",
    elementwise=False,
    domains={"axis": Whole(), "temperature": POSITIVE, "noise": Optional(REAL), "hard": OneOf((False, True))},
    guidance=Guidance(
        use="Drawing a class inside a network, differentiably.",
        strengths=("Samples, yet gradients pass.",),
        weaknesses=("Biased at high temperature, noisy at low.",),
        pairs_with=("categorical_cross_entropy",),
    ),
    peers=Peers("nn.functional.gumbel_softmax"),
)
def gumbel_softmax(
    x: Array, axis: int = -1, temperature: float = 1.0, noise: Array = None, hard: bool = False
) -> Array:
    """Softmax of noisy logits; without noise, of x itself.

    `noise` is Gumbel noise in the shape of x. A `hard` sample is one-hot, with the gradient of the soft one.

    Examples
    --------
    >>> gumbel_softmax([1.0, 2.0], noise=[1.5, 0.1], hard=True)
    array([1., 0.])
    """
    shares = noisy_shares(x, axis, temperature, noise)
    if not hard:
        return shares
    return cast(shares == largest(shares, axis), shares.dtype)


@gumbel_softmax.tangent
def _(v: Array, x: Array, axis: int = -1, temperature: float = 1.0, noise: Array = None, hard: bool = False) -> Array:
    return softmax_change(v, noisy_shares(x, axis, temperature, noise), axis) / temperature


@gumbel_softmax.cotangent
def _(u: Array, x: Array, axis: int = -1, temperature: float = 1.0, noise: Array = None, hard: bool = False) -> Array:
    return kernels.softmax_gradient(u, noisy_shares(x, axis, temperature, noise), axis) / temperature


def noisy_shares(x: Array, axis: int, temperature: float, noise: Array) -> Array:
    """Softmax of (x + noise) / temperature."""
    return kernels.softmax((x if noise is None else x + noise) / temperature, axis)
