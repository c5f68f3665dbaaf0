"""Task metrics: which one ranks, what they are called and how they are written."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from gradoscope.data import Dataset, Guess
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.records import nearest

RARE = 0.5  # a class with less than this part of an even share makes a data set imbalanced
MINUS = "\N{MINUS SIGN}"


class Metric(NamedTuple):
    """A metric: whether more is better, whether it is a share, its limits, and a difference that people act on.

    worth is in units of the metric; None is one fiftieth of the baseline's score.
    """

    rises: bool
    share: bool
    low: float
    high: float
    worth: float | None


CLASSIFICATION: Mapping[str, Metric] = MappingProxyType(
    {
        "accuracy": Metric(True, True, 0, 1, 0.01),
        "balanced_accuracy": Metric(True, True, 0, 1, 0.01),
        "log_loss": Metric(False, False, 0, math.inf, 0.02),
        "brier": Metric(False, False, 0, 2, 0.01),
        "calibration_error": Metric(False, True, 0, 1, 0.01),
        "auc": Metric(True, False, 0, 1, 0.01),
    }
)
REGRESSION: Mapping[str, Metric] = MappingProxyType(
    {
        "r2": Metric(True, False, -math.inf, 1, 0.02),
        "rmse": Metric(False, False, 0, math.inf, None),
        "mae": Metric(False, False, 0, math.inf, None),
    }
)
METRICS: Mapping[str, Metric] = MappingProxyType({**CLASSIFICATION, **REGRESSION})


def metrics_of(task: str) -> Mapping[str, Metric]:
    """The metrics of a task."""
    return REGRESSION if task == "regression" else CLASSIFICATION


def choose_metric(name: str | None, dataset: Dataset) -> str:
    """The metric that ranks: the one asked for, else accuracy, balanced accuracy of imbalanced classes, or R2.

    Raises
    ------
    UsageError
        The task has no such metric.
    """
    if name is None:
        return "r2" if dataset.classes is None else "balanced_accuracy" if rarest(dataset) < RARE else "accuracy"
    known, asked = metrics_of(dataset.task), name.lower().replace("-", "_")
    if asked not in known:
        hint = nearest(asked, known)
        raise UsageError(
            say("--metric {name!r} is not a metric of {task}. {hint}", name=name, task=dataset.task, hint=hint)
        )
    return asked


def rarest(dataset: Dataset) -> float:
    """The share of the rarest class over the share that it would have if all were equally common."""
    counts = np.bincount(dataset.target.astype(np.int64), minlength=len(dataset.classes or ()))
    return float(counts.min() / counts.mean())


def metric_guess(dataset: Dataset) -> tuple[Guess, ...]:
    """What is said where imbalanced classes decided the metric."""
    if dataset.classes is None or rarest(dataset) >= RARE:
        return ()
    counts = np.bincount(dataset.target.astype(np.int64), minlength=len(dataset.classes))
    reason = say(
        "the class {name} has {share} of the rows, and accuracy would hardly notice it",
        name=dataset.classes[int(counts.argmin())],
        share=f"{100 * counts.min() / counts.sum():.1f}%",
    )
    return (Guess(say("metric"), say("balanced accuracy"), reason, "--metric"),)


def title(metric: str) -> str:
    """What a metric is called."""
    return {
        "accuracy": say("accuracy"),
        "balanced_accuracy": say("balanced accuracy"),
        "log_loss": say("log loss"),
        "brier": say("Brier score"),
        "calibration_error": say("calibration error"),
        "auc": "AUC",
        "r2": "R²",
        "rmse": "RMSE",
        "mae": "MAE",
    }[metric]


def decimal(metric: str, value: float) -> str:
    """A score or a difference as people write it: shares in percent, errors in units of the target with four digits.

    Examples
    --------
    >>> decimal("accuracy", 0.9745), decimal("r2", -0.25), decimal("mae", 12.3456)
    ('97.5', '−0.250', '12.35')
    """
    if METRICS[metric].share:
        text = f"{100 * value:.1f}"
    else:
        text = f"{value:.4g}" if METRICS[metric].worth is None else f"{value:.3f}"
    return text.replace("-", MINUS) if any(digit in text for digit in "123456789") else text.lstrip("-")


def worth(metric: str, baseline: float) -> float:
    """A difference that people act on."""
    known = METRICS[metric].worth
    return abs(baseline) / 50 if known is None else known
