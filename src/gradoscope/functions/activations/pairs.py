"""Gated pairs: the last axis is split into two halves, and one half gates the other."""

from collections.abc import Callable, Mapping

from gradoscope.arrays import Array, at_least, cast, namespace, times_normal_cdf, times_normal_cdf_slope
from gradoscope.errors import UsageError
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.parameters import Domain, OneOf, Whole
from gradoscope.language import say

FIRST = ("value", "gate")  # which half comes first
DOMAINS: Mapping[str, Domain] = {"axis": Whole(), "first": OneOf(FIRST)}
Curve = Callable[[Array], Array]


def halves(x: Array, axis: int, first: str) -> tuple[Array, Array]:
    """The half that is gated, and the half that gates it."""
    middle, odd = divmod(x.shape[axis], 2)
    if odd:
        raise UsageError(
            say("gated pairs need an even number of units along axis {axis}, not {units}",
                axis=axis, units=x.shape[axis])
        )  # fmt: skip
    before = (slice(None),) * (axis % x.ndim)
    one, other = x[(*before, slice(None, middle))], x[(*before, slice(middle, None))]
    return (one, other) if first == "value" else (other, one)


def joined(value: Array, gate: Array, axis: int, first: str) -> Array:
    """Both halves in their places."""
    parts = [value, gate] if first == "value" else [gate, value]
    return namespace(value).concatenate(parts, axis=axis)


def along(v: Array, x: Array, axis: int, first: str, curve: Curve, slope: Curve) -> Array:
    """The change of value * curve(gate) when x changes along v."""
    value, gate = halves(x, axis, first)
    value_change, gate_change = halves(v, axis, first)
    return value_change * curve(gate) + gate_change * (value * slope(gate))


def back(u: Array, x: Array, axis: int, first: str, curve: Curve, slope: Curve) -> Array:
    """The gradient in x of u * value * curve(gate)."""
    value, gate = halves(x, axis, first)
    return joined(u * curve(gate), u * (value * slope(gate)), axis, first)


def _rectified(x: Array) -> Array:
    return at_least(x, 0.0)


def _open(x: Array) -> Array:
    return cast(x > 0, x.dtype)


def _silu(x: Array) -> Array:
    return kernels.times_gate(x, x)


def _silu_slope(x: Array) -> Array:
    return kernels.times_gate_slope(x, x)


def _itself(x: Array) -> Array:
    return x


def _one(x: Array) -> Array:
    return namespace(x).ones_like(x)


@activation(
    formula=r"f(a, b) = a\,\sigma(b)",
    textbook="[a * 1 / (1 + exp(-b)) for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])]",
    aliases=("gated_linear_unit",),
    source="Dauphin, Fan, Auli & Grangier 2017, ICML",
    elementwise=False,
    domains=DOMAINS,
    guidance=Guidance(
        use="Convolutional sequence models; feed-forward layers.",
        strengths=("A linear path for gradients, opened by a gate.",),
        weaknesses=("Needs twice the units: half of them are gates.",),
        pairs_with=("categorical_cross_entropy",),
    ),
    peers=Peers("nn.GLU", "glu", "glu"),
)
def glu(x: Array, axis: int = -1, first: str = "value") -> Array:
    """The gated linear unit: the first half times the sigmoid of the second.

    Examples
    --------
    >>> glu([1.0, 4.0, 0.0, 0.0])
    array([0.5, 2. ])
    """
    value, gate = halves(x, axis, first)
    return value * kernels.sigmoid(gate)


@glu.tangent
def _(v: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return along(v, x, axis, first, kernels.sigmoid, kernels.sigmoid_slope)


@glu.cotangent
def _(u: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return back(u, x, axis, first, kernels.sigmoid, kernels.sigmoid_slope)


@activation(
    formula=r"f(a, b) = a b",
    textbook="[a * b for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])]",
    aliases=("bilinear",),
    source="Shazeer 2020, arXiv 2002.05202",
    elementwise=False,
    domains=DOMAINS,
    guidance=Guidance(
        use="Feed-forward layers without any other nonlinearity.",
        strengths=("The simplest gate: a product.",),
        weaknesses=("Needs twice the units: half of them are gates.", "Its slope grows without bound."),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def bilinear_glu(x: Array, axis: int = -1, first: str = "value") -> Array:
    """The first half times the second.

    Examples
    --------
    >>> bilinear_glu([1.0, 4.0, 3.0, 0.5])
    array([3., 2.])
    """
    value, gate = halves(x, axis, first)
    return value * _itself(gate)


@bilinear_glu.tangent
def _(v: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return along(v, x, axis, first, _itself, _one)


@bilinear_glu.cotangent
def _(u: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return back(u, x, axis, first, _itself, _one)


@activation(
    formula=r"f(a, b) = a \max(b, 0)",
    textbook="[a * max(b, 0) for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])]",
    aliases=("relu_glu",),
    source="Shazeer 2020, arXiv 2002.05202",
    elementwise=False,
    domains=DOMAINS,
    guidance=Guidance(
        use="Feed-forward layers of transformers.",
        strengths=("Cheap, and its gates are exactly zero where they are shut.",),
        weaknesses=("Needs twice the units: half of them are gates.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def reglu(x: Array, axis: int = -1, first: str = "value") -> Array:
    """The first half times the rectified second.

    Examples
    --------
    >>> reglu([1.0, 4.0, 3.0, -0.5])
    array([3., 0.])
    """
    value, gate = halves(x, axis, first)
    return value * _rectified(gate)


@reglu.tangent
def _(v: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return along(v, x, axis, first, _rectified, _open)


@reglu.cotangent
def _(u: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return back(u, x, axis, first, _rectified, _open)


@activation(
    formula=r"f(a, b) = a \operatorname{gelu}(b)",
    textbook="[a * b * ncdf(b) for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])]",
    aliases=("gelu_glu",),
    source="Shazeer 2020, arXiv 2002.05202",
    elementwise=False,
    domains=DOMAINS,
    guidance=Guidance(
        use="Feed-forward layers of transformers (T5, Gemma).",
        strengths=("Smooth everywhere.",),
        weaknesses=("Needs twice the units: half of them are gates.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def geglu(x: Array, axis: int = -1, first: str = "value") -> Array:
    """The first half times the exact GELU of the second.

    Examples
    --------
    >>> geglu([1.0, 4.0, 1.0, 0.0]).round(6)
    array([0.841345, 0.      ])
    """
    value, gate = halves(x, axis, first)
    return value * times_normal_cdf(gate)


@geglu.tangent
def _(v: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return along(v, x, axis, first, times_normal_cdf, times_normal_cdf_slope)


@geglu.cotangent
def _(u: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return back(u, x, axis, first, times_normal_cdf, times_normal_cdf_slope)


@activation(
    formula=r"f(a, b) = a \operatorname{silu}(b)",
    textbook="[a * b / (1 + exp(-b)) for a, b in zip(x[: len(x) // 2], x[len(x) // 2 :])]",
    aliases=("silu_glu", "swish_glu"),
    source="Shazeer 2020, arXiv 2002.05202",
    elementwise=False,
    domains=DOMAINS,
    guidance=Guidance(
        use="Feed-forward layers of transformers (LLaMA, PaLM).",
        strengths=("Smooth everywhere.",),
        weaknesses=("Needs twice the units: half of them are gates.",),
        pairs_with=("categorical_cross_entropy",),
    ),
)
def swiglu(x: Array, axis: int = -1, first: str = "value") -> Array:
    """The first half times the SiLU of the second.

    Examples
    --------
    >>> swiglu([1.0, 4.0, 1.0, 0.0]).round(6)
    array([0.731059, 0.      ])
    """
    value, gate = halves(x, axis, first)
    return value * _silu(gate)


@swiglu.tangent
def _(v: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return along(v, x, axis, first, _silu, _silu_slope)


@swiglu.cotangent
def _(u: Array, x: Array, axis: int = -1, first: str = "value") -> Array:
    return back(u, x, axis, first, _silu, _silu_slope)
