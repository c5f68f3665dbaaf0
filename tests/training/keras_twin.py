"""The same experiment in Keras (on its PyTorch backend): same start, same batches, loss after loss."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from gradoscope.data import DataSpec, Rows
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, Params, TrainingSpec, init, plan
from gradoscope.training import outputs
from gradoscope.training.batches import Data
from gradoscope.training.epoch import start, train_epoch
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import objective

torch.set_num_threads(1)  # these networks are so small that a second thread only waits
Floats = NDArray[np.float32]

ACTIVATIONS = {
    "identity": "linear", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "leaky_relu": "leaky_relu",
    "elu": "elu", "selu": "selu", "gelu": "gelu", "silu": "silu", "softplus": "softplus", "softmax": "softmax",
    "exponential": "exponential",
}  # fmt: skip
HIDDEN = tuple(name for name in ACTIVATIONS if name not in ("softmax", "exponential", "identity"))
LOSSES = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
    "binary_cross_entropy": keras.losses.BinaryCrossentropy,
    "categorical_cross_entropy": keras.losses.CategoricalCrossentropy,
    "kl_divergence": keras.losses.KLDivergence,
    "poisson": keras.losses.Poisson,
}
OPTIMIZERS = {
    "sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop, "adagrad": keras.optimizers.Adagrad, "adadelta": keras.optimizers.Adadelta,
    "adamax": keras.optimizers.Adamax, "nadam": keras.optimizers.Nadam,
}  # fmt: skip
SETTINGS = ("momentum", "nesterov", "beta_1", "beta_2", "rho", "epsilon", "weight_decay")


class Twin(NamedTuple):
    """Losses before each update, and the outputs on new rows after the last, of Gradoscope and of Keras."""

    losses: Floats
    keras_losses: Floats
    outputs: Floats
    keras_outputs: Floats


def model_of(experiment: Experiment, params: Params, n_inputs: int) -> Any:
    """The compiled Keras model, starting at `params` (one member)."""
    layers = (part for layer in experiment.network.layers for part in _layers_of(layer))
    model = keras.Sequential([keras.Input((n_inputs,)), *layers])
    dense = [each for each in model.layers if isinstance(each, keras.layers.Dense)]
    for layer, own in zip(dense, params, strict=True):
        layer.set_weights([np.array(own.kernel[0]), np.array(own.bias[0])])
    loss = LOSSES[experiment.network.loss.name](**dict(experiment.network.loss.arguments))
    model.compile(optimizer_of(experiment.training), loss)
    return model


def _layers_of(layer: Layer) -> Iterator[Any]:
    yield keras.layers.Dense(layer.units, kernel_regularizer=keras.regularizers.L1L2(layer.l1, layer.l2))
    if layer.normalisation == "batch":
        yield keras.layers.BatchNormalization()
    if layer.normalisation == "layer":
        yield keras.layers.LayerNormalization()
    function = getattr(keras.activations, ACTIVATIONS[layer.activation.name])
    arguments = dict(layer.activation.arguments)
    if layer.activation.name == "leaky_relu":
        arguments = {"negative_slope": 0.01} | arguments
    yield keras.layers.Activation(lambda x: function(x, **arguments))


def optimizer_of(spec: TrainingSpec) -> Any:
    """Keras's optimiser with the settings that the experiment writes down."""
    settings = {name: value for name in SETTINGS if (value := getattr(spec, name)) is not None}
    rate: Any = spec.learning_rate
    if spec.decay:
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=spec.decay)
    return OPTIMIZERS[spec.optimizer](learning_rate=rate, global_clipnorm=spec.clip_norm, **settings)


def raced(experiment: Experiment, batches: list[Rows]) -> Twin:
    """Train both, one update per batch."""
    networks, n_inputs = [experiment.network], batches[0].inputs.shape[1]
    params = init(networks, n_inputs, experiment.training.seed)
    model = model_of(experiment, params, n_inputs)
    program = Program(plan(networks), objective(networks), experiment.training, "r2")
    state, rate = start(program, params), np.array([experiment.training.learning_rate], np.float32)
    losses, keras_losses = [], []
    for batch in batches:
        state, record = train_epoch(program, state, Data.of(batch, batch), rate, 0)  # type: ignore[arg-type]
        losses.append(float(record.train_loss[0]))
        model.reset_metrics()
        keras_losses.append(float(model.train_on_batch(*batch)))
    new = batches[0].inputs + np.float32(0.5)
    answers = outputs(program.plan, state.params, state.moving, new)[0]
    return Twin(
        np.array(losses, np.float32), np.array(keras_losses, np.float32), answers, model.predict(new, verbose=0)
    )


def random_experiment(rng: np.random.Generator, optimizer: str, loss: str, output: str) -> Experiment:
    """An experiment with this optimiser, loss and output activation, and everything else drawn."""
    hidden = tuple(_random_layer(rng) for _ in range(rng.integers(0, 4)))
    units = int(rng.integers(2, 5)) if "categorical" in loss or "kl" in loss or output == "softmax" else 1
    smoothed = {"label_smoothing": 0.1} if "cross_entropy" in loss and rng.random() < 0.3 else {}
    network = NetworkSpec(Layer(units, Named(output), Named("glorot_uniform")), Named.of(loss, **smoothed), hidden)
    training = TrainingSpec(
        optimizer=optimizer,
        learning_rate=float(10 ** rng.uniform(-3, -1.5)),
        batch_size=int(rng.integers(2, 17)),
        shuffle=False,
        epochs=1,
        decay=float(rng.choice([0.0, 0.01])),
        clip_norm=[None, 1.0][rng.integers(2)],
        seed=int(rng.integers(1000)),
        **_random_settings(rng, optimizer),
    )
    return Experiment(DataSpec("random"), network, training)


def _random_layer(rng: np.random.Generator) -> Layer:
    return Layer(
        units=int(rng.integers(1, 9)),
        activation=Named(str(rng.choice(HIDDEN))),
        initialiser=Named(str(rng.choice(["he_normal", "glorot_uniform", "lecun_normal", "orthogonal"]))),
        normalisation=[None, None, "batch", "layer"][rng.integers(4)],
        l1=float(rng.choice([0.0, 0.01])),
        l2=float(rng.choice([0.0, 0.01])),
    )


def _random_settings(rng: np.random.Generator, optimizer: str) -> dict[str, Any]:
    choices: dict[str, dict[str, list[Any]]] = {
        "sgd": {"momentum": [None, 0.9], "nesterov": [None, True]},
        "rmsprop": {"rho": [None, 0.8], "momentum": [None, 0.9]},
        "adadelta": {"rho": [None, 0.9]},
        "adagrad": {"epsilon": [None, 1e-3]},
        "adamw": {"weight_decay": [None, 0.05]},
    }
    adaptive = {"beta_1": [None, 0.8], "beta_2": [None, 0.99], "epsilon": [None, 1e-3]}
    return {name: values[rng.integers(2)] for name, values in choices.get(optimizer, adaptive).items()}


def random_batches(rng: np.random.Generator, experiment: Experiment, n_inputs: int, count: int) -> list[Rows]:
    """Batches with targets such as the loss may meet; the last is a short one."""
    size, units = experiment.training.batch_size, experiment.network.output.units
    rows = [size] * (count - 1) + [max(1, size - 1)]
    weighted = rng.random() < 0.3
    return [
        Rows(
            rng.normal(size=(n, n_inputs)).astype(np.float32),
            _targets(rng, experiment, n, units),
            np.maximum(rng.normal(1, 1, n), 0).astype(np.float32) if weighted else None,
        )
        for n in rows
    ]


def _targets(rng: np.random.Generator, experiment: Experiment, n: int, units: int) -> Floats:
    loss = experiment.network.loss.name
    if loss in ("mean_squared_error", "mean_absolute_error", "huber"):
        return rng.normal(size=(n, units)).astype(np.float32)
    if loss == "poisson":
        return rng.poisson(2.0, (n, units)).astype(np.float32)
    if units > 1:
        return np.eye(units, dtype=np.float32)[rng.integers(units, size=n)]
    return rng.integers(2, size=(n, units)).astype(np.float32)
