"""Losses over rows at points where rounding before the last step shows: value and gradient, against mpmath."""

from functools import cache
from typing import Any

import jax
import numpy as np
import pytest
from tests.functions.worlds import WORLDS, World, numbers

from gradoscope.functions import exact, losses

FORMATS = {"float32": (24, -126), "float64": (53, -1022)}
EVERY_WORLD = [pytest.param(world, id=world.name) for world in WORLDS.values()]
SIMILAR = [((23 * k * k + 23) % 29) / 64 for k in range(10)]
# name, parameters, rows, the label of each row or a row of targets
HARD: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("categorical_cross_entropy", {}, [SIMILAR], [[0.0] * 9 + [1.0]]),
    ("info_nce", {}, [[0.91, 0.13, -0.71], [0.47, -0.43, 0.41], [0.99, 0.98, 0.97]], [1, 2, 0]),
    ("info_nce", {"temperature": 0.01}, [[0.31, 0.13, -0.01], [0.47, 0.47, 0.41], [-0.39, -0.38, -0.37]], [0, 2, 0]),
    ("logit_adjusted", {"prior": (1562, 1575, 26)}, [[0.3, -0.1, 0.7], [14.3, -0.5, 9.1], [-3, 61.7, 5]], [2, 1, 1]),
    ("logit_adjusted", {"prior": (3, 17), "tau": 1.7}, [[-0.17, 0.23], [7.3, 8.1]], [0, 1]),
    ("margin_softmax", {}, [[-0.35, 0.59, -0.55], [0.37, -0.44, 0.11], [0.83, 0.41, 0.87]], [1, 0, 2]),
    ("margin_softmax", {"scale": 30.0, "angle": 0.0, "offset": 0.35}, [[0.71, 0.33], [-0.97, 0.07]], [0, 1]),
    ("cosine_distance", {}, [[1.0, 2.0, -0.5], [0.3, -2.1, 0.7], [3.0, 1.0, 2.0]],
     [[1.001, 2.0, -0.5], [-0.3, 2.1, -0.7001], [0.1, -1.1, 0.4]]),
    ("iou_box", {}, [[0.01, -0.02, 2.01, 1.99], [0.3, 0.2, 1.1, 4.0], [-1, 0.4, 1.3, 0.5]], [[0.0, 0.0, 2.0, 2.0]] * 3),
    ("focal", {"gamma": 5.0}, [[22.0, -5.2, 12.0], [2.25, -2.0, -2.0], [0.05, -0.06, 0.02]], [0, 0, 1]),
    ("brier", {}, [[0.0, 0.0, 1.0], [2.2, 0.46, 0.31]], [0, 1]),
    ("listnet", {}, [[0.25, -0.75, -0.3125, 0.4375]], [[1.0, 0.0, 0.0, 1.0]]),
    ("jensen_shannon", {}, [[88.5, -80.75, -150.5], [30.0, -10.0, 3.0], [0.5, 0.25, 1.0]], [1, 0, 2]),
    ("poly1", {"epsilon": -1.0}, [[30.0, -2.0, 3.0], [0.5, 0.25, 1.0]], [0, 2]),
    ("generalised_cross_entropy", {}, [[-0.25, 61.5, 3.0], [-700.0, 3.0, 1.0], [9.0, -5.0, 1.0]], [2, 1, 0]),
    ("symmetric_cross_entropy", {}, [[5.3, -0.7, 2.9], [-3.1, 4.7, 21.3]], [0, 1]),
    ("sparsemax_loss", {}, [[0.1, 0.7, 0.3], [0.13, -0.21, 0.57]], [0, 2]),
    *((name, options, [[18.0, -25.5, 37.25, -4.0], [14.5, -1.75, 17.0, 0.25]], [[1.0, 0.0, 1.0, 0.0]] * 2)
      for name, options in (("dice", {}), ("jaccard", {}), ("tversky", {"gamma": 0.75, "false_positive_weight": 0.3}))),
]  # fmt: skip


def one_hot(label: float, classes: int) -> tuple[float, ...]:
    return tuple(float(k == label) for k in range(classes))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("world", EVERY_WORLD)
@pytest.mark.parametrize(("name", "options", "rows", "targets"), HARD)
def test_hard_rows(name: str, options: dict[str, Any], rows: Any, targets: Any, world: World, dtype: str) -> None:
    entry = losses[name]
    defaults = {key: parameter.default for key, parameter in entry.parameters.items()}
    with jax.enable_x64(dtype == "float64"):
        prediction, target = world.array(rows, dtype), np.array(targets)
        target = world.array(target, dtype) if target.dtype.kind == "f" else target
        both = world.run(lambda p: (entry(p, target, **options), entry.derivative(p, target, **options)), prediction)
        given, found, rises = numbers(prediction), numbers(both[0]), numbers(both[1])
    for row, label, value, slope in zip(given.tolist(), numbers(target).tolist(), found, rises, strict=True):
        inputs = {
            **defaults,
            **options,
            "p": tuple(row),
            "t": tuple(label) if isinstance(label, list) else one_hot(label, len(row)),
        }
        for number, true in zip([value, *slope], truth(entry.textbook, tuple(inputs.items())), strict=True):
            error = exact.ulps(number, true, *FORMATS[dtype], size=max(abs(true), entry.floor))
            assert error <= entry.bound, (row, label, number, true)


@cache
def truth(formula: str, inputs: tuple[tuple[str, Any], ...]) -> list[Any]:
    """The value, and the derivative at each place of the row, or in the one number."""
    values = dict(inputs)
    places = range(len(values["p"])) if isinstance(values["p"], tuple) else [None]
    slopes = (exact.derivative(formula, values, "p", place) for place in places)
    return [exact.evaluate(formula, values), *slopes]
