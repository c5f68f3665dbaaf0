"""Small experiments and rows that the tests of training share, so that they share compiled programs too."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradoscope.data import DataSpec, Rows
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec

TRAINING = TrainingSpec(optimizer="sgd", learning_rate=0.1, batch_size=4, epochs=3)


def experiment(activation: str = "tanh", **training: Any) -> Experiment:
    """Two inputs, three hidden units, one output; regression by SGD unless told otherwise."""
    network = NetworkSpec(Layer(1, Named("identity")), Named("mean_squared_error"), (Layer(3, Named(activation)),))
    return Experiment(DataSpec("rows"), network, replace(TRAINING, **training))


def population(names: Sequence[str], **training: Any) -> list[Experiment]:
    """One experiment per activation."""
    return [experiment(name, **training) for name in names]


def rows(n: int, seed: int = 0) -> Rows:
    """y = sin(x_1) + x_2 / 2."""
    x = np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32)
    return Rows(x, (np.sin(x[:, :1]) + x[:, 1:] / 2).astype(np.float32))


TRAIN, VALIDATION, TEST = rows(10, 1), rows(6, 2), rows(7, 3)
