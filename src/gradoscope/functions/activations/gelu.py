"""GELU and its approximations: x times the normal distribution function."""

import math

from gradoscope.arrays import (
    Array,
    at_least,
    cast,
    constant,
    doubled,
    eager,
    is_double,
    plus,
    product,
    sigmoid,
    single,
    times_normal_cdf,
    times_normal_cdf_slope,
    two_parts,
)
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Limits, Lipschitz, Moments, Range, Saturates, Smooth, Turns
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped

INF = math.inf


@activation(
    Range(-0.1699712, INF),
    Limits(0, INF),
    Turns(-0.7517916, -0.1699712),
    Lipschitz(1.1289042, at=math.sqrt(2)),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.282095, second=0.425221, slope=0.455888),
    formula=r"f(x) = x\,\Phi(x) = \frac{x}{2} \operatorname{erfc}\left(-\frac{x}{\sqrt 2}\right)",
    textbook="x * ncdf(x)",
    aliases=("gelu_exact", "gelu_erf", "gaussian_error_linear_unit"),
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of transformers and other deep networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Dearer than ReLU.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy",),
        differs="The default is this exact form in PyTorch and keras.activations, the tanh form in JAX and keras.ops.",
    ),
    peers=Peers("nn.GELU", "gelu", "gelu"),
)
def gelu(x: Array) -> Array:
    """The Gaussian error linear unit, exact; 0 at -infinity.

    Examples
    --------
    >>> gelu([-1.0, 2.0]).round(6)
    array([-0.158655,  1.9545  ])
    """
    return times_normal_cdf(x)


@gelu.derivative
def _(x: Array) -> Array:
    return times_normal_cdf_slope(x)


gelu.together(eager.gelu)


LINEAR = two_parts("1.5957691216057307117597842397375274")  # 2 sqrt(2 / pi)
CUBIC = two_parts("0.071354816272600248776338752279863541")  # 0.044715 times that


@activation(
    Range(-0.1700407, INF),
    Limits(0, INF),
    Turns(-0.7524614, -0.1700407),
    Lipschitz(1.1289929, at=1.4209),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.281997, second=0.425176, slope=0.455779),
    formula=r"f(x) = \frac{x}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715 x^3)\right)\right)",
    textbook="x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 44715 * x**3 / 1000000)))",
    aliases=("gelu_new", "gelu_approximate", "gelu_pytorch_tanh", "gelu_fast"),
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415",
    initialiser="he_normal",
    guidance=Guidance(
        use="Where a network was trained with it (GPT-2, Gemma); else prefer gelu.",
        strengths=("Within 0.0005 of the exact GELU.",),
        weaknesses=("An approximation that is no longer cheaper.",),
        pairs_with=("categorical_cross_entropy",),
        differs="The default of JAX.",
    ),
    peers=Peers("nn.GELU(approximate='tanh')", "gelu(approximate=True)", "gelu(approximate=True)"),
)
def gelu_tanh(x: Array) -> Array:
    """The tanh approximation of GELU; 0 at -infinity.

    Examples
    --------
    >>> gelu_tanh([-1.0, 2.0]).round(6)
    array([-0.158808,  1.954598])
    """
    if eager.is_ours(x):
        return eager_gelu_tanh(x)
    wide = doubled(x)
    if wide is not None:
        at = clipped(wide, -1e3, 1e3)
        return cast(at_least(wide, -1e3) * sigmoid(at * (LINEAR[1][0] + CUBIC[1][0] * at * at)), x.dtype)
    if single.is_single(x):
        return single.gelu_tanh(x)
    near = clipped(x, -1e3, 1e3)
    return kernels.times_gate(x, *_double_argument(near))


def eager_gelu_tanh(x: Array, slope: Array | None = None) -> Array:
    """The kernel of eager PyTorch."""
    return eager.gelu_tanh(x, LINEAR[1][0], CUBIC[1][0], slope)


gelu_tanh.together(eager_gelu_tanh)


def _double_argument(x: Array) -> tuple[Array, Array]:
    """2u = x (2 sqrt(2 / pi)) (1 + 0.044715 x^2), whose sigmoid is the gate, with its rounding error."""
    (linear, linear_rest), (cubic, cubic_rest) = LINEAR[is_double(x)], CUBIC[is_double(x)]
    square, square_lost = product(x, x)
    bent, bent_lost = product(square, constant(x, cubic))
    factor, lost = plus(bent, linear)
    result, result_lost = product(x, factor)
    return result, result_lost + x * (lost + (bent_lost + (cubic * square_lost + cubic_rest * square) + linear_rest))


@gelu_tanh.derivative
def _(x: Array) -> Array:
    if eager.is_ours(x):
        return eager.slope_of(eager_gelu_tanh, x)
    wide = doubled(x)
    if wide is not None:
        at = clipped(wide, -1e3, 1e3)
        square = CUBIC[1][0] * at * at
        opening = sigmoid(at * (LINEAR[1][0] + square))
        return cast(opening + at * (LINEAR[1][0] + 3 * square) * (opening * (1 - opening)), x.dtype)
    if single.is_single(x):
        return single.gelu_tanh_slope(x)
    near = clipped(x, -1e3, 1e3)
    argument, lost = _double_argument(near)
    rise = LINEAR[1][0] + 3 * CUBIC[1][0] * near * near
    return kernels.times_gate_slope(near * rise, argument, lost)


@activation(
    Range(-0.1636102, INF),
    Limits(0, INF),
    Turns(-0.7511541, -0.1636102),
    Lipschitz(1.0998394, at=1.4097281),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2823306, second=0.4219528, slope=0.4495492),
    formula=r"f(x) = x\,\sigma(1.702 x)",
    textbook="x / (1 + exp(-1702 * x / 1000))",
    aliases=("sigmoid_gelu", "gelu_quick"),
    source="Hendrycks & Gimpel 2016, arXiv 1606.08415",
    initialiser="he_normal",
    guidance=Guidance(
        use="Where a network was trained with it (CLIP); else prefer gelu.",
        strengths=("Within 0.021 of the exact GELU.", "Smooth everywhere."),
        weaknesses=("An approximation that is no longer cheaper.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def quick_gelu(x: Array) -> Array:
    """The sigmoid approximation of GELU, x sigmoid(1.702 x); 0 at -infinity.

    Examples
    --------
    >>> quick_gelu([-1.0, 2.0]).round(6)
    array([-0.154204,  1.935659])
    """
    wide = doubled(x)
    if wide is not None:
        return cast(at_least(wide, -1e4) * sigmoid(1.702 * wide), x.dtype)
    return kernels.times_gate(x, *_steeper(x))


@quick_gelu.derivative
def _(x: Array) -> Array:
    argument, lost = _steeper(x)
    return kernels.times_gate_slope(argument, argument, lost)


STEEPNESS = two_parts("1.702")


def _steeper(x: Array) -> tuple[Array, Array]:
    """1.702 x with its rounding error."""
    high, low = STEEPNESS[is_double(x)]
    near = clipped(x, -1e30, 1e30)
    rounded, lost = product(near, constant(x, high))
    return rounded, lost + near * low
