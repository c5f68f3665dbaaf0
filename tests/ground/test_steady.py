"""A choice by bits is the choice of NumPy, whatever the numbers are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gradoscope.arrays import steady

RARE = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40]


def numbers(dtype: type, shape: tuple[int, ...] = (40, 50)) -> NDArray[np.floating]:
    """Ordinary and rare numbers."""
    drawn = np.random.default_rng(3).normal(size=shape).astype(dtype)
    drawn.flat[:: 7] = np.resize(RARE, drawn.flat[:: 7].shape)  # fmt: skip
    return drawn


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("other", [0.0, 1, np.nan, -np.inf, np.float64(0.1), np.float32(0.1), "array", "row", "wide"])
def test_choice(dtype: type, other: object) -> None:
    x = numbers(dtype)
    kinds = {"array": x[::-1], "row": x[0], "wide": x[::-1].astype(np.longdouble)}
    part = kinds[other] if isinstance(other, str) else other
    with np.errstate(invalid="ignore"):
        condition = x > 0.3
    for found, expected in (
        (steady.where(condition, x, part), np.where(condition, x, part)),
        (steady.where(condition, part, x), np.where(condition, part, x)),
    ):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def test_no_array_on_either_side_and_parts_of_other_arrays() -> None:
    x = numbers(np.float32)
    np.testing.assert_array_equal(steady.where(x > 0, 1.0, 0.5), np.where(x > 0, 1.0, 0.5))
    part = x.T[::2, ::3]
    np.testing.assert_array_equal(steady.where(part > 0, part, -1.0), np.where(part > 0, part, -1.0))
    np.testing.assert_array_equal(x, numbers(np.float32))
