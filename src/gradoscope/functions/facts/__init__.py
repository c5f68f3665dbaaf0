"""Facts: checkable statements about functions."""

from gradoscope.functions.facts.base import Fact, Verdict
from gradoscope.functions.facts.loss import Bounded, ConvexIn, LipschitzIn, Minimiser, NonNegative
from gradoscope.functions.facts.shape import (
    Concave,
    Convex,
    Decreasing,
    Even,
    Increasing,
    Limits,
    Odd,
    Range,
    Symmetric,
    Turns,
)
from gradoscope.functions.facts.slope import Dead, Lipschitz, Moments, Saturates, Smooth

__all__ = [
    "Bounded",
    "Concave",
    "Convex",
    "ConvexIn",
    "Dead",
    "Decreasing",
    "Even",
    "Fact",
    "Increasing",
    "Limits",
    "Lipschitz",
    "LipschitzIn",
    "Minimiser",
    "Moments",
    "NonNegative",
    "Odd",
    "Range",
    "Saturates",
    "Smooth",
    "Symmetric",
    "Turns",
    "Verdict",
]
