"""Self-gated functions: x times a gate that opens with x."""

import math
from typing import Any, NamedTuple

from gradoscope.arrays import (
    BACK,
    Array,
    at_least,
    at_most,
    cast,
    constant,
    eager,
    exp,
    expm1,
    finite,
    in_double,
    is_array,
    keeping_nan,
    largest,
    lies_within,
    magnitude,
    near_power,
    single,
    sqrt,
    where,
)
from gradoscope.arrays.pairs import (
    Pair,
    Wide,
    choose,
    exponential,
    leading,
    nearest,
    root,
    stretched,
    summed_along,
    wider,
)
from gradoscope.functions import kernels
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import Dead, Limits, Lipschitz, Moments, Range, Saturates, Smooth, Turns
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped
from gradoscope.functions.parameters import POSITIVE, REAL, Whole

INF = math.inf


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
    return single.silu(x) if single.is_single(x) else kernels.times_gate(x, x)


@silu.derivative
def _(x: Array) -> Array:
    if single.is_single(x):
        return single.silu_slope(x)
    if eager.is_ours(x) and lies_within(x, -kernels.TAIL, kernels.TAIL):
        return eager.slope_of(eager.silu, x)
    return kernels.times_gate_slope(x, x)


@silu.together
def _(x: Array, slope: Array) -> Array:
    if lies_within(x, -kernels.TAIL, kernels.TAIL):
        return eager.silu(x, slope)
    slope[...] = silu.derivative(x)
    return silu(x)


@activation(
    Range(-0.2784645, INF),
    Limits(0, INF),
    Turns(-1.2784645, -0.2784645),
    Lipschitz(1.0998394, at=2.3993573),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2066211, second=0.3557758, slope=0.3795181),
    formula=r"f(x) = x\,\sigma(\beta x)",
    textbook="x / (1 + exp(-beta * x))",
    aliases=("swish_beta",),
    source="Ramachandran, Zoph & Le 2017, arXiv 1710.05941",
    initialiser="he_normal",
    domains={"beta": POSITIVE},
    trainable=("beta",),
    guidance=Guidance(
        use="Hidden layers of deep networks; beta is trained.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
        differs="Keras and JAX call silu swish.",
    ),
)
def swish(x: Array, beta: float = 1.0) -> Array:
    """X sigmoid(beta x); 0 at -infinity.

    Examples
    --------
    >>> swish([-1.0, 2.0], beta=2.0).round(6)
    array([-0.119203,  1.964028])
    """
    return kernels.times_gate(x, *kernels.scaled(clipped(x, -1e30, 1e30), beta))


@swish.derivative
def _(x: Array, beta: float = 1.0) -> Array:
    argument, lost = kernels.scaled(clipped(x, -1e30, 1e30), beta)
    return kernels.times_gate_slope(argument, argument, lost)


@swish.gradient("beta")
def _(x: Array, beta: float = 1.0) -> Array:
    near = clipped(x, -1e15, 1e15)
    return near * near * kernels.sigmoid_slope(beta * near)


@activation(
    Range(-0.2784645, INF),
    Limits(0, INF),
    Turns(-1.2784645, -0.2784645),
    Lipschitz(1.0998394, at=2.3993573),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2066211, second=0.3557758, slope=0.3795181),
    formula=r"f(x) = (p_1 - p_2)\,x\,\sigma(\beta (p_1 - p_2) x) + p_2 x",
    textbook="(p1 - p2) * x / (1 + exp(-beta * (p1 - p2) * x)) + p2 * x",
    aliases=("acon", "activate_or_not"),
    source="Ma, Zhang, Liu & Sun 2021, CVPR, arXiv 2009.04759",
    initialiser="he_normal",
    domains={"p1": REAL, "p2": REAL, "beta": POSITIVE},
    trainable=("p1", "p2", "beta"),
    guidance=Guidance(
        use="Hidden layers of convolutional networks.",
        strengths=("Smooth everywhere.", "Learns its own slope."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def acon_c(x: Array, p1: float = 1.0, p2: float = 0.0, beta: float = 1.0) -> Array:
    """A smooth maximum of p1 x and p2 x: swish where p1 = 1 and p2 = 0, and a line as beta goes to 0.

    Examples
    --------
    >>> acon_c([-1.0, 2.0], p1=1.2, p2=0.2).round(6)
    array([-0.468941,  2.161594])
    """
    part = (p1 - p2) * x
    return kernels.times_gate(part, *kernels.scaled(clipped(part, -1e30, 1e30), beta)) + p2 * finite(x)


@acon_c.derivative
def _(x: Array, p1: float = 1.0, p2: float = 0.0, beta: float = 1.0) -> Array:
    return (p1 - p2) * _opening(x, p1 - p2, beta) + p2


@acon_c.gradient("p1")
def _(x: Array, p1: float = 1.0, p2: float = 0.0, beta: float = 1.0) -> Array:
    return clipped(x, -1e15, 1e15) * _opening(x, p1 - p2, beta)


@acon_c.gradient("p2")
def _(x: Array, p1: float = 1.0, p2: float = 0.0, beta: float = 1.0) -> Array:
    return clipped(x, -1e15, 1e15) * (1 - _opening(x, p1 - p2, beta))


@acon_c.gradient("beta")
def _(x: Array, p1: float = 1.0, p2: float = 0.0, beta: float = 1.0) -> Array:
    part = clipped((p1 - p2) * x, -1e15, 1e15)
    return part * part * kernels.sigmoid_slope(beta * part)


def _opening(x: Array, difference: Array, beta: Array) -> Array:
    """The derivative of z sigmoid(beta z) at z = difference x."""
    argument, lost = kernels.scaled(clipped(difference * x, -1e30, 1e30), beta)
    return kernels.times_gate_slope(argument, argument, lost)


@activation(
    Range(-0.375, INF),
    Limits(0, INF),
    Turns(-1.5, -0.375),
    Lipschitz(1.5, at=3 - 1e-9),
    Smooth(0, kinks=(-3, 3)),
    Saturates(left=0),
    Dead(-INF, -3),
    Moments(mean=0.1662167, second=0.3315674, slope=0.3585315),
    formula=r"f(x) = x \min(\max(x + 3, 0), 6) / 6",
    textbook="x * min(max(x + 3, 0), 6) / 6",
    aliases=("hard_silu", "hardswish"),
    source="Howard et al. 2019, MobileNetV3",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers on small or quantised hardware.",
        strengths=("Needs no exponential.",),
        weaknesses=("Its gradient is exactly zero below -3.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
    peers=Peers("nn.Hardswish", "hard_silu", "hard_swish"),
)
def hard_swish(x: Array) -> Array:
    """X hard_sigmoid(x); its derivative is 0 at -3 and 1 at 3.

    Examples
    --------
    >>> hard_swish([-1.0, 3.0]).round(6)
    array([-0.333333,  3.      ])
    """
    return where(x > 3, x, clipped(x, -3.0, 3.0) * ((clipped(x, -3.0, 3.0) + 3) / 6))


@hard_swish.derivative
def _(x: Array) -> Array:
    inner = (2 * x + 3) / 6
    return keeping_nan(x, where(x >= 3, constant(x, 1.0), where(x > -3, inner, 0.0)))


@hard_swish.in_torch
def _(functional: Any, x: Array) -> Array:
    bounded = x if lies_within(x, -1e30, INF) else functional.threshold(x, -4.0, -4.0)  # 0 at -infinity
    return functional.hardswish(bounded)


@activation(
    Range(-0.1715729, INF),
    Limits(0, INF),
    Turns(-0.8813736, -0.1715729),
    Lipschitz(1.0998394, at=2.3993573),
    Smooth(1, kinks=(0,)),
    Saturates(left=0),
    Moments(mean=0.2392167, second=0.3430673, slope=0.3665312),
    formula=r"f(x) = \begin{cases} x\,\sigma(x) & x \ge 0 \\ (e^x - 1)\,\sigma(x) & x < 0 \end{cases}",
    textbook="x / (1 + exp(-x)) if x >= 0 else (exp(x) - 1) / (1 + exp(-x))",
    aliases=("exponential_linear_squashing",),
    source="Basirat & Roth 2018, arXiv 1808.00783",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers of convolutional networks.",
        strengths=("Smooth everywhere.", "Lets some gradient through where ReLU is dead."),
        weaknesses=("Costs an exponential.", "Not monotonic."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
def elish(x: Array) -> Array:
    """Silu on the right, expm1(x) sigmoid(x) on the left.

    Examples
    --------
    >>> elish([-1.0, 2.0]).round(6)
    array([-0.170003,  1.761594])
    """
    left = expm1(at_most(x, 0.0)) * (kernels.sigmoid(at_most(x, 0.0)))
    return where(x < 0, left, kernels.times_gate(x, x))


@elish.derivative
def _(x: Array) -> Array:
    near = at_most(x, 0.0)
    small = exp(near)
    left = small * (expm1(near) + small * (1 + small)) / (1 + small * (2 + small))
    return where(x < 0, left, kernels.times_gate_slope(x, x))


@activation(
    Range(-0.1501416, INF),
    Limits(0, INF),
    Turns(-0.7861514, -0.1501416),
    Lipschitz(1.0443311, at=1.4142136),
    Smooth(),
    Saturates(left=0),
    Moments(mean=0.2824454, second=0.4139199, slope=0.4354399),
    formula=r"f(x) = \frac{x}{2} \left(1 + \frac{x}{\sqrt{1 + x^2}}\right)",
    textbook="x / 2 * (1 + x / sqrt(1 + x**2))",
    aliases=("power_function_linear_unit",),
    source="Zhu, Meng, Liu, Zou & Li 2021, PFLU and FPFLU",
    initialiser="he_normal",
    guidance=Guidance(
        use="Hidden layers; a GELU without exponential.",
        strengths=("Needs no exponential.", "Smooth everywhere."),
        weaknesses=("Not monotonic.",),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
    ),
)
@in_double
def pflu(x: Array) -> Array:
    """X (1 + x / sqrt(1 + x^2)) / 2; 0 at -infinity.

    Examples
    --------
    >>> pflu([-1.0, 2.0]).round(6)
    array([-0.146447,  1.894427])
    """
    size, root = _with_root(x)
    left = where(size < FAR, -size / (2 * (1 + size * (size + root))), -0.25 / at_least(magnitude(x), FAR))
    return where(x < 0, left, x * (1 + size / root) / 2)


@pflu.derivative
@in_double
def _(x: Array) -> Array:
    size, root = _with_root(x)
    square = 1 + size * size
    shift = 0.5 / at_least(magnitude(x), FAR)
    left = where(size < FAR, (1 - size * root) / (2 * square * (square + size * root)), -shift * shift)
    return where(x < 0, left, 1 - left)


FAR = 1e9  # beyond it, 1 is lost beside x^2 in every dtype


def _with_root(x: Array) -> tuple[Array, Array]:
    """|x| up to FAR, and sqrt(1 + x^2)."""
    size = at_most(magnitude(x), FAR)
    return size, sqrt(1 + size * size)


@activation(
    formula=r"f(x)_i = x_i\,\sigma(\alpha (x_i - \mu - z s)),\quad \mu, s: \text{mean and spread of } x",
    textbook=(
        "[a / (1 + exp(-alpha * (a - m - z * sqrt(sum((b - m)**2 for b in x) / len(x))))) for m in [sum(x) / len(x)]"
        " for a in x]"
    ),
    aliases=("adaptive_swish",),
    source="Lee, Yang, Lee & Hwang 2022, NeurIPS, arXiv 2210.11672",
    initialiser="he_normal",
    elementwise=False,
    domains={"axis": Whole(), "alpha": POSITIVE, "z": REAL},
    trainable=("alpha", "z"),
    guidance=Guidance(
        use="Hidden layers in which only the largest values of each example should pass; z says how many.",
        strengths=("Its threshold moves with the data: mean plus z standard deviations.",),
        weaknesses=("Every output depends on the whole row.", "Costs an exponential."),
        pairs_with=("categorical_cross_entropy", "mean_squared_error"),
        differs="The paper takes mean and spread over a whole feature map; here they are those of the row along axis.",
    ),
)
def ash(x: Array, axis: int = -1, alpha: Array = 1.0, z: Array = 1.0) -> Array:
    """X times a sigmoid gate that opens above the mean plus z standard deviations of the row.

    Examples
    --------
    >>> ash([1.0, 2.0, 6.0]).round(6)
    array([0.015364, 0.081379, 4.190479])
    """
    at = _standing(x, axis, alpha, z)
    return cast(where(at.shut, (x * at.opening) * BACK, x * at.opening), x.dtype)


@ash.tangent
def _(v: Array, x: Array, axis: int = -1, alpha: Array = 1.0, z: Array = 1.0) -> Array:
    at, itself, rise, weight = _slopes(x, axis, alpha, z)
    if is_array(z):  # the number whose threshold moves has its own z
        along = kernels.from_others(nearest(at.apart) * v, at.one, axis)
        shift = (kernels.from_others(v, at.one, axis) + z * along) / x.shape[axis]
    else:
        shift = kernels.from_others(weight * v, at.one, axis)
    return cast(itself * v - rise * shift, x.dtype)


@ash.cotangent
def _(u: Array, x: Array, axis: int = -1, alpha: Array = 1.0, z: Array = 1.0) -> Array:
    at, itself, rise, weight = _slopes(x, axis, alpha, z)
    pull = kernels.from_others(rise * u, at.one, axis)
    if is_array(z):
        shift = (pull + nearest(at.apart) * kernels.from_others(z * rise * u, at.one, axis)) / x.shape[axis]
    else:
        shift = weight * pull
    return cast(itself * u - shift, x.dtype)


@ash.gradient("alpha")
def _(x: Array, axis: int = -1, alpha: Array = 1.0, z: Array = 1.0) -> Array:
    at, _, rise, _ = _slopes(x, axis, alpha, z)
    return cast(rise * nearest(at.deviation - _wide(z) * at.spread) / alpha, x.dtype)


@ash.gradient("z")
def _(x: Array, axis: int = -1, alpha: Array = 1.0, z: Array = 1.0) -> Array:
    at, _, rise, _ = _slopes(x, axis, alpha, z)
    return cast(-rise * nearest(at.spread), x.dtype)


class _Standing(NamedTuple):
    """Where the numbers of a row stand; equal ones have no deviation."""

    deviation: Wide  # from the mean
    spread: Wide  # the standard deviation
    above: Wide  # how far above the threshold, times alpha
    gate: kernels.Gate
    shut: Array  # whether a number is below the threshold
    opening: Array  # of the gate, times 2^24 where it is shut
    apart: Wide  # deviations in standard deviations
    one: Array  # 1, which a compiler does not know


def _standing(x: Array, axis: int, alpha: Array, z: Array) -> _Standing:
    count = float(x.shape[axis])
    below = wider(x) - wider(largest(x, axis))  # so that a large mean takes no digits away
    deviation = below - summed_along(below, axis) / count
    size = largest(magnitude(leading(deviation)), axis)
    power = near_power(size)
    part = stretched(deviation, 1 / power)
    spread = root(choose(size > 0, summed_along(part * part, axis) / count, 1.0))
    spread = stretched(choose(size > 0, spread, 0.0), power)
    above = (deviation - _wide(z) * spread) * _wide(alpha)
    apart = deviation / choose(size > 0, spread, 1.0)
    gate = kernels.gate(leading(above), above.low if isinstance(above, Pair) else 0.0)
    shut = leading(above) < 0
    opening = where(shut, gate.lifted, 1.0) / (1 + gate.small)
    return _Standing(deviation, spread, above, gate, shut, opening, apart, power * (1 / power))


class _Slopes(NamedTuple):
    at: _Standing
    itself: Array  # the derivative in the number itself, what it does to the threshold included
    rise: Array  # the derivative in how far above the threshold it is
    weight: Array  # how much the threshold owes to each number of the row


def _slopes(x: Array, axis: int, alpha: Array, z: Array) -> _Slopes:
    at = _standing(x, axis, alpha, z)
    weight = (at.apart * _wide(z) + 1) / float(x.shape[axis])
    fall = exponential(choose(at.shut, at.above, -at.above))
    shutting = choose(at.shut, 1.0, fall) / (fall + 1)
    itself = at.opening * nearest(wider(x) * _wide(alpha) * shutting * (1 - weight) + 1)
    steepness = alpha * x
    far = magnitude(leading(at.above)) > 40  # there, the slope of the gate is exp(-|above|)
    rise = where(far, (steepness * at.gate.lifted) * BACK, steepness * nearest(fall / ((fall + 1) * (fall + 1))))
    return _Slopes(at, where(at.shut, itself * BACK, itself), rise, nearest(weight))


def _wide(value: Array) -> Wide:
    """A parameter, which may be an array, with more digits."""
    return wider(value) if is_array(value) else value
