"""The range test: which learning rate suits an experiment, found by short runs at many of them.

All rates train as one population, with one start and the same batches: the test is one compiled program, and all of
it takes as many steps as one training.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Prepared
from gradoscope.networks import Experiment
from gradoscope.training.fit import fit_population

RATES = tuple(float(f"{10 ** (k / 2):.1g}") for k in range(-8, 2))  # 0.0001, 0.0003, 0.001 ... 1, 3
SAME = 1.02  # losses this close count as equal: the smaller rate is the safer one


class RangeTest(NamedTuple):
    """The rates that were tried, the training loss that each reached, the chosen rate, and the cost in trainings."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    rate: float
    trainings: int


def range_test(experiment: Experiment, data: Prepared) -> RangeTest:
    """Try learning rates from 0.0001 to 3 for a tenth of the epochs each.

    Parameters
    ----------
    experiment
        What is to be trained.
    data
        Its prepared rows.

    Returns
    -------
    RangeTest
        The chosen rate is the smallest whose training loss comes within 2 % of the least.

    References
    ----------
    Smith 2017, "Cyclical learning rates for training neural networks", section 3.3: there one run climbs through all
    rates; here every rate has a run of its own, so that none inherits what another one learned or broke.
    """
    epochs = max(1, experiment.training.epochs // len(RATES))
    members = [
        replace(experiment, training=replace(experiment.training, learning_rate=rate, epochs=epochs, patience=None))
        for rate in RATES
    ]
    runs = fit_population(members, data.train, data.validation, data.task)
    reached = tuple(_reached(run.curves.train_loss, epochs) for run in runs)
    best = min(reached)
    rate = next(rate for rate, loss in zip(RATES, reached, strict=True) if loss <= best + (SAME - 1) * abs(best))
    return RangeTest(RATES, reached, rate if math.isfinite(best) else RATES[0], cost(experiment.training.epochs))


def cost(epochs: int) -> int:
    """How many trainings of so many epochs a range test is worth: one, or more where an epoch is the least there is.

    Examples
    --------
    >>> cost(300), cost(25), cost(5)
    (1, 1, 2)
    """
    return math.ceil(max(1, epochs // len(RATES)) * len(RATES) / epochs)


def _reached(losses: NDArray[np.float32], epochs: int) -> float:
    """The loss in the last epoch; infinite where the run ended before it, or the numbers did."""
    return float(losses[-1]) if len(losses) == epochs and np.isfinite(losses[-1]) else math.inf
