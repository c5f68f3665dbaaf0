"""How well each single row is met: scores whose differences between two answers can be paired row by row."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.training import labels

Merits = NDArray[np.float64]
WORST = -1.0  # a row missed by more than about 1.4 standard deviations counts no worse: one row must not decide


def merits(metric: str, outputs: NDArray[np.floating], targets: NDArray[np.floating]) -> Merits:
    """One number per row; their mean is the accuracy, or R2 as long as no row is missed by far.

    Parameters
    ----------
    metric
        "accuracy" or "r2".
    outputs, targets
        Shape (rows, outputs).

    Examples
    --------
    >>> merits("accuracy", np.array([[0.9], [0.2]]), np.array([[1.0], [1.0]]))
    array([1., 0.])
    >>> merits("r2", np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]))
    array([ 1., -1.])
    """
    if metric == "accuracy":
        return merits_of_codes(labels(outputs), codes(targets))
    variance = targets.astype(np.float64).var(0)
    wide = np.where(np.isfinite(outputs), outputs, np.inf).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        each = 1 - (wide - targets) ** 2 / np.where(variance > 0, variance, np.inf)
    rows: Merits = np.maximum(each.mean(1), WORST)
    return rows


def codes(targets: NDArray[np.floating]) -> NDArray[Any]:
    """The class of every row, from a column of classes or one column for each; shape (rows,)."""
    return targets[:, 0] if targets.shape[1] == 1 else targets.argmax(1)


def merits_of_codes(guesses: NDArray[Any], truth: NDArray[Any]) -> Merits:
    """1 for every row whose class is right, else 0."""
    right: Merits = (guesses == truth).astype(np.float64)
    return right


def constant(metric: str, train: Rows, rows: Rows) -> NDArray[np.float64]:
    """The best constant answer that the training rows suggest, as outputs for `rows`."""
    if metric == "accuracy" and train.targets.shape[1] == 1:
        values, counts = np.unique(train.targets[:, 0], return_counts=True)
        return np.full(rows.targets.shape, values[counts.argmax()])
    return np.broadcast_to(train.targets.astype(np.float64).mean(0), rows.targets.shape)


class Difference(NamedTuple):
    """A mean difference over rows, and how many standard errors it lies above zero."""

    mean: float
    z: float


def paired(better: Merits, worse: Merits) -> Difference:
    """The mean of `better - worse` over the rows, with its z.

    The standard error has one row of doubt added (a difference of 1), so that no handful of rows is ever certain.

    Examples
    --------
    >>> paired(np.array([1.0, 1.0, 1.0, 0.0]), np.zeros(4)).mean
    0.75
    """
    difference = better - worse
    mean = float(difference.mean())
    doubt = math.sqrt(float((difference - mean) @ (difference - mean)) + 1.0) / len(difference)
    return Difference(mean, mean / doubt)
