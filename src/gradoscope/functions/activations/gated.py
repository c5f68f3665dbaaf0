"""Self-gated functions: x times a gate that opens with x."""

import math

from gradoscope.arrays import Array, at_least, at_most, normal_cdf, normal_density, where
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Limits, Lipschitz, Moments, Range, Saturates, Smooth, Turns
from gradoscope.functions.guidance import Guidance, Peers

INF = math.inf


def gated(x: Array, gate: Array) -> Array:
    """X * gate, which is 0 at -infinity."""
    return where(x == -INF, 0.0, x * gate)


@activation(
    Range(-0.2784645, INF),
    Limits(0, INF),
    Turns(-1.278465, -0.2784645),
    Lipschitz(1.0998394, at=2.3993572),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.206621, second=0.355766, slope=0.379518),
    formula=r"f(x) = x\,\sigma(x)",
    textbook="x / (1 + exp(-x))",
    aliases=("swish_1", "sigmoid_linear_unit"),
    source="Elfwing, Uchibe & Doya 2018, Neural Networks 107; Hendrycks & Gimpel 2016, arXiv 1606.08415",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of deep networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.SiLU", "silu", "silu"),
)
def silu(x: Array) -> Array:
    """The sigmoid linear unit, x sigmoid(x); 0 at -infinity.

    Examples
    --------
    >>> silu([-1.0, 2.0]).round(6)
    array([-0.268941,  1.761594])
    """
    return gated(x, kernels.sigmoid(x))


@silu.derivative
def _(x: Array) -> Array:
    inside = at_least(at_most(x, 1e4), -1e4)
    return kernels.sigmoid(inside) * (1 + inside * kernels.sigmoid(-inside))


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
    return gated(x, normal_cdf(x))


@gelu.derivative
def _(x: Array) -> Array:
    inside = at_least(at_most(x, 60.0), -60.0)
    return normal_cdf(inside) + inside * normal_density(inside)


GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715


@activation(
    Range(-0.1700407, INF),
    Limits(0, INF),
    Turns(-0.7524614, -0.1700407),
    Lipschitz(1.1289929, at=1.4209),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.281997, second=0.425176, slope=0.455779),
    formula=r"f(x) = \frac{x}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715 x^3)\right)\right)",
    textbook="x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))",
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
    return gated(x, kernels.sigmoid(_gelu_argument(x)))


def _gelu_argument(x: Array) -> Array:
    """2u: the gate is sigmoid(2u). Clamped far out, where the gate is 0 or 1, so that the cube cannot overflow."""
    inside = at_least(at_most(x, 1e3), -1e3)
    return 2 * GELU_SCALE * (inside + GELU_CUBIC * inside * inside * inside)


@gelu_tanh.derivative
def _(x: Array) -> Array:
    inside = at_least(at_most(x, 1e3), -1e3)
    gate = _gelu_argument(inside)
    rise = 2 * GELU_SCALE * (1 + 3 * GELU_CUBIC * inside * inside)
    return kernels.sigmoid(gate) * (1 + inside * rise * kernels.sigmoid(-gate))
