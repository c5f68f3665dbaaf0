"""Which rows train, which choose, which judge: the same for everything under comparison."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.dataset import Dataset
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say

Rows = NDArray[np.int64]


class Split(NamedTuple):
    """Positions of the rows of each part, in rising order; every row is in one part."""

    train: Rows
    validation: Rows
    test: Rows


def row_count(share: float | int, n_rows: int, name: str) -> int:
    """How many of `n_rows` rows a share (float) or a number of rows (int) means.

    Examples
    --------
    >>> row_count(0.25, 150, "validation"), row_count(30, 150, "validation")
    (38, 30)
    """
    if isinstance(share, float) and 0 <= share < 1:
        return int(share * n_rows + 0.5)
    if isinstance(share, int) and not isinstance(share, bool) and share >= 0:
        return share
    raise UsageError(
        say("{name} is {value!r}; it must be a share from 0 to below 1 or a number of rows.", name=name, value=share)
    )


def split(dataset: Dataset, seed: int, *, validation: float | int = 0.2, test: float | int = 0.2) -> Split:
    """Divide the rows into training, validation and test rows.

    Classes keep their shares in every part as nearly as whole rows allow, and each class keeps a training row.
    The sizes of the parts, also per class, do not depend on the seed. Rows that the source sets aside
    for testing are the test rows; then `test` is not used, and `validation` is a share of the other rows.

    Parameters
    ----------
    dataset
        The data to divide.
    seed
        Which of the possible divisions; the same seed gives the same division.
    validation, test
        Share (float) or number (int) of rows for each part.

    Raises
    ------
    DataError
        There are too few rows.

    Examples
    --------
    >>> from gradoscope.data import load
    >>> [len(part) for part in split(load("iris"), seed=0)]
    [90, 30, 30]
    """
    pool = np.arange(dataset.n_rows)
    fixed = dataset.test_rows
    if fixed is not None:
        pool = np.setdiff1d(pool, fixed)
    shares = [validation, test if fixed is None else 0]
    sizes = [row_count(share, len(pool), name) for share, name in zip(shares, ("validation", "test"), strict=True)]
    if len(pool) - sum(sizes) < 1 or any(share and not size for share, size in zip(shares, sizes, strict=True)):
        raise DataError(
            say(
                "{name} has {n} rows, too few to set rows aside for validation and test; add rows.",
                name=dataset.name,
                n=dataset.n_rows,
            )
        )
    strata = dataset.target[pool] if dataset.classes is not None else np.zeros(len(pool), dtype=np.int64)
    parts = _draw(strata.astype(np.int64), sizes, np.random.default_rng(seed))
    held = pool[parts[2]] if fixed is None else np.sort(fixed)
    return Split(pool[parts[0]], pool[parts[1]], held)


def _draw(strata: Rows, sizes: list[int], rng: np.random.Generator) -> list[Rows]:
    """Positions of the training rows and of one part of each size, drawn stratum by stratum."""
    counts = np.bincount(strata)
    taken: list[Rows] = []
    for size in sizes:
        taken.append(_allot(counts - sum(taken), size))
    order = rng.permutation(len(strata))
    rank = np.empty(len(strata), dtype=np.int64)  # place of a row among the rows of its stratum, in random order
    by_stratum = order[np.argsort(strata[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    rank[by_stratum] = np.arange(len(strata)) - starts[strata[by_stratum]]
    bounds = np.cumsum([np.zeros_like(counts), *taken], axis=0)
    parts = [np.flatnonzero((rank >= low[strata]) & (rank < high[strata])) for low, high in pairwise(bounds)]
    return [np.flatnonzero(rank >= bounds[-1][strata]), *parts]


def _allot(counts: Rows, size: int) -> Rows:
    """How many of `size` rows each stratum gives: in proportion, by largest remainder, keeping one row if possible."""
    quota: NDArray[np.float64] = counts * size / counts.sum()
    room = np.maximum(counts - 1, 0)
    given: Rows = np.minimum(np.floor(quota).astype(np.int64), room)
    while given.sum() < size:
        limit = room if np.any(given < room) else counts
        lack = np.where(given < limit, quota - given, -np.inf)
        given[np.argmax(lack)] += 1
    return given
