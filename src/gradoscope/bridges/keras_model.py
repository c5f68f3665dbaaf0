"""A Keras model, its loss and its optimiser, as Gradoscope writes them down."""

import inspect
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from gradoscope.bridges.chain import (
    Act,
    Chain,
    Dense,
    Drop,
    Norm,
    Piece,
    UntranslatableError,
    Weights,
    assembled,
    check_same,
)
from gradoscope.bridges.keras_backends import on_host
from gradoscope.bridges.naming import activation, numbers, plain
from gradoscope.bridges.rebuilding import Goal
from gradoscope.bridges.recording import Array
from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.networks import Named
from gradoscope.networks.training_spec import OPTIMIZERS

State = Mapping[str, Weights]


def numpy_of(value: Any) -> Weights:
    """The numbers of a tensor or variable in single precision, on the host; a copy."""
    return np.array(on_host(value), np.float32)


def state(model: Any) -> dict[str, Weights]:
    """All variables of a model by path."""
    return {variable.path: numpy_of(variable) for variable in model.variables}


def translated(model: Any, start: State, sample: Array | None) -> Chain:
    """The chain that a model is.

    Parameters
    ----------
    model
        With its parameters of the end.
    start
        Its state before the first step.
    sample
        Some rows, on which the chain must give what the model gives, or None.

    Raises
    ------
    UntranslatableError
        It is no chain of layers that are known here.
    """
    if sample is None and not isinstance(model, keras.Sequential):
        raise UntranslatableError(say("{place} has a call of its own", place=type(model).__name__))
    chain = assembled([piece for layer in _layers(model) for piece in _pieces(layer, start)])
    if sample is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a softmax of one unit warns each time it is called
            theirs = numpy_of(model(keras.ops.convert_to_tensor(sample), training=False))
        check_same(chain, sample, theirs)
    return chain


def _layers(model: Any) -> Iterator[Any]:
    """The layers in order, those of models inside the model in their place."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _pieces(layer: Any, start: State) -> Iterator[Piece]:
    def both(variable: Any, otherwise: float, units: int) -> tuple[Weights, Weights]:
        if variable is None:
            return (np.full(units, otherwise, np.float32),) * 2
        return numpy_of(variable), start[variable.path]

    kinds = keras.layers
    match layer:
        case kinds.InputLayer() | kinds.Flatten():
            return
        case kinds.Dense():
            (kernel, first), (bias, first_bias) = both(layer.kernel, 0.0, 0), both(layer.bias, 0.0, layer.units)
            yield Dense(layer.name, kernel, bias, first, first_bias, *_penalties(layer))
            yield Act(layer.name, _activation(layer.activation, {}))
        case kinds.BatchNormalization() | kinds.LayerNormalization():
            kind, units = ("batch" if isinstance(layer, kinds.BatchNormalization) else "layer"), _width(layer)
            scale, offset = both(layer.gamma, 1.0, units), both(layer.beta, 0.0, units)
            moving = (numpy_of(layer.moving_mean), numpy_of(layer.moving_variance)) if kind == "batch" else ()
            yield Norm(layer.name, kind, scale[0], offset[0], scale[1], offset[1], layer.epsilon, *moving)
        case kinds.Dropout():
            yield Drop(layer.name, layer.rate)
        case kinds.Activation():
            yield Act(layer.name, _activation(layer.activation, {}))
        case _:
            yield Act(layer.name, _activation(layer, vars(layer)))


def _width(layer: Any) -> int:
    variables = layer.weights
    if not variables or len(variables[0].shape) != 1:
        raise UntranslatableError(say("{place} is not known here as a layer or an activation", place=layer.name))
    return int(variables[0].shape[0])


def _penalties(layer: Any) -> tuple[float, float]:
    """L1 and L2 penalty of the kernel."""
    if layer.kernel_regularizer is None:
        return 0.0, 0.0
    table = layer.kernel_regularizer.get_config()
    if not table.keys() <= {"l1", "l2"}:
        raise UntranslatableError(say("{place} has a penalty that is not known here", place=layer.name))
    return float(table.get("l1", 0.0)), float(table.get("l2", 0.0))


def _activation(function: Any, settings: Mapping[str, Any]) -> Named:
    """The activation that a function is, or, where it comes with settings, a layer."""
    name = type(function).__name__ if settings else getattr(function, "__name__", type(function).__name__)
    known = settings or {key: value.default for key, value in inspect.signature(function).parameters.items()}
    return activation(name, "keras", known, lambda probe: numpy_of(function(keras.ops.convert_to_tensor(probe))))


def goal(loss: Any) -> Goal:
    """What a compiled loss is here.

    Raises
    ------
    UntranslatableError
        It is none of those that are known.
    """
    found = keras.losses.get(loss)
    table = found.get_config() if isinstance(found, keras.losses.Loss) else {}
    name = type(found).__name__ if table else getattr(found, "__name__", str(found))
    if table.get("label_smoothing") or table.get("reduction", "sum_over_batch_size") != "sum_over_batch_size":
        settings = "label_smoothing, reduction"
        raise UntranslatableError(
            say("{place} has {settings}, which no experiment can say", place=name, settings=settings)
        )
    for entry in losses.values():
        if plain(name) in map(plain, entry.peers.keras.split(", ")):
            known = numbers(table, entry.parameters)
            takes = "logits" if table.get("from_logits") else "values"
            return Goal(Named.of(entry.name, **known), takes, name)
    raise UntranslatableError(say("the loss {loss} is not known here", loss=name))


def optimiser(optimizer: Any) -> dict[str, Any]:
    """The fields of a TrainingSpec that the optimiser sets."""
    name, table = type(optimizer).__name__.lower(), vars(optimizer)
    if name not in OPTIMIZERS:
        raise UntranslatableError(say("the optimiser {optimizer} is not known here", optimizer=name))
    settings = {key: table[key] for key in (*OPTIMIZERS[name], "weight_decay") if table.get(key)}
    if table.get("global_clipnorm"):
        settings["clip_norm"] = table["global_clipnorm"]
    return {"optimizer": name, **settings}
