"""How well outputs meet targets, by the score of the task."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, r2_score


def labels(outputs: NDArray[np.floating]) -> NDArray[np.int64]:
    """The class that each row of outputs says: above one half for one output, the largest of several."""
    return (outputs[:, 0] > 0.5).astype(np.int64) if outputs.shape[1] == 1 else outputs.argmax(1)


def score(
    metric: str,
    outputs: NDArray[np.floating],
    targets: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Accuracy, or R2 averaged over the outputs; NaN where R2 meets an output that is not finite.

    Parameters
    ----------
    metric
        "accuracy" or "r2".
    outputs, targets
        Shape (rows, outputs).
    weights
        How much each row counts, shape (rows,); None counts every row once.
    """
    if metric == "accuracy":
        truth = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(1)
        return float(accuracy_score(truth, labels(outputs).astype(truth.dtype), sample_weight=weights))
    return float(r2_score(targets, outputs, sample_weight=weights)) if np.isfinite(outputs).all() else float("nan")


def baseline(
    metric: str,
    train_targets: NDArray[np.floating],
    targets: NDArray[np.floating],
    train_weights: NDArray[np.floating] | None = None,
    weights: NDArray[np.floating] | None = None,
) -> float:
    """The score of the best constant answer that the training rows suggest: their commonest class, or their mean."""
    if metric == "accuracy" and targets.shape[1] == 1:
        values, numbers = np.unique(train_targets[:, 0], return_inverse=True)
        commonest = values[np.bincount(numbers, train_weights).argmax()]
        return float(np.average(targets[:, 0] == commonest, weights=weights))
    constant = np.average(train_targets, axis=0, weights=train_weights)
    return score(metric, np.broadcast_to(constant, targets.shape), targets, weights)
