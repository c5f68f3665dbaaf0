"""Which rows train, which choose, which judge: the same for everything under comparison."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.dataset import Dataset
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say

Rows = NDArray[np.int64]


class Split(NamedTuple):
    """Positions of the rows of each part, in rising order; every row is in one part (in time order, in at most one)."""

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


def split(
    dataset: Dataset, seed: int, *, validation: float | int = 0.2, test: float | int = 0.2, folds: int | None = None
) -> Split:
    """Divide the rows into training, validation and test rows.

    Classes keep their shares in every part as nearly as whole rows allow, and each class keeps a training row.
    The sizes of the parts, also per class, do not depend on the seed. Rows that the source sets aside
    for testing are the test rows; then `test` is not used, and `validation` is a share of the other rows.

    Groups (`dataset.groups`) stay whole: no group has rows in two parts, sizes and shares of classes are met as nearly
    as whole groups allow. In time order (`dataset.times`) the seed is the number of a test window, counted back from
    the latest rows; the rows just before the window validate, all earlier ones train, and equal times stay together.

    Parameters
    ----------
    dataset
        The data to divide.
    seed
        Which of the possible divisions; the same seed gives the same division.
    validation, test
        Share (float) or number (int) of rows for each part.
    folds
        Cross-validation: seeds 0 to folds - 1 test every row once, the next `folds` seeds once more, and so on;
        `test` is not used.

    Raises
    ------
    DataError
        There are too few rows or groups, or no earlier rows.
    UsageError
        Folds for data with test rows of their own, or in time order.

    Examples
    --------
    >>> from gradoscope.data import load
    >>> [len(part) for part in split(load("iris"), seed=0)]
    [90, 30, 30]
    >>> [len(part) for part in split(load("iris"), seed=0, folds=10)]
    [105, 30, 15]
    """
    if dataset.times is not None:
        return _window(dataset, dataset.times, seed, validation, test, folds)
    pool, fixed = np.arange(dataset.n_rows), dataset.test_rows
    if fixed is not None:
        pool = np.setdiff1d(pool, fixed)
    n_validation = row_count(validation, len(pool), "validation")
    if folds is None:
        n_test = row_count(test if fixed is None else 0, len(pool), "test")
        _check_rows(dataset, len(pool), ((validation, n_validation), (test if fixed is None else 0, n_test)))
        parts = _divide(dataset, pool, (n_validation, n_test), np.random.default_rng(seed))
        return Split(parts[0], parts[1], parts[2] if fixed is None else np.sort(fixed))
    rest, held = _fold(dataset, seed, folds)
    _check_rows(dataset, len(rest), ((validation, n_validation),))
    train, chosen = _divide(dataset, rest, (n_validation,), np.random.default_rng(seed))
    return Split(train, chosen, held)


def _check_rows(dataset: Dataset, pool: int, parts: Sequence[tuple[float | int, int]]) -> None:
    if pool - sum(size for _, size in parts) < 1 or any(share and not size for share, size in parts):
        raise DataError(
            say(
                "{name} has {n} rows, too few to set rows aside for validation and test; add rows.",
                name=dataset.name,
                n=dataset.n_rows,
            )
        )


def _divide(dataset: Dataset, pool: Rows, sizes: Sequence[int], rng: np.random.Generator) -> list[Rows]:
    """The rest of the pool, and a part of each size."""
    if dataset.groups is None:
        return [pool[part] for part in _draw(_strata(dataset, pool), sizes, rng)]
    return _deal(dataset, dataset.groups, pool, [len(pool) - sum(sizes), *sizes], rng)


def _fold(dataset: Dataset, seed: int, folds: int) -> tuple[Rows, Rows]:
    """All rows but those of one fold, and the fold."""
    if dataset.test_rows is not None:
        raise UsageError(
            say("{name} has test rows of its own, which cross-validation would not use.", name=dataset.name)
        )
    if not 2 <= folds <= dataset.n_rows:
        raise UsageError(say("The number of folds is {folds}; it must be 2 to the number of rows.", folds=folds))
    repeat, fold = divmod(seed, folds)
    rng, pool = np.random.default_rng([repeat, folds]), np.arange(dataset.n_rows)
    if dataset.groups is not None:
        parts = _deal(dataset, dataset.groups, pool, [dataset.n_rows / folds] * folds, rng)
        return np.setdiff1d(pool, parts[fold]), parts[fold]
    order = rng.permutation(dataset.n_rows)  # dealt like cards, class by class
    by_class = order[np.argsort(_strata(dataset, pool)[order], kind="stable")]
    number = np.empty(dataset.n_rows, dtype=np.int64)
    number[by_class] = np.arange(dataset.n_rows) % folds
    return np.flatnonzero(number != fold), np.flatnonzero(number == fold)


def _strata(dataset: Dataset, pool: Rows) -> Rows:
    return np.zeros(len(pool), dtype=np.int64) if dataset.classes is None else dataset.target[pool].astype(np.int64)


def _deal(dataset: Dataset, groups: Rows, pool: Rows, sizes: Sequence[float], rng: np.random.Generator) -> list[Rows]:
    """Parts of about these sizes out of whole groups: each group, in random order, goes where its classes lack most."""
    wanted = [part for part, size in enumerate(sizes) if size]
    names, group = np.unique(groups[pool], return_inverse=True)
    if len(names) < len(wanted):
        raise DataError(
            say(
                "{name} has {groups} groups, and {parts} parts must have one each; name another --group.",
                name=dataset.name,
                groups=len(names),
                parts=len(wanted),
            )
        )
    _, stratum = np.unique(_strata(dataset, pool), return_inverse=True)
    counts = np.zeros((len(names), int(stratum.max()) + 1))
    np.add.at(counts, (group, stratum), 1)
    shares = counts / counts.sum(0)  # of each class, that a group holds
    goal = np.array([sizes[part] for part in wanted])[:, None] / len(pool)
    held, home = np.zeros((len(wanted), counts.shape[1])), np.empty(len(names), dtype=np.int64)
    for each in rng.permutation(len(names)):
        home[each] = np.argmax((1 - held / goal) @ shares[each])
        held[home[each]] += shares[each]
    parts = {part: pool[home[group] == place] for place, part in enumerate(wanted)}
    return [parts.get(part, pool[:0]) for part in range(len(sizes))]


def _window(
    dataset: Dataset, times: Rows, seed: int, validation: float | int, test: float | int, folds: int | None
) -> Split:
    """The seed-th test window from the end, the rows before it, and all rows before those."""
    if folds is not None or dataset.groups is not None:
        raise UsageError(say("--time has windows of its own: it goes neither with --group nor with cross-validation."))
    order = np.argsort(times, kind="stable")
    later, n_test = times[order], row_count(test, dataset.n_rows, "test")
    stop = dataset.n_rows - seed * n_test
    ends = np.array([stop - n_test - row_count(validation, dataset.n_rows, "validation"), stop - n_test, stop])
    if ends[0] < 1:
        raise DataError(
            say(
                "{name} has no rows before test window {number}, counted back from the latest rows; "
                "use fewer --seeds or more rows.",
                name=dataset.name,
                number=seed + 1,
            )
        )
    # rows of one time stay together: a part begins where its time begins
    first, second, third = (end if end == len(later) else int(np.searchsorted(later, later[end])) for end in ends)
    if not 0 < first < second or (n_test and second == third):
        raise DataError(
            say(
                "{name} has too few different times in column {column!r} to divide its rows by them.",
                name=dataset.name,
                column=dataset.time_name,
            )
        )
    return Split(*(np.sort(part) for part in np.split(order[:third], [first, second])))


def _draw(strata: Rows, sizes: Sequence[int], rng: np.random.Generator) -> list[Rows]:
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
