"""Gradoscope's side of the races."""

from collections.abc import Callable, Sequence

import jax
import numpy as np

from benchmarks.peers import Inputs, Labels
from gradoscope.data import DataSpec, Rows
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec, init, plan
from gradoscope.training.batches import Data
from gradoscope.training.epoch import start, train_epoch
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import objective


def experiment(sizes: Sequence[int], activation: str, training: TrainingSpec) -> Experiment:
    """A classifier with softmax and cross-entropy."""
    hidden = tuple(Layer(units, Named(activation)) for units in sizes[1:-1])
    network = NetworkSpec(Layer(sizes[-1], Named("softmax")), Named("categorical_cross_entropy"), hidden)
    return Experiment(DataSpec("rows"), network, training)


def rows(X: Inputs, y: Labels) -> Rows:
    """Rows with one-hot targets."""
    return Rows(X, np.eye(int(y.max()) + 1, dtype=np.float32)[y])


def epochs(X: Inputs, y: Labels, sizes: Sequence[int], batch: int) -> Callable[[], object]:
    """A function that trains one more epoch, with all signals, and judges it on 100 rows."""
    one = experiment(sizes, "relu", TrainingSpec(batch_size=batch))
    program = Program(plan([one.network]), objective([one.network]), one.training, "accuracy")
    state, rate = start(program, init([one.network], sizes[0], 0)), jax.device_put(np.array([1e-3], np.float32))
    data = Data.of(rows(X, y), rows(X, y).at(slice(100)))

    def epoch() -> object:
        nonlocal state
        state, record = train_epoch(program, state, data, rate, 0)
        return jax.device_get(record)

    return epoch
