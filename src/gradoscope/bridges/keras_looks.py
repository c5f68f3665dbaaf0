"""A Keras model asked about rows after its loop, in inference mode: nothing of it changes."""

import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from gradoscope.bridges.chain import Weights
from gradoscope.bridges.glimpse import Look, Watching, look
from gradoscope.bridges.keras_model import goal, numpy_of
from gradoscope.bridges.recording import Array, Batch

BLOCK = 1024


def watching(model: Any, told: Batch | None, seconds: float) -> Watching:
    """What can be asked of a model."""
    return Watching(
        lambda inputs: _said(model, inputs),
        lambda inputs: list(_looks(model, inputs)),
        lambda: goal(model.loss),
        told,
        seconds,
    )


def _said(model: Any, inputs: Array) -> Weights:
    blocks = [inputs[first : first + BLOCK] for first in range(0, len(inputs), BLOCK)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a softmax of one unit warns each time it is called
        return np.concatenate([numpy_of(model(keras.ops.convert_to_tensor(block), training=False)) for block in blocks])


def _looks(model: Any, inputs: Array) -> Iterator[Look]:
    """The hidden activations of a model whose layers are joined by their tensors; one with a call of its own has none.

    What went into the activation of a dense or convolutional layer is what the layer gives without it.
    """
    if not isinstance(model, keras.Sequential | keras.models.Model) or not getattr(model, "inputs", None):
        return
    for layer in model.layers:
        function = getattr(layer, "activation", None)
        name = getattr(function, "__name__", type(layer).__name__.lower())
        weights = isinstance(layer, keras.layers.Dense | keras.layers.Conv1D | keras.layers.Conv2D)
        tensor = layer.input
        if isinstance(tensor, list) or any(layer.output is output for output in model.outputs):
            continue
        came = _said(keras.Model(model.inputs, tensor), inputs)
        before = _linear(layer, came) if weights else came
        seen = look(layer.name, name, before)
        if seen is not None:
            yield seen


def _linear(layer: Any, inputs: Weights) -> Weights:
    """What a layer gives before its activation."""
    twin = type(layer).from_config({**layer.get_config(), "activation": None})
    twin.build(inputs.shape)
    twin.set_weights([numpy_of(variable) for variable in layer.weights])
    return numpy_of(twin(keras.ops.convert_to_tensor(inputs)))
