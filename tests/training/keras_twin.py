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
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, Params, Schedule, TrainingSpec, init, plan
from gradoscope.training import outputs
from gradoscope.training.batches import Data
from gradoscope.training.epoch import train_epoch
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import objective
from gradoscope.training.state import start

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
    "lion": keras.optimizers.Lion,
}  # fmt: skip
SCHEDULES = (
    Schedule("exponential", decay_steps=5, decay_rate=0.5),
    Schedule("exponential", decay_steps=5, decay_rate=0.5, staircase=True),
    Schedule("cosine", decay_steps=15, alpha=0.1),
    Schedule("cosine_restarts", decay_steps=4, t_mul=2, m_mul=0.5, alpha=0.1),
    Schedule("polynomial", decay_steps=12, power=2, alpha=0.1),
    Schedule("piecewise_constant", boundaries=(2, 7), factors=(1, 0.5, 0.1)),
)
CLIPS = ("clip_norm", "clip_norm_each", "clip_value")
SETTINGS = ("momentum", "nesterov", "beta_1", "beta_2", "rho", "epsilon", "weight_decay")


class Twin(NamedTuple):
    """Losses before each update, and the outputs on new rows after the last, of Gradoscope and of Keras."""

    losses: Floats
    keras_losses: Floats
    outputs: Floats
    keras_outputs: Floats


def model_of(experiment: Experiment, params: Params, n_inputs: int) -> Any:
    """The compiled Keras model, starting at `params` (one member)."""
    signal = inputs = keras.Input((n_inputs,))
    for layer in experiment.network.layers:
        came = signal
        for part in _layers_of(layer):
            signal = part(signal)
        signal = keras.layers.Add()([came, signal]) if layer.residual else signal
    model = keras.Model(inputs, signal)
    dense = [each for each in model.layers if isinstance(each, keras.layers.Dense)]
    for layer, own in zip(dense, params, strict=True):
        layer.set_weights([np.array(own.kernel[0]), np.array(own.bias[0])][: 1 + layer.use_bias])
    loss = LOSSES[experiment.network.loss.name](**dict(experiment.network.loss.arguments))
    model.compile(optimizer_of(experiment.training), loss)
    return model


def _layers_of(layer: Layer) -> Iterator[Any]:
    penalty = keras.regularizers.L1L2(layer.l1, layer.l2)
    yield keras.layers.Dense(layer.units, use_bias=layer.use_bias, kernel_regularizer=penalty)
    if layer.normalisation == "batch":
        yield keras.layers.BatchNormalization()
    if layer.normalisation == "layer":
        yield keras.layers.LayerNormalization()
    if layer.activation.name == "prelu":
        slope = dict(layer.activation.arguments).get("negative_slope", 0.25)
        yield keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(slope))
        return
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
    if spec.schedule is not None:
        rate = schedule_of(spec, spec.schedule)
    bounds = {"global_clipnorm": spec.clip_norm, "clipnorm": spec.clip_norm_each, "clipvalue": spec.clip_value}
    return OPTIMIZERS[spec.optimizer](learning_rate=rate, **bounds, **settings)


def schedule_of(spec: TrainingSpec, own: Schedule) -> Any:
    """Keras's schedule with the settings that the experiment writes down."""
    kinds, rate, length = keras.optimizers.schedules, spec.learning_rate, own.decay_steps
    match own.name:
        case "exponential":
            return kinds.ExponentialDecay(rate, length, own.decay_rate, own.staircase or False)
        case "cosine" if spec.warm_up:
            return kinds.CosineDecay(0.0, length, own.alpha or 0, "CosineDecay", rate, spec.warm_up)
        case "cosine":
            return kinds.CosineDecay(rate, length, own.alpha or 0)
        case "cosine_restarts":
            return kinds.CosineDecayRestarts(rate, length, own.t_mul or 2, own.m_mul or 1, own.alpha or 0)
        case "polynomial":
            return kinds.PolynomialDecay(rate, length, rate * (own.alpha or 0), own.power or 1)
    return kinds.PiecewiseConstantDecay(list(own.boundaries or ()), [rate * each for each in own.factors or ()])


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
    hidden: tuple[Layer, ...] = ()
    for _ in range(rng.integers(0, 4)):
        hidden = (*hidden, _random_layer(rng, hidden[-1].units if hidden else 0))
    units = int(rng.integers(2, 5)) if "categorical" in loss or "kl" in loss or output == "softmax" else 1
    smoothed = {"label_smoothing": 0.1} if "cross_entropy" in loss and rng.random() < 0.3 else {}
    network = NetworkSpec(Layer(units, Named(output), Named("glorot_uniform")), Named.of(loss, **smoothed), hidden)
    schedule = SCHEDULES[number] if (number := rng.integers(2 * len(SCHEDULES))) < len(SCHEDULES) else None
    training = TrainingSpec(
        optimizer=optimizer,
        learning_rate=float(10 ** rng.uniform(-3, -1.5)),
        batch_size=int(rng.integers(2, 17)),
        shuffle=False,
        epochs=100,
        decay=0.0 if schedule else float(rng.choice([0.0, 0.01])),
        schedule=schedule,
        warm_up=int(rng.choice([0, 3])) if schedule and schedule.name == "cosine" else 0,
        **{CLIPS[rng.integers(3)]: [None, 1.0, 0.1][rng.integers(3)]},
        seed=int(rng.integers(1000)),
        **_random_settings(rng, optimizer),
    )
    return Experiment(DataSpec("random"), network, training)


def _random_layer(rng: np.random.Generator, before: int) -> Layer:
    """With a layer of `before` units before it, some have as many units and are residual."""
    normalisation = [None, None, "batch", "layer"][rng.integers(4)]
    residual, learnt = bool(before) and rng.random() < 0.3, rng.random() < 0.15
    return Layer(
        units=before if residual else int(rng.integers(1, 9)),
        activation=Named.of("prelu", negative_slope=0.1) if learnt else Named(str(rng.choice(HIDDEN))),
        residual=residual,
        # A bias before batch normalisation has rounding noise for a gradient, and Adam makes whole steps of it.
        use_bias=rng.random() < 0.8 and normalisation != "batch",
        learn_activation=learnt,
        initialiser=Named(str(rng.choice(["he_normal", "glorot_uniform", "lecun_normal", "orthogonal"]))),
        normalisation=normalisation,
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
    if optimizer == "lion":
        return {"beta_2": [None, 0.9][rng.integers(2)]}
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
