"""Judging: what members score on rows they never saw, by metrics of the task, whatever loss they were trained with.

All members of a population are judged at once. Probabilities are clipped to single precision, and rows of outputs that
do not sum to one (a sigmoid for each class) are divided by their sum; an output that is not finite has no score.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from gradoscope.comparison.metrics import METRICS
from gradoscope.data import Dataset, Preparation

BINS = 10  # of equal width, for the calibration error and the reliability plot
SMALLEST = float(np.finfo(np.float32).eps)
Numbers = NDArray[np.float64]


class Judged(NamedTuple):
    """One member on some rows.

    Parameters
    ----------
    scores
        By metric; every score is the mean over the rows of what each of them adds.
    shares
        What each row adds to the metric that ranks, shape (rows,); of metrics that are no plain means (AUC, RMSE) to
        first order, so that their spread over rows is that of the score.
    reliability
        Of classes only, shape (bins, 3): rows, the sum of their confidences, and how many of them are right, per bin
        of confidence.
    """

    scores: Mapping[str, float]
    shares: NDArray[np.float32]
    reliability: Numbers | None


def of_classes(outputs: NDArray[np.floating], truth: NDArray[np.int64], metric: str = "accuracy") -> list[Judged]:
    """Every member judged on rows with classes.

    Parameters
    ----------
    outputs
        Probabilities, shape (members, rows, classes), or (members, rows, 1) for that of the second of two classes.
    truth
        The class of each row, shape (rows,).
    metric
        What ranks.
    """
    finite = np.isfinite(outputs)
    values = np.where(finite, outputs, 0.5).astype(np.float64)
    raw = np.concatenate([1 - values, values], axis=2) if values.shape[2] == 1 else values
    clipped = np.clip(raw, SMALLEST, 1)
    chance = clipped / clipped.sum(2, keepdims=True)
    right = (raw.argmax(2) == truth).astype(np.float64)
    wanted = np.eye(raw.shape[2])[truth]
    counts = wanted.sum(0)
    confidence = chance.max(2)
    bins = np.stack([_bins(*member) for member in zip(confidence, right, strict=True)])
    shares = {
        "accuracy": right,
        "balanced_accuracy": right * len(truth) / (np.count_nonzero(counts) * counts[truth]),
        "log_loss": -np.log(chance[:, np.arange(len(truth)), truth]),
        "brier": ((chance - wanted) ** 2).sum(2) / (2 if raw.shape[2] == 2 else 1),
        "calibration_error": _gaps(confidence, right, bins),
        "auc": _areas(chance, wanted, counts),
    }
    return _members(shares, metric, finite, bins)


def _place(confidence: Numbers) -> NDArray[np.int64]:
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def _bins(confidence: Numbers, right: Numbers) -> Numbers:
    weights = (np.ones_like(confidence), confidence, right)
    return np.stack([np.bincount(_place(confidence), weight, BINS) for weight in weights], axis=1)


def _gaps(confidence: Numbers, right: Numbers, bins: Numbers) -> Numbers:
    """Confidence minus correctness, with the sign that its bin has: the mean is the expected calibration error."""
    signs = np.sign(bins[:, :, 1] - bins[:, :, 2])
    gaps: Numbers = np.take_along_axis(signs, _place(confidence), axis=1) * (confidence - right)
    return gaps


def _areas(chance: Numbers, wanted: Numbers, counts: Numbers) -> Numbers:
    """What each row adds to the area under the ROC curve (DeLong et al. 1988, Biometrics 44).

    Of several classes the mean of each against the rest; NaN where one has no row, or all rows.
    """
    if not counts.all() or len(counts) < 2:
        return np.full(chance.shape[:2], math.nan)
    classes = range(1, 2) if len(counts) == 2 else range(len(counts))
    mean: Numbers = np.mean([_area(chance[:, :, own], wanted[:, own] > 0) for own in classes], axis=0)
    return mean


def _area(scores: Numbers, positive: NDArray[np.bool_]) -> Numbers:
    ranks, won = rankdata(scores, axis=1), np.empty_like(scores)
    for side, others in ((positive, ~positive), (~positive, positive)):
        below = (ranks[:, side] - rankdata(scores[:, side], axis=1)) / others.sum()
        won[:, side] = below if side is positive else 1 - below
    area = won[:, positive].mean(1, keepdims=True)
    size = np.where(positive, positive.sum(), (~positive).sum())
    added: Numbers = area + (won - area) * len(positive) / size
    return added


def of_values(outputs: Numbers, truth: Numbers, metric: str = "r2") -> list[Judged]:
    """Every member judged on rows with values; of several outputs the mean.

    Parameters
    ----------
    outputs
        Shape (members, rows, outputs), in units of the target.
    truth
        Shape (rows, outputs).
    metric
        What ranks.
    """
    finite = np.isfinite(outputs)
    errors = np.where(finite, outputs, 0) - truth
    squares, spread = errors**2, truth.var(0)
    mean = squares.mean(1, keepdims=True)
    root = np.sqrt(mean)
    explained = np.where(spread > 0, 1 - squares / np.where(spread > 0, spread, 1), mean == 0)
    shares = {
        "r2": explained.mean(2),
        "rmse": (root + (squares - mean) / np.where(root > 0, 2 * root, 1)).mean(2),
        "mae": np.abs(errors).mean(2),
    }
    return _members(shares, metric, finite, None)


def nothing(rows: int) -> Judged:
    """What a member that never learned gets."""
    return Judged(dict.fromkeys(METRICS, math.nan), np.full(rows, math.nan, np.float32), None)


def judge(
    dataset: Dataset, preparation: Preparation, outputs: NDArray[np.floating], rows: NDArray[np.int64], metric: str
) -> list[Judged]:
    """Every member judged on rows of the data: outputs (members, rows, outputs), as the network gives them."""
    truth = dataset.target[rows]
    if dataset.classes is not None:
        return of_classes(outputs, truth.astype(np.int64), metric)
    values = np.stack([preparation.original_targets(member) for member in outputs])
    return of_values(values, truth.reshape(len(rows), -1).astype(np.float64), metric)


def constant(dataset: Dataset, train: NDArray[np.int64], test: NDArray[np.int64]) -> Mapping[str, float]:
    """The scores of the constant answer that the training rows suggest: their shares of classes, or their mean."""
    known = dataset.target[train]
    if dataset.classes is not None:
        shares = np.bincount(known.astype(np.int64), minlength=len(dataset.classes)) / len(known)
        answer = np.broadcast_to(shares, (1, len(test), len(shares)))
        return of_classes(answer, dataset.target[test].astype(np.int64))[0].scores
    truth = dataset.target[test].reshape(len(test), -1).astype(np.float64)
    mean = known.reshape(len(known), -1).mean(0)
    return of_values(np.broadcast_to(mean, (1, *truth.shape)), truth)[0].scores


def _members(
    shares: Mapping[str, Numbers], metric: str, finite: NDArray[np.bool_], bins: Numbers | None
) -> list[Judged]:
    judged = []
    for member, known in enumerate(finite):
        if not np.all(known):
            judged.append(nothing(known.shape[0]))
            continue
        scores = {name: float(each[member].mean()) for name, each in shares.items()}
        own = shares[metric][member].astype(np.float32)
        judged.append(Judged(scores, own, None if bins is None else bins[member]))
    return judged
