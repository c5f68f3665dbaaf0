"""What goes into a fit, and what is known after each epoch of it."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.estimators.course import Epoch, Examples, Memory, Numbers, Task, Weights
from gradoscope.training.signals import Signals


class Given(NamedTuple):
    """Rows as `fit` takes them: inputs (rows, features), y, targets (rows, outputs) for the loss, weights or None."""

    inputs: Numbers
    y: Numbers
    targets: Numbers
    weights: Numbers | None

    def at(self, rows: NDArray[np.int64]) -> "Given":
        """Some of the rows."""
        return Given(*(None if part is None else part[rows] for part in self))  # type: ignore[arg-type]

    @property
    def examples(self) -> Examples:
        """What is learned from."""
        ones = np.ones(len(self.inputs), self.inputs.dtype)
        return Examples(self.inputs, self.targets, ones if self.weights is None else self.weights)


@dataclass(eq=False)
class Progress:
    """What was learned so far, and what `partial_fit` and `warm_start` go on from.

    `seen` counts rows, `stalled` epochs without improvement; `best` holds the weights of the best validation score.
    """

    task: Task
    weights: Weights
    memory: Memory | None = None
    best: Weights | None = None
    best_loss: float = np.inf
    best_score: float = -np.inf
    stalled: int = 0
    seen: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    signals: list[Signals] = field(default_factory=list)

    def note(self, epoch: Epoch, rows: int) -> None:
        """Take in an epoch."""
        self.losses.append(epoch.loss)
        self.validation_losses.append(epoch.validation_loss)
        self.signals.append(epoch.signals)
        self.seen += rows

    def judge_loss(self, tol: float) -> None:
        """Whether the training loss improved."""
        self.stalled = self.stalled + 1 if self.losses[-1] > self.best_loss - tol else 0
        self.best_loss = min(self.best_loss, self.losses[-1])

    def judge_score(self, score: float, weights: Weights, tol: float) -> None:
        """Whether the validation score improved; the weights of the best one are kept."""
        self.scores.append(score)
        self.stalled = self.stalled + 1 if score < self.best_score + tol else 0
        if score > self.best_score:
            self.best_score, self.best = score, weights
