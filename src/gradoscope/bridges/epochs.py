"""Where the epochs of a watched training loop end: told by the user, or found from the rows that come round again."""

from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Prints = NDArray[np.float32] | NDArray[np.float64]
COLUMNS = 64  # inputs of a row next to each other are read at little cost
CLOSE = 1e-4  # fingerprints of one row differ by rounding; those of two rows by about one standard deviation


def fingerprints(inputs: NDArray[np.generic], *, whole: bool) -> Prints:
    """A number for every row, shape (rows,): from all of its inputs (`whole`), or from 64 in their middle."""
    flat = inputs.reshape(len(inputs), -1)
    first = 0 if whole else max(0, flat.shape[1] // 2 - COLUMNS // 2)
    some = flat if whole else flat[:, first : first + COLUMNS]
    prints: Prints = some.astype(np.float32, copy=False) @ _weights(some.shape[1])
    return prints


def tell_apart(prints: Prints) -> bool:
    """Whether most rows of a batch have a number of their own."""
    return 2 * len(np.unique(prints)) > len(prints)


@cache
def _weights(columns: int) -> NDArray[np.float32]:
    return np.random.default_rng(columns).standard_normal(columns, np.float32)


class How(Enum):
    """How the ends of the epochs are known."""

    TOLD = "told"
    ROUNDS = "the same rows come round"
    AGAIN = "most rows of a batch were seen before"
    UNKNOWN = "unknown"


class Epochs(NamedTuple):
    """After how many steps each epoch ends (the last one with the last step), and how that is known."""

    ends: tuple[int, ...]
    how: How

    def slices(self) -> list[slice]:
        """The steps of each epoch."""
        return [slice(first, last) for first, last in zip((0, *self.ends[:-1]), self.ends, strict=True)]


def find_epochs(steps: int, told: Sequence[int], prints: Sequence[Prints]) -> Epochs:
    """The epochs of a loop of `steps` steps.

    Parameters
    ----------
    steps
        Number of steps, at least 1.
    told
        After how many steps the user said that an epoch was over.
    prints
        Fingerprints of the rows of the first steps: one array (rows,) per step.

    Examples
    --------
    >>> rows = [np.array([1.0, 2.0]), np.array([3.0]), np.array([3.0, 1.0]), np.array([2.0])]
    >>> find_epochs(4, (), rows).ends
    (2, 4)
    """
    if told:
        return Epochs(_closed(told, steps), How.TOLD)
    if (period := find_period(prints)) is not None:
        return Epochs(_closed(range(period, steps + 1, period), steps), How.ROUNDS)
    if again := _seen_again(prints):
        return Epochs(_closed(again, steps), How.AGAIN)
    return Epochs((steps,), How.UNKNOWN)


def _closed(ends: Sequence[int], steps: int) -> tuple[int, ...]:
    return tuple(sorted({end for end in ends if 0 < end < steps} | {steps}))


def find_period(prints: Sequence[Prints]) -> int | None:
    """The smallest number of steps after which exactly the same rows (in whatever order) come once more, or None."""
    if len(prints) < 2:
        return None
    rows = np.concatenate([[0], np.cumsum([len(each) for each in prints])])
    flat = np.nan_to_num(np.concatenate(prints).astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(flat)])[rows]
    slack = CLOSE * max(float(flat.std()), 2**-23 * float(np.abs(flat).max(initial=0.0)))
    periods = np.arange(1, len(prints) // 2 + 1)
    alike = np.abs(sums[2 * periods] - 2 * sums[periods]) <= slack * rows[periods]
    for period in periods[(rows[2 * periods] == 2 * rows[periods]) & alike]:
        once, twice = np.sort(flat[: rows[period]]), np.sort(flat[rows[period] : rows[2 * period]])
        if np.allclose(once, twice, rtol=CLOSE, atol=slack):
            return int(period)
    return None


def _seen_again(prints: Sequence[Prints]) -> list[int]:
    """The steps before which an epoch must have ended, as most rows of the batch were seen since it began."""
    ends: list[int] = []
    seen: set[float] = set()
    for step, each in enumerate(prints):
        rounded = [float(f"{value:.4g}") for value in each]
        if sum(value in seen for value in rounded) > len(rounded) / 2:
            ends.append(step)
            seen.clear()
        seen.update(rounded)
    return ends
