"""What training an experiment returned: the narrow waist that diagnosis, plots, reports and comparisons read."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.language import say
from gradoscope.networks import Experiment, Moving, Params
from gradoscope.training.signals import Signals

Curve = NDArray[np.float32]


class Outcome(Enum):
    """How a run ended."""

    MAX_EPOCHS = "max epochs"
    STOPPED_EARLY = "stopped early"
    NON_FINITE = "non-finite"
    INTERRUPTED = "interrupted"

    def sentence(self, epochs: int, best_epoch: int) -> str:
        """The outcome in words."""
        match self:
            case Outcome.MAX_EPOCHS:
                return say("All {epochs} epochs were trained.", epochs=epochs)
            case Outcome.STOPPED_EARLY:
                return say(
                    "Stopped early after {epochs} epochs; the validation loss was smallest after epoch {best}.",
                    epochs=epochs,
                    best=best_epoch,
                )
            case Outcome.NON_FINITE:
                return say("The loss or the weights became infinite or NaN in epoch {epochs}.", epochs=epochs)
            case Outcome.INTERRUPTED:
                return say("Interrupted after {epochs} epochs; what was learned until then is kept.", epochs=epochs)


class Curves(NamedTuple):
    """One value per epoch, each of shape (epochs,); a score is accuracy or R2 (`metric_of`)."""

    train_loss: Curve
    validation_loss: Curve
    validation_score: Curve


@dataclass(frozen=True, eq=False)
class Run:
    """A trained network and how it got there.

    Parameters
    ----------
    experiment
        What was trained.
    params, moving
        The parameters that the run returns (of the last epoch, or of the best one with early stopping), one member;
        () in a study for a rate that was not chosen.
    curves, signals
        Per epoch; signals also per layer.
    outcome
        How training ended.
    best_epoch
        The epoch (from 1) whose parameters are returned.
    train_score, validation_score, test_score
        Score of the returned parameters on all rows of each part; NaN where there are no test rows.
    seconds
        Wall time of training; members of a population share it evenly.
    """

    experiment: Experiment
    params: Params
    moving: Moving
    curves: Curves
    signals: Signals
    outcome: Outcome
    best_epoch: int
    train_score: float
    validation_score: float
    test_score: float
    seconds: float

    @property
    def epochs(self) -> int:
        """Number of epochs trained."""
        return len(self.curves.train_loss)

    @property
    def sentence(self) -> str:
        """How the run ended, in words."""
        return self.outcome.sentence(self.epochs, self.best_epoch)


def metric_of(task: str) -> str:
    """The score by which runs of a task are judged: "accuracy" or "r2"."""
    return "r2" if task == "regression" else "accuracy"
