"""Small experiments with a fault, and sound ones: the project's own, each trained in a moment."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradoscope.data import DataSpec
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec

MOONS = DataSpec("make_moons", {"n_samples": 400, "noise": 0.2, "random_state": 3}, task="binary", inputs="standard")
CIRCLES = DataSpec("make_circles", {"n_samples": 400, "noise": 0.08, "factor": 0.5, "random_state": 3}, task="binary")
BLOBS = DataSpec("make_blobs", {"n_samples": 400, "centers": 3, "cluster_std": 1.5, "random_state": 3},
                 task="multiclass", inputs="standard", targets="one_hot")  # fmt: skip
FRIEDMAN = DataSpec("make_friedman1", {"n_samples": 500, "n_features": 6, "noise": 0.3, "random_state": 3},
                    task="regression", inputs="standard", targets="standard")  # fmt: skip
RARE = DataSpec("make_classification", {"n_samples": 1000, "n_features": 4, "n_informative": 2, "n_redundant": 0,
                "n_clusters_per_class": 1, "weights": [0.92], "class_sep": 0.3, "flip_y": 0.0, "random_state": 3},
                task="binary", inputs="standard")  # fmt: skip
WINE = DataSpec("load_wine", task="multiclass", targets="one_hot")


def relus(units: int = 16, repeat: int = 2, **settings: Any) -> tuple[Layer, ...]:
    return (Layer(units, Named("relu"), repeat=repeat, **settings),)


def binary(data: DataSpec = MOONS, hidden: tuple[Layer, ...] = relus(), output: str = "sigmoid",
           loss: str = "binary_cross_entropy", **training: Any) -> Experiment:  # fmt: skip
    settings = {"learning_rate": 0.01, "epochs": 40, **training}
    return Experiment(data, NetworkSpec(Layer(1, Named(output)), Named(loss), hidden), TrainingSpec(**settings))


def several(data: DataSpec = BLOBS, hidden: tuple[Layer, ...] = relus(), output: str = "softmax",
            loss: str = "categorical_cross_entropy", units: int = 3, **training: Any) -> Experiment:  # fmt: skip
    settings = {"learning_rate": 0.01, "epochs": 40, **training}
    return Experiment(data, NetworkSpec(Layer(units, Named(output)), Named(loss), hidden), TrainingSpec(**settings))


def numbers(data: DataSpec = FRIEDMAN, hidden: tuple[Layer, ...] = relus(32), output: str = "identity",
            loss: str = "mean_squared_error", units: int = 1, **training: Any) -> Experiment:  # fmt: skip
    settings = {"learning_rate": 0.005, "epochs": 60, **training}
    return Experiment(data, NetworkSpec(Layer(units, Named(output)), Named(loss), hidden), TrainingSpec(**settings))


def changed(data: DataSpec, **settings: Any) -> DataSpec:
    return DataSpec(**{**{name: getattr(data, name) for name in data.__dataclass_fields__}, **settings})


def file_of(rows: str) -> DataSpec:
    return DataSpec(f"{rows}.npz", task="binary", shuffle=False, validation=0.25)


def write_files(folder: Path) -> None:
    """The data that no generator makes."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 4))
    line = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(float)
    xor = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 2)
    tables = {
        "noise": (X, rng.integers(0, 2, 400).astype(float)),
        "constant": (X, np.concatenate([np.zeros(350), np.ones(50)])),
        "shuffled": (X, np.concatenate([rng.permutation(line[:300]), line[300:]])),
        "line": (X, line),
        "xor": (xor, (xor.sum(1) == 1).astype(float)),
    }
    for name, (inputs, target) in tables.items():
        np.savez(folder / f"{name}.npz", X=inputs, y=target)


class Example(NamedTuple):
    """An experiment on which a rule fires, and one close to it on which it is silent."""

    firing: Experiment
    silent: Experiment


def _named(name: str, **arguments: float) -> Named:
    return Named.of(name, **arguments)


SOUND = binary()
SOUND_NUMBERS = numbers()
DIABETES = DataSpec("load_diabetes", task="regression", inputs="standard", targets="standard")
SIGMOIDS = (Layer(16, Named("sigmoid"), repeat=6),)

EXAMPLES = {
    "label-errors": Example(binary(file_of("shuffled")), binary(file_of("line"))),
    "data-fault": Example(binary(file_of("noise")), binary(file_of("line"))),
    "wrong-output-activation": Example(binary(output="relu"), SOUND),
    "wrong-loss": Example(binary(loss="categorical_cross_entropy"), binary(loss="mean_squared_error", epochs=80)),
    "linear-network": Example(
        binary(CIRCLES, hidden=(Layer(16, Named("identity"), repeat=2),)), binary(CIRCLES, epochs=60)
    ),
    "wrong-hidden-activation": Example(binary(hidden=(Layer(16, Named("step"), repeat=2),), data=CIRCLES), SOUND),
    "unscaled-inputs": Example(
        several(WINE, learning_rate=0.001, epochs=30), several(changed(WINE, inputs="standard"))
    ),
    "unscaled-targets": Example(
        numbers(changed(DIABETES, targets="raw"), relus(8, 1), learning_rate=0.001, epochs=30), SOUND_NUMBERS
    ),
    "poor-initialisation": Example(binary(hidden=relus(initialiser=Named("zeros"))), SOUND),
    "excessive-regularisation": Example(binary(hidden=relus(l2=1.0)), binary(hidden=relus(l2=0.001))),
    "learning-rate-too-high": Example(binary(learning_rate=3.0), SOUND),
    "learning-rate-too-low": Example(binary(learning_rate=1e-6, epochs=100), SOUND),
    "batch-size": Example(binary(batch_size=400, epochs=20, learning_rate=0.001), binary(batch_size=64)),
    "wrong-optimizer": Example(
        binary(optimizer="sgd", learning_rate=0.001, decay=1e6),
        binary(optimizer="sgd", learning_rate=0.1, momentum=0.9),
    ),
    "too-few-epochs": Example(binary(learning_rate=0.001, epochs=2), SOUND),
    "exploding-gradient": Example(binary(hidden=(Layer(8, Named("exponential"), repeat=4),)), SOUND),
    "non-finite": Example(numbers(optimizer="sgd", learning_rate=5.0), SOUND_NUMBERS),
    "vanishing-gradient": Example(binary(hidden=SIGMOIDS, epochs=30, learning_rate=0.001), SOUND),
    "saturated-units": Example(
        binary(hidden=(Layer(16, Named("tanh"), repeat=2, initialiser=_named("constant", value=0.5)),)), SOUND
    ),
    "dead-units": Example(binary(learning_rate=3.0), binary(hidden=relus(64, 1, l1=0.0005), learning_rate=0.003)),
    "missing-regularisation": Example(
        numbers(changed(DIABETES, validation=0.4), relus(64, 1), epochs=200, learning_rate=0.02),
        numbers(DIABETES, relus(8, 1, l2=0.02)),
    ),
    "overfitting": Example(
        numbers(changed(DIABETES, validation=0.4), relus(64, 1), epochs=200, learning_rate=0.02),
        numbers(DIABETES, relus(8, 1, l2=0.02)),
    ),
    "oscillating-loss": Example(binary(optimizer="sgd", learning_rate=3.0, momentum=0.9), SOUND),
    "slow-convergence": Example(binary(learning_rate=1e-6, epochs=100), SOUND),
    "narrow-network": Example(binary(CIRCLES, (Layer(2, Named("tanh")),), epochs=60), binary(CIRCLES, epochs=60)),
    "signal-collapse": Example(
        binary(hidden=relus(8, 8, initialiser=_named("random_uniform", minval=-0.05, maxval=0.05))), SOUND
    ),
    "double-softmax": Example(several(loss="sparsemax_loss"), several()),
    "zigzag": Example(
        binary(hidden=(Layer(16, Named("sigmoid"), repeat=2),), optimizer="sgd", learning_rate=0.1),
        binary(hidden=(Layer(16, Named("tanh"), repeat=2),)),
    ),
    "class-imbalance": Example(
        binary(RARE, relus(8, 1)),
        binary(changed(RARE, options={**RARE.options, "weights": [0.5]})),
    ),
    "no-learning": Example(binary(output="softmax"), SOUND),
}
