"""Functions of rows: softmax and its kin."""

from gradoscope.arrays import Array, cast, total, where
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.parameters import POSITIVE, Whole


def _dominant(shares: Array) -> Array:
    """1 where a share exceeds one half (at most one in a row), else 0."""
    return cast(shares > 0.5, shares.dtype)


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
    return kernels.softmax(x / temperature, axis)


@softmax.tangent
def _(v: Array, x: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    # A share near 1 changes by minus what the others change; its transpose below is then exact as well.
    shares = kernels.softmax(x / temperature, axis)
    change = shares * v / temperature
    change = change - shares * total(change, axis)
    top = _dominant(shares)
    others = change * (1 - top)
    return others - top * total(others, axis)


@softmax.cotangent
def _(u: Array, x: Array, axis: int = -1, temperature: float = 1.0) -> Array:
    shares = kernels.softmax(x / temperature, axis)
    top = _dominant(shares)
    relative = u - total(u * top, axis)
    return shares * (relative - total(shares * relative, axis)) / temperature


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
    # The transpose of the formula below, written so that JAX transposes it back without cancellation.
    parts = kernels.peak(x, axis)
    shares = parts.shares / (1 + parts.rest)
    top = _dominant(shares)
    at_top = total(top * v, axis)
    from_others = total((1 - top) * shares * v, axis)
    return (1 - top) * (v - at_top) + (at_top * (parts.rest / (1 + parts.rest)) - from_others)


@log_softmax.cotangent
def _(u: Array, x: Array, axis: int = -1) -> Array:
    parts = kernels.peak(x, axis)
    shares = parts.shares / (1 + parts.rest)
    top = shares > 0.5
    chosen = cast(top, x.dtype)
    others = total(u * (1 - chosen), axis)
    whole = others + total(u * chosen, axis)
    return where(top, whole * (parts.rest / (1 + parts.rest)) - others, u - shares * whole)
