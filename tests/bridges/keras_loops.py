"""Keras models, fitted unwatched and watched on the backend of the environment; what came of it, as one JSON line."""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

import gradoscope
from gradoscope.bridges.keras import Watch
from gradoscope.bridges.keras_backends import on_host
from gradoscope.data import DataSpec, prepare_experiment

MOONS = DataSpec("make_moons", {"n_samples": 300, "noise": 0.1, "random_state": 3}, task="binary", inputs="standard")
DATA = prepare_experiment(MOONS, 1, 0, Path())
dense, relu = keras.layers.Dense, keras.layers.ReLU
CASES: dict[str, Any] = {
    "healthy": lambda: (
        [dense(16), keras.layers.BatchNormalization(), relu(), keras.layers.Dropout(0.05), dense(1, "sigmoid")],
        keras.optimizers.Adam(0.03), 25,
    ),
    "vanishing-gradient": lambda: (
        [*(dense(16, "sigmoid") for _ in range(8)), dense(1, "sigmoid")], keras.optimizers.SGD(0.1), 8,
    ),
    "wrong-output-activation": lambda: ([dense(16, "relu"), dense(1, "softmax")], keras.optimizers.Adam(0.01), 5),
    "learning-rate-too-high": lambda: (
        [dense(16, "relu"), dense(16, "relu"), dense(1, "sigmoid")], keras.optimizers.SGD(100.0), 12,
    ),
}  # fmt: skip


COMPARED = ("healthy", "learning-rate-too-high")


def fitted(case: str, *watches: Watch) -> Any:
    keras.utils.set_random_seed(0)
    layers, optimizer, epochs = CASES[case]()
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile(optimizer, "binary_crossentropy")
    model.fit(*DATA.train[:2], epochs=epochs, validation_data=DATA.validation[:2], verbose=0, callbacks=list(watches))
    return model


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.variables, other.variables, strict=True)
    return all(np.array_equal(on_host(a), on_host(b), equal_nan=True) for a, b in pairs)


def interrupted() -> dict[str, Any]:
    """Whether a model whose training breaks off is left as it was."""

    class Stop(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    model = keras.Sequential([keras.Input((2,)), dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.fit(*DATA.train[:2], verbose=0)
    before = model.train_function
    try:
        with gradoscope.watch(model) as scope:
            model.fit(*DATA.train[:2], verbose=0, callbacks=[scope, Stop()])
    except KeyboardInterrupt:
        return {"left as it was": model.train_function is before}
    return {"left as it was": False}


def skipped(bias: float, *, trainable: bool) -> dict[str, Any]:
    """What is said of a model with a skip connection, which is no chain; a low bias kills its rectifiers."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((2,))
    hidden = dense(16, "relu", bias_initializer=keras.initializers.Constant(bias), name="rectified")(inputs)
    around = dense(
        16, use_bias=False, trainable=trainable, kernel_initializer="glorot_uniform" if trainable else "zeros"
    )
    model = keras.Model(inputs, dense(1, "sigmoid")(keras.layers.add([hidden, around(inputs)])))
    model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy")
    scope = Watch()
    model.fit(*DATA.train[:2], epochs=20, validation_data=DATA.validation[:2], verbose=0, callbacks=[scope])
    said = scope.diagnose()
    return {
        "healthy": said.healthy,
        "findings": [(each.fault, each.where) for each in said.findings if each.stands],
        "outcome": said.outcome,
        "validation": said.score.validation if said.score else None,
    }


def told() -> dict[str, Any]:
    found: dict[str, Any] = {"backend": keras.backend.backend(), **interrupted()}
    found["skip"], found["dead skip"] = skipped(0.0, trainable=True), skipped(-100.0, trainable=False)
    for case in CASES:
        scope = Watch()
        watched = fitted(case, scope)
        said = scope.diagnose()
        found[case] = {
            "same": case not in COMPARED or same(fitted(case), watched),
            "healthy": said.healthy,
            "first": said.findings[0].fault if said.findings else None,
            "outcome": said.outcome,
            "shape": scope.watched.signals.gradient_norm.shape,
            "gradient": scope.watched.signals.gradient_norm[0].tolist(),
            "update": scope.watched.signals.update_ratio[0].tolist(),
        }
    return found


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "[^a-z]*You are using a softmax", UserWarning)
    json.dump(told(), sys.stdout)
