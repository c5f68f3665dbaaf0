"""What the lessons share: data, networks, training watched epoch by epoch, gradients of the engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import DataSpec, Rows, load, prepare, split
from gradoscope.networks import (
    Experiment,
    Layer,
    LayerParams,
    Moving,
    Named,
    NetworkSpec,
    Params,
    Plan,
    Trace,
    TrainingSpec,
    apply,
    init,
    init_moving,
    plan,
)
from gradoscope.training import metric_of
from gradoscope.training.batches import Data
from gradoscope.training.epoch import train_epoch
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import Objective, data_losses, objective
from gradoscope.training.state import start

Floats = NDArray[np.float32]
ADAM = TrainingSpec(batch_size=32)


class Parts(NamedTuple):
    """Data, divided and prepared."""

    train: Rows
    validation: Rows
    test: Rows
    task: str


def parts(
    source: str, seed: int, options: Mapping[str, object] | None = None, *, inputs: str | None = None, targets: str
) -> Parts:
    """Built-in data, divided 60 : 20 : 20 and prepared as the training rows say."""
    dataset = load(source, options=options)
    divided = split(dataset, seed)
    prepared = prepare(dataset, divided.train, inputs=inputs, targets=targets)
    train, validation, test = (
        Rows(prepared.inputs(dataset.inputs[i]), prepared.target.apply(dataset.target[i])) for i in divided
    )
    return Parts(train, validation, test, dataset.task)


def network(
    hidden: Sequence[int],
    activation: Named | str,
    *,
    outputs: int = 1,
    link: str = "sigmoid",
    loss: str = "binary_cross_entropy",
    start: Named | str | None = None,
    bias: float = 0.0,
) -> NetworkSpec:
    """A network with one activation; `start` initialises the kernels of its hidden layers, `bias` their biases."""
    function = Named(activation) if isinstance(activation, str) else activation
    weights = Named(start) if isinstance(start, str) else start
    layers = tuple(Layer(units, function, weights, Named.of("constant", value=bias)) for units in hidden)
    return NetworkSpec(Layer(outputs, Named(link)), Named(loss), layers)


def experiments(networks: Sequence[NetworkSpec], training: TrainingSpec = ADAM) -> list[Experiment]:
    """One experiment per network, trained alike; the rows are handed over by the lesson."""
    return [Experiment(DataSpec("lesson"), each, training) for each in networks]


class Moment(NamedTuple):
    """Where a population stands after an epoch (0: before the first): all members' parameters, losses (members,)."""

    epoch: int
    params: Params
    train_loss: Floats
    validation_score: Floats


def watch(
    population: Sequence[Experiment],
    train: Rows,
    validation: Rows,
    task: str,
    *,
    params: Params | None = None,
    rate: Callable[[int], float] = lambda epoch: 1.0,
) -> Iterator[Moment]:
    """Train as `fit_population` does, and show the parameters after every epoch.

    Parameters
    ----------
    population
        Experiments that `fit_population` would train together.
    train, validation, task
        As there.
    params
        Where they start, instead of at what their initialisers draw.
    rate
        Factor of the learning rates in each epoch, counted from 1.
    """
    networks, training = [each.network for each in population], population[0].training
    began = init(networks, train.inputs.shape[1], training.seed) if params is None else params
    program = Program(plan(networks), objective(networks), training, metric_of(task))
    state = start(program, began)
    data = Data.of(train, validation)
    rates = np.array([each.training.learning_rate for each in population], np.float32)
    unknown = np.full(len(population), np.nan, np.float32)
    yield Moment(0, jax.device_get(state.params), unknown, unknown)
    for epoch in range(1, training.epochs + 1):
        state, record = train_epoch(program, state, data, jnp.asarray(rates * np.float32(rate(epoch))), training.seed)
        yield Moment(epoch, *jax.device_get((state.params, record.train_loss, record.validation_score)))


def traced(networks: Sequence[NetworkSpec], params: Params, inputs: Floats) -> Trace:
    """Every weighted sum and output on the way, of each layer: (members, rows, units)."""
    population = plan(networks)
    trace: Trace = jax.device_get(_traced(population, params, init_moving(population), jnp.asarray(inputs)))
    return trace


def said(networks: Sequence[NetworkSpec], params: Params, inputs: Floats) -> Floats:
    """What each network answers: (members, rows, outputs)."""
    return np.asarray(traced(networks, params, inputs).after[-1])


def layer(kernel: Sequence[Sequence[float]] | Floats, bias: Sequence[float] | Floats) -> LayerParams:
    """The parameters of one layer of one network, set by hand: kernel (fan_in, units), bias (units,)."""
    return LayerParams(jnp.asarray([kernel], jnp.float32), jnp.asarray([bias], jnp.float32))


@partial(jax.jit, static_argnames="population")
def _traced(population: Plan, params: Params, moving: Moving, inputs: jax.Array) -> Trace:
    return apply(population, params, moving, inputs)


def gradients(networks: Sequence[NetworkSpec], params: Params, rows: Rows) -> Params:
    """The engine's gradients of each member's mean loss over the rows, in the shape of its parameters."""
    grads: Params = jax.device_get(_gradients(plan(networks), objective(networks), params, *map(jnp.asarray, rows[:2])))
    return grads


@partial(jax.jit, static_argnames=("population", "goal"))
def _gradients(population: Plan, goal: Objective, params: Params, inputs: jax.Array, targets: jax.Array) -> Params:
    def total(at: Params) -> jax.Array:
        logits = apply(population, at, init_moving(population), inputs).before[-1]
        return data_losses(goal, population, logits, targets, jnp.ones(len(inputs))).sum()

    grads: Params = jax.grad(total)(params)
    return grads
