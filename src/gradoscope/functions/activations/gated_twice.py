"""Self-gated functions whose gate is made of two functions, as tanh of softplus."""

import math

from gradoscope.arrays import (
    BACK,
    Array,
    at_least,
    at_most,
    bell,
    eager,
    erf,
    erf_share,
    exp,
    is_double,
    lies_within,
    lifted_exp,
    log1p,
    tanh,
    where,
    within,
)
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Even, Limits, Lipschitz, Moments, Range, Saturates, Smooth, Turns
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped

INF = math.inf


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
    bound=5,  # a quotient of rounded products
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
def mish(x: Array) -> Array:
    """X tanh(softplus(x)); 0 at -infinity.

    Examples
    --------
    >>> mish([-1.0, 2.0]).round(6)
    array([-0.303401,  1.943959])
    """

    def usual(x: Array) -> Array:
        power = exp(at_most(x, 40.0))  # beyond, the gate is open
        rise = power * (power + 2)
        return x * (rise / (rise + 2))

    return within(x, -kernels.TAIL, INF, usual, lambda x: kernels.times_tail(x, x))


@mish.derivative
def _(x: Array) -> Array:
    def usual(x: Array) -> Array:
        power = exp(at_most(x, 40.0 if is_double(x) else 20.0))  # beyond, the slope is 1
        below = power * (power + 2) + 2
        return power * (4 * (x + 1) + power * ((4 * x + 6) + power * (4 + power))) / (below * below)

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
    bound=8,  # exp(x) is rounded before the tanh
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
    small, lifted = kernels.gate(at_most(x, 5.0))
    power = exp(at_most(x, 5.0))
    near = at_least(x, -1e4)
    gentle = near * (lifted * _tanh_share(small)) * BACK
    return where(x < 0, gentle, x * tanh(power))


@telu.derivative
def _(x: Array) -> Array:
    near = clipped(x, -1e4, 5.0)
    small, lifted = kernels.gate(near)
    power = exp(near)
    gentle = lifted * (_tanh_share(small) + near * kernels.sech_squared(small))
    return where(x < 0, gentle * BACK, tanh(power) + near * power * kernels.sech_squared(power))


def _tanh_share(x: Array) -> Array:
    """tanh(x) / x for x in [0, 1], 1 at 0."""
    return where(x > 0, tanh(x) / where(x > 0, x, 1.0), 1.0)


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
    bound=8,  # log(1 + exp(x)) is rounded before the error function
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
    bend = kernels.softplus(at_most(x, 50.0))
    small, lifted = kernels.gate(at_most(x, 50.0))
    left = at_least(x, -1e4) * (lifted * (kernels.log1p_share(small) * erf_share(bend))) * BACK
    return where(x < 0, left, x * erf(bend))


@serf.derivative
def _(x: Array) -> Array:
    near = clipped(x, -1e4, 50.0)
    bend = kernels.softplus(near)
    small, lifted = kernels.gate(near)
    rise = bell(bend, -1.0) * (2 / math.sqrt(math.pi))
    left = lifted * (kernels.log1p_share(small) * erf_share(bend) + near * rise / (1 + small))
    return where(x < 0, left * BACK, erf(bend) + near * rise / (1 + small))


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
    bound=800,  # exp(-exp(-x)) magnifies the rounding of exp(-x) by exp(-x), up to 87 in float32 and 700 in float64
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
    left = (near * lifted_exp(-exp(-near))) * BACK
    return where(x < 0, left, x * exp(-exp(-at_least(x, 0.0))))


@golu.derivative
def _(x: Array) -> Array:
    near = clipped(x, -7.0, 1e4)
    power = exp(-near)
    left = (lifted_exp(-power) * (1 + near * power)) * BACK
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
    bound=6,  # a product of five rounded factors
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
    # tanh(log q) = (q^2 - 1) / (q^2 + 1) with q = 1 + s: s (s + 2) / (s (s + 2) + 2).
    small, lifted = kernels.gate(x)
    open_ = where(x < 0, small, 1.0) / (1 + small)
    factor = (open_ + 2) / (open_ * (open_ + 2) + 2)
    left = at_least(x, -1e4) * (lifted / (1 + small) * factor) * BACK
    return where(x < 0, left, x * (open_ * factor))


@smish.derivative
def _(x: Array) -> Array:
    near = clipped(x, -1e4, 1e4)
    small, lifted = kernels.gate(near)
    open_, shut = where(x < 0, small, 1.0) / (1 + small), where(x < 0, 1.0, small) / (1 + small)
    below = open_ * (open_ + 2) + 2
    factor = (open_ + 2) / below + near * shut * (4 * (open_ + 1) / (below * below))
    return where(x < 0, (lifted / (1 + small) * factor) * BACK, open_ * factor)


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
    bound=6,  # a product of five rounded factors
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
    small, lifted = kernels.gate(x)
    open_ = where(x < 0, small, 1.0) / (1 + small)
    left = at_least(x, -1e4) * (lifted / (1 + small) * kernels.log1p_share(open_)) * BACK
    return where(x < 0, left, x * log1p(open_))


@logish.derivative
def _(x: Array) -> Array:
    near = clipped(x, -1e4, 1e4)
    small, lifted = kernels.gate(near)
    open_, shut = where(x < 0, small, 1.0) / (1 + small), where(x < 0, 1.0, small) / (1 + small)
    factor = kernels.log1p_share(open_) + near * shut / (1 + open_)
    return where(x < 0, (lifted / (1 + small) * factor) * BACK, open_ * factor)


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
    bound=5,  # a sum of two rounded products
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
