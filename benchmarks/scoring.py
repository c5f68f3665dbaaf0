"""Scores of the accuracy report: the largest error, and what came out wrong altogether."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradoscope.functions import exact

FORMATS = {"float32": (24, -126), "float64": (53, -1022)}
Function = Callable[[Any], Any]


class Score(NamedTuple):
    """The largest error, and the points that came out as 0, NaN or infinite by mistake."""

    worst: float
    zeros: int
    nans: int
    infinities: int

    def __str__(self) -> str:
        marks = [f"{mark}{count}" for mark, count in zip("zni", self[1:], strict=True) if count]
        return " ".join([f"{self.worst:.3g}", *marks])

    @property
    def clean(self) -> bool:
        return not any(self[1:])


def score(found: Any, truth: list[Any], points: list[float], dtype: str, floor: Callable[[float, Any], Any]) -> Score:
    """Compare numbers with the truth."""
    digits, lowest = FORMATS[dtype]
    tiny, huge = 2.0**lowest, float(np.finfo(dtype).max)
    worst, zeros, nans, infinities = 0.0, 0, 0, 0
    for number, right, at in zip(found, truth, points, strict=True):
        ordinary = tiny <= abs(right) <= huge
        zeros += bool(ordinary and number == 0 and floor(at, right) <= abs(right))
        nans += bool(np.isnan(number))
        infinities += bool(np.isinf(number) and ordinary)
        worst = max(worst, exact.ulps(float(number), right, digits, lowest, size=floor(at, right)))
    return Score(worst, zeros, nans, infinities)
