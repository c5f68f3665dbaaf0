"""Sigmoidal functions of straight pieces."""

import math
from typing import Any

from gradoscope.arrays import (
    Array,
    cast,
    constant,
    is_double,
    keeping_nan,
    magnitude,
    where,
)
from gradoscope.functions.activation import activation
from gradoscope.functions.facts import (
    Dead,
    Increasing,
    Limits,
    Lipschitz,
    Moments,
    Odd,
    Range,
    Saturates,
    Smooth,
    Symmetric,
)
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import clipped
from gradoscope.functions.parameters import POSITIVE, REAL


@activation(
    Range(0, 1),
    Limits(0, 1),
    Increasing(strictly=False),
    Symmetric(1),
    Lipschitz(1 / 6, at=0),
    Smooth(0, kinks=(-3, 3)),
    Dead(3, math.inf),
    Saturates(left=0, right=1),
    Moments(mean=0.5, second=0.2776391, slope=0.0277028),
    formula=r"f(x) = \min(\max(s x + o, 0), 1),\quad s = 1/6,\ o = 1/2",
    textbook="max(min(slope * x + offset, 1), 0)",
    aliases=("hardsigmoid",),
    source="Courbariaux, Bengio & David 2015; Howard et al. 2019, MobileNetV3",
    floor=1 / 8,  # the line crosses zero at -3
    domains={"slope": POSITIVE, "offset": REAL},
    guidance=Guidance(
        use="Gates on small or quantised hardware.",
        strengths=("Needs no exponential.",),
        weaknesses=("Its gradient is exactly zero outside [-3, 3].",),
        pairs_with=("binary_cross_entropy",),
        differs="Keras 2 had the slope 0.2 instead of 1/6.",
    ),
    peers=Peers("nn.Hardsigmoid", "hard_sigmoid", "hard_sigmoid"),
)
def hard_sigmoid(x: Array, slope: float = 1 / 6, offset: float = 0.5) -> Array:
    """A sigmoid of three straight pieces, x / 6 + 1/2 between -3 and 3; its derivative at the kinks is 0.

    Examples
    --------
    >>> hard_sigmoid([-4.0, 0.0, 1.5])
    array([0.  , 0.5 , 0.75])
    """
    return clipped(x * slope + offset, 0.0, 1.0)


@hard_sigmoid.derivative
def _(x: Array, slope: float = 1 / 6, offset: float = 0.5) -> Array:
    line = x * slope + offset
    return keeping_nan(x, where((line > 0) & (line < 1), constant(x, slope), 0.0))


@hard_sigmoid.in_torch
def _(functional: Any, x: Array, slope: float = 1 / 6, offset: float = 0.5) -> Array:
    if slope == 1 / 6 and offset == 0.5 and not is_double(x):
        return functional.hardsigmoid(x)
    return functional.hardtanh(x * slope + offset, 0.0, 1.0)


@activation(
    Range(0, 1),
    Limits(0, 1),
    Increasing(strictly=False),
    Symmetric(1),
    Lipschitz(1 / 2, at=0),
    Smooth(0, kinks=(-1, 1)),
    Dead(1, math.inf),
    Saturates(left=0, right=1),
    Moments(mean=0.5, second=0.3790146, slope=0.1706724),
    formula=r"f(x) = \min(\max((x + 1) / 2, 0), 1)",
    textbook="max(min((x + 1) / 2, 1), 0)",
    aliases=("hard_sigmoid_courbariaux",),
    source="Courbariaux, Bengio & David 2015; Blondel, Martins & Niculae 2020",
    guidance=Guidance(
        use="The twin of sparsemax for two classes.",
        strengths=("Needs no exponential.",),
        weaknesses=("Its gradient is exactly zero outside [-1, 1].",),
        pairs_with=("sparsemax_loss",),
    ),
    peers=Peers("", "sparse_sigmoid", "sparse_sigmoid"),
)
def sparse_sigmoid(x: Array) -> Array:
    """A sigmoid of three straight pieces, (x + 1) / 2 between -1 and 1; its derivative at the kinks is 0.

    Examples
    --------
    >>> sparse_sigmoid([-2.0, 0.0, 0.5])
    array([0.  , 0.5 , 0.75])
    """
    return clipped((x + 1) / 2, 0.0, 1.0)


@sparse_sigmoid.derivative
def _(x: Array) -> Array:
    return keeping_nan(x, where(magnitude(x) < 1, constant(x, 1 / 2), 0.0))


@activation(
    Range(-1, 1),
    Limits(-1, 1),
    Increasing(strictly=False),
    Odd(),
    Lipschitz(1, at=0),
    Smooth(0, kinks=(-1, 1)),
    Dead(1, math.inf),
    Saturates(left=-1, right=1),
    Moments(mean=0, second=0.5160585, slope=0.6826895),
    formula=r"f(x) = \min(\max(x, a), b)",
    textbook="min(max(x, low), high)",
    aliases=("hardtanh",),
    source="Collobert 2004",
    domains={"low": REAL, "high": REAL},
    light=True,
    guidance=Guidance(
        use="Quantised networks; bounded actions.",
        strengths=("Needs no exponential.", "Zero-centred and bounded."),
        weaknesses=("Its gradient is exactly zero outside the two bounds.",),
        pairs_with=("mean_squared_error",),
        differs="Only PyTorch lets the bounds be chosen; JAX takes the derivative 1 at them.",
    ),
    peers=Peers("nn.Hardtanh", "hard_tanh", "hard_tanh"),
)
def hard_tanh(x: Array, low: float = -1.0, high: float = 1.0) -> Array:
    """X moved into [low, high]; its derivative at the bounds is 0.

    Examples
    --------
    >>> hard_tanh([-3.0, 0.5, 2.0])
    array([-1. ,  0.5,  1. ])
    """
    return clipped(x, low, high)


@hard_tanh.derivative
def _(x: Array, low: float = -1.0, high: float = 1.0) -> Array:
    return keeping_nan(x, cast((x > low) & (x < high), x.dtype))


@hard_tanh.in_torch
def _(functional: Any, x: Array, low: float = -1.0, high: float = 1.0) -> Array:
    return functional.hardtanh(x, low, high)
