"""Gradoscope's side of the races."""

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Inputs, Labels
from gradoscope.data import DataSpec, Rows
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec


def experiment(sizes: Sequence[int], activation: str, training: TrainingSpec) -> Experiment:
    """A classifier with softmax and cross-entropy."""
    hidden = tuple(Layer(units, Named(activation)) for units in sizes[1:-1])
    network = NetworkSpec(Layer(sizes[-1], Named("softmax")), Named("categorical_cross_entropy"), hidden)
    return Experiment(DataSpec("rows"), network, training)


def rows(X: Inputs, y: Labels) -> Rows:
    """Rows with one-hot targets."""
    return Rows(X, np.eye(int(y.max()) + 1, dtype=np.float32)[y])
