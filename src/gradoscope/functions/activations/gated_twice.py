"""Self-gated functions whose gate is made of two functions, as tanh of softplus."""

import math

from gradoscope.arrays import (
    BACK,
    Array,
    at_least,
    at_most,
    bell,
    cast,
    doubled,
    eager,
    erf,
    erf_share,
    erf_share_excess,
    exp,
    expm1,
    in_double,
    is_double,
    lies_within,
    lifted_exp_of_exp,
    log1p,
    log1p_excess,
    magnitude,
    tanh,
    tanh_less,
    where,
    within,
)
from gradoscope.arrays.pairs import exact, nearest
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Even, Limits, Lipschitz, Moments, Range, Saturates, Smooth, Turns
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped
from gradoscope.functions.rules import Formula

INF = math.inf
STEEPEST = 2 / math.sqrt(math.pi)


@activation(
    Range(-0.3088434, INF),
    Limits(0, INF),
    Turns(-1.1924313, -0.3088434),
    Lipschitz(1.0884982, at=1.4905519),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2404039, second=0.4523422, slope=0.4790838),
    formula=r"f(x) = x \tanh(\log(1 + e^x))",
    textbook="x * tanh(log(1 + exp(x)))",
    source="Misra 2019, arXiv 1908.08681",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of convolutional networks (YOLOv4).",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.Mish", "mish", "mish"),
)
@in_double
def mish(x: Array) -> Array:
    """X tanh(softplus(x)); 0 at -infinity.

    Examples
    --------
    >>> mish([-1.0, 2.0]).round(6)
    array([-0.303401,  1.943959])
    """

    def usual(x: Array) -> Array:
        power = exp(at_most(x, 40.0 if is_double(x) else 20.0))  # beyond, the gate is open
        below = power * (power + 2) + 2
        return x * where(x > 0, 1 - 2 / below, power * (1 - power * (power + 1) / below))

    return within(x, -kernels.TAIL, INF, usual, lambda x: kernels.times_tail(x, x))


@mish.derivative
@in_double
def _(x: Array) -> Array:
    def usual(x: Array) -> Array:
        power = exp(at_most(x, 40.0 if is_double(x) else 20.0))  # beyond, the slope is 1
        below = power * (power + 2) + 2
        right = power * (((power + 2) + 4 * x * ((power + 1) / below)) / below)
        near = at_most(power, 1.0)
        square = 4 + near * (8 + near * (8 + near * (4 + near)))  # of `below`, rounded once where near is small
        left = near / square * (4 * (x + 1) + near * ((4 * x + 6) + near * (4 + near)))
        return where(x > -0.75, right, left)

    return within(x, -kernels.TAIL, 1e4, usual, lambda x: where(x > 0, 1.0, kernels.times_tail(1 + x, x)))


@mish.together
def _(x: Array, slope: Array) -> Array:
    if lies_within(x, -kernels.TAIL, INF):
        return eager.mish(x, slope)
    slope[...] = mish.derivative(x)
    return mish(x)


@activation(
    Range(-0.3532858, INF),
    Limits(0, INF),
    Turns(-1.07886, -0.3532858),
    Lipschitz(1.0619753, at=0.6965627),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2621317, second=0.5290937, slope=0.5611714),
    formula=r"f(x) = x \tanh(e^x)",
    textbook="x * tanh(exp(x))",
    aliases=("tanhexp", "tanh_exp"),
    source="Liu & Di 2020, arXiv 2003.09855; Fernandez & Mali 2024, arXiv 2412.20269",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of deep networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def telu(x: Array) -> Array:
    """X tanh(exp(x)); 0 at -infinity.

    Examples
    --------
    >>> telu([-1.0, 2.0]).round(6)
    array([-0.352135,  1.999998])
    """
    return _gated(x, lambda x: x * tanh(exp(at_most(x, 5.0))))


@telu.derivative
def _(x: Array) -> Array:
    return _gated_slope(x, _telu_slope)


def _telu_slope(x: Array) -> Array:
    near = at_most(x, 5.0)
    power = exp(near)
    rise = tanh(power)
    # Nothing is lost in 1 + x, and what is added to it is small for x < -1.
    left = power * ((1 + near) - (tanh_less(power) / power + near * (rise * rise)))
    return where(x < 0, left, rise + near * power * kernels.sech_squared(power))


def _gated(x: Array, usual: Formula, scale: float = 1.0) -> Array:
    """`usual(x)`, which is x exp(x) times `scale` on the far left; 0 at -infinity."""
    wide = doubled(x)
    if wide is not None:
        return cast(usual(at_least(wide, -700.0)), x.dtype)
    return within(x, -kernels.TAIL, INF, usual, lambda x: kernels.times_tail(scale * x, x))


def _gated_slope(x: Array, usual: Formula, scale: float = 1.0) -> Array:
    """The derivative of such a function."""
    wide = doubled(x)
    if wide is not None:
        return cast(usual(at_least(wide, -700.0)), x.dtype)
    return within(x, -kernels.TAIL, INF, usual, lambda x: kernels.times_tail(scale * (1 + x), x))


@activation(
    Range(-0.3484375, INF),
    Limits(0, INF),
    Turns(-1.1930601, -0.3484375),
    Lipschitz(1.0861254, at=1.0960505),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2493079, second=0.5014231, slope=0.5299807),
    formula=r"f(x) = x \operatorname{erf}(\log(1 + e^x))",
    textbook="x * erf(log(1 + exp(x)))",
    source="Nag, Bhattacharyya, Mukherjee & Kundu 2021, arXiv 2108.09598",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of deep networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def serf(x: Array) -> Array:
    """X erf(softplus(x)); 0 at -infinity.

    Examples
    --------
    >>> serf([-1.0, 2.0]).round(6)
    array([-0.342248,  1.994739])
    """
    return _gated(x, _serf, STEEPEST)


def _serf(x: Array) -> Array:
    bend = kernels.softplus(at_most(x, 50.0))
    return x * where(x < 0, bend * erf_share(at_most(bend, 1.0)), erf(bend))


@serf.derivative
def _(x: Array) -> Array:
    return _gated_slope(x, _serf_slope, STEEPEST)


def _serf_slope(x: Array) -> Array:
    near = at_most(x, 50.0)
    bend, power = kernels.softplus(near), exp(near)
    excess, whole, inner = log1p_excess(at_most(power, 1.0)), 1 + power, at_most(bend, 1.0)
    # Nothing is lost in 1 + x, and what is added to it is small for x < -1.
    small = excess + near * ((expm1(-inner * inner) - power) / whole)
    left = power * (STEEPEST * ((1 + near) + small) + (1 + excess) * erf_share_excess(inner))
    return where(x < 0, left, erf(bend) + near * bell(bend, -1.0) * (STEEPEST * power / whole))


@activation(
    Range(-0.0972601, INF),
    Limits(0, INF),
    Turns(-0.5671433, -0.0972601),
    Lipschitz(1.1133973, at=2.238605),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2588561, second=0.3196344, slope=0.3475001),
    formula=r"f(x) = x\,e^{-e^{-x}}",
    textbook="x * exp(-exp(-x))",
    aliases=("gompertz_linear_unit",),
    source="Das, Lukasik, Moeller & Keuper 2025, arXiv 2502.03654",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of deep networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def golu(x: Array) -> Array:
    """X exp(-exp(-x)), gated by the Gompertz function; 0 at -infinity.

    Examples
    --------
    >>> golu([-1.0, 2.0]).round(6)
    array([-0.065988,  1.746846])
    """
    near = at_least(x, -7.0)
    left = (near * lifted_exp_of_exp(-near)) * BACK
    return where(x < 0, left, x * exp(-exp(-at_least(x, 0.0))))


@golu.derivative
def _(x: Array) -> Array:
    near = clipped(x, -7.0, 1e4)
    power = exp(-near)
    left = (lifted_exp_of_exp(-near) * (1 + near * power)) * BACK
    return where(x < 0, left, exp(-power) * (1 + near * power))


@activation(
    Range(-0.2499937, INF),
    Limits(0, INF),
    Turns(-1.394519, -0.2499937),
    Lipschitz(0.6368842, at=2.21543),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.120057, second=0.1583547, slope=0.1675504),
    formula=r"f(x) = x \tanh(\log(1 + \sigma(x)))",
    textbook="x * tanh(log(1 + 1 / (1 + exp(-x))))",
    source="Wang, Ren & Wang 2022, Electronics 11",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of convolutional networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def smish(x: Array) -> Array:
    """X tanh(log(1 + sigmoid(x))); 0 at -infinity.

    Examples
    --------
    >>> smish([-1.0, 2.0]).round(6)
    array([-0.233779,  1.118437])
    """
    return _gated(x, _smish)


def _smish(x: Array) -> Array:
    # tanh(log q) = (q^2 - 1) / (q^2 + 1) with q = (1 + 2 e) / (1 + e) for x < 0, and q = (2 + e) / (1 + e) for x > 0.
    power = exp(-magnitude(x))
    left, right = power * (2 + 3 * power) / (2 + power * (6 + 5 * power)), (3 + 2 * power) / _smish_below(power)
    return x * where(x < 0, left, right)


def _smish_below(power: Array) -> Array:
    return 5 + power * (6 + 2 * power)


@smish.derivative
def _(x: Array) -> Array:
    return _gated_slope(x, _smish_slope)


def _smish_slope(x: Array) -> Array:
    near = at_most(x, 1e4)
    power = exp(-magnitude(near))
    beside = _smish_below(power)
    below = (exact(power) * 5 + 6) * exact(power) + 2
    # (2 + 3 e) (2 + 6 e + 5 e^2) + 4 x (1 + e) (1 + 2 e): nothing is lost in 1 + x.
    rise = 4 * (1 + near) + power * ((18 + 12 * near) + power * ((28 + 8 * near) + 15 * power))
    right = (3 + 2 * power) / beside + near * power * (4 * (1 + power) * (2 + power) / (beside * beside))
    return where(x < 0, power * rise / nearest(below * below), right)


@activation(
    Range(-0.2527689, INF),
    Limits(0, INF),
    Turns(-1.372454, -0.2527689),
    Lipschitz(0.7463112, at=2.31676),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.1398395, second=0.1944641, slope=0.2060783),
    formula=r"f(x) = x \log(1 + \sigma(x))",
    textbook="x * log(1 + 1 / (1 + exp(-x)))",
    source="Zhu, Meng, Liu, Zou & Li 2021, Neurocomputing 458",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of shallow convolutional networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def logish(x: Array) -> Array:
    """X log(1 + sigmoid(x)); 0 at -infinity.

    Examples
    --------
    >>> logish([-1.0, 2.0]).round(6)
    array([-0.238183,  1.263391])
    """
    return _gated(x, lambda x: x * log1p(_open(x, exp(-magnitude(x)))))


def _open(x: Array, power: Array) -> Array:
    """Sigmoid(x), where `power` is exp(-|x|)."""
    return where(x < 0, power, 1.0) / (1 + power)


@logish.derivative
def _(x: Array) -> Array:
    return _gated_slope(x, _logish_slope)


def _logish_slope(x: Array) -> Array:
    near = at_most(x, 1e4)
    power = exp(-magnitude(near))
    share = _open(near, power)
    # Nothing is lost in 1 + x, and what is added to it is small for x < -1.
    left = share * ((1 + near) + (log1p_excess(share) - near * (2 * power / (1 + 2 * power))))
    return where(x < 0, left, log1p(share) + near * (power / ((1 + power) * (2 + power))))


@activation(
    Range(0, INF),
    Limits(INF, INF),
    Even(),
    Turns(0, 0),
    Lipschitz(1.1996786, at=1.1996786),
    Smooth(),
    Moments(mean=0.6057055, second=0.7578899, slope=0.8657002),
    formula=r"f(x) = x \tanh x",
    textbook="x * tanh(x)",
    aliases=("linearly_scaled_tanh",),
    source="Roy, Manna, Dubey & Chaudhuri 2019, arXiv 1901.05894",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of small networks.",
        strengths=("Smooth everywhere.", "No dead units: some gradient passes on both sides."),
        weaknesses=("Even: it forgets the sign of its input.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def lisht(x: Array) -> Array:
    """X tanh(x).

    Examples
    --------
    >>> lisht([-1.0, 2.0]).round(6)
    array([0.761594, 1.928055])
    """
    return x * tanh(x)


@lisht.derivative
def _(x: Array) -> Array:
    near = clipped(x, -1e4, 1e4)
    return tanh(near) + near * kernels.sech_squared(near)
