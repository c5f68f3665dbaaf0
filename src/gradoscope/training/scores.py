"""How well outputs meet targets, by the score of the task."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, r2_score


def labels(outputs: NDArray[np.floating]) -> NDArray[np.int64]:
    """The class that each row of outputs says: above one half for one output, the largest of several."""
    return (outputs[:, 0] > 0.5).astype(np.int64) if outputs.shape[1] == 1 else outputs.argmax(1)


def score(metric: str, outputs: NDArray[np.floating], targets: NDArray[np.floating]) -> float:
    """Accuracy, or R2 averaged over the outputs; NaN where R2 meets an output that is not finite.

    Parameters
    ----------
    metric
        "accuracy" or "r2".
    outputs, targets
        Shape (rows, outputs).
    """
    if metric == "accuracy":
        truth = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(1)
        return float(accuracy_score(truth, labels(outputs).astype(truth.dtype)))
    return float(r2_score(targets, outputs)) if np.isfinite(outputs).all() else float("nan")


def baseline(metric: str, train_targets: NDArray[np.floating], targets: NDArray[np.floating]) -> float:
    """The score of the best constant answer that the training rows suggest: their commonest class, or their mean."""
    constant = train_targets.mean(0)
    if metric == "accuracy" and targets.shape[1] == 1:
        values, counts = np.unique(train_targets[:, 0], return_counts=True)
        return float((targets[:, 0] == values[counts.argmax()]).mean())
    return score(metric, np.broadcast_to(constant, targets.shape), targets)
