"""One epoch as one compiled program: (state, data) -> (state, record). State continues, the record explains."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from gradoscope.networks import Moving, Params, Plan, TrainingSpec, activate, apply, apply_training, init_moving
from gradoscope.training.objective import Objective, data_losses, penalties
from gradoscope.training.optimizers import direction
from gradoscope.training.signals import Signals, StepSignals, epoch_signals, step_signals

BLOCK_NUMBERS = 2**25  # numbers that one layer of an evaluation block may hold (128 MiB)


@dataclass(frozen=True)
class Program:
    """All that is compiled in; learning rates, seeds, weights and data are arguments."""

    plan: Plan
    objective: Objective
    training: TrainingSpec
    metric: str


class Best(NamedTuple):
    """The smallest validation loss of each member so far, where it was, and who has stopped; arrays (members, ...)."""

    params: Params
    moving: Moving
    loss: jax.Array
    epoch: jax.Array
    stopped: jax.Array


class State(NamedTuple):
    """What training carries from epoch to epoch. `best` is None without early stopping."""

    params: Params
    moving: Moving
    opt_state: optax.OptState
    updates: jax.Array
    epoch: jax.Array
    best: Best | None


class Data(NamedTuple):
    """Training and validation rows: inputs (rows, inputs), targets (rows, outputs)."""

    inputs: jax.Array
    targets: jax.Array
    validation_inputs: jax.Array
    validation_targets: jax.Array


class Record(NamedTuple):
    """What an epoch showed: losses and score (members,), signals (members, layers), stopped (members,)."""

    train_loss: jax.Array
    validation_loss: jax.Array
    validation_score: jax.Array
    signals: Signals
    stopped: jax.Array


@partial(jax.jit, static_argnames="program")
def start(program: Program, params: Params) -> State:
    """The state before the first epoch."""
    moving = init_moving(program.plan)
    opt_state = jax.vmap(direction(program.training).init)(params)
    zero = jnp.zeros((), jnp.int32)
    if program.training.patience is None:
        return State(params, moving, opt_state, zero, zero, None)
    members = program.plan.members
    # Copies: the state is donated to the next epoch, and no buffer can be given away twice.
    best_params, best_moving = jax.tree.map(jnp.copy, (params, moving))
    best = Best(
        best_params, best_moving, jnp.full(members, jnp.inf), jnp.zeros(members, jnp.int32), jnp.zeros(members, bool)
    )
    return State(params, moving, opt_state, zero, zero, best)


@partial(jax.jit, static_argnames="program", donate_argnames="state")
def train_epoch(
    program: Program, state: State, data: Data, learning_rates: jax.Array, key: jax.Array
) -> tuple[State, Record]:
    """Train one epoch and judge it.

    Parameters
    ----------
    program
        What is computed.
    state
        Where training stands; its buffers are reused.
    data
        All rows.
    learning_rates
        Shape (members,).
    key
        Of the run; the epoch folds its number in, so that all members draw the same batches and dropout masks.
    """
    epoch_key = jax.random.fold_in(key, state.epoch)
    order_key, dropout_key = jax.random.split(epoch_key)
    rows, weights = _batches(program.training, len(data.inputs), order_key)
    steps = jnp.arange(len(rows))

    def step(carry: State, batch: tuple[jax.Array, ...]) -> tuple[State, tuple[jax.Array, StepSignals]]:
        index, chosen, weight = batch
        drawn = jax.random.fold_in(dropout_key, index)
        return _step(program, carry, data.inputs[chosen], data.targets[chosen], weight, learning_rates, drawn)

    state, (losses, signals) = jax.lax.scan(step, state, (steps, rows, weights))
    share = weights.sum(1) / weights.sum()
    loss, score = evaluate(program, state.params, state.moving, data.validation_inputs, data.validation_targets)
    state = _judged(program, state._replace(epoch=state.epoch + 1), loss)
    stopped = state.best.stopped if state.best else jnp.zeros(program.plan.members, bool)
    return state, Record(share @ losses, loss, score, epoch_signals(signals, state.params), stopped)


def _batches(training: TrainingSpec, n: int, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Row numbers and weights of every batch, (batches, batch size); a short last batch is filled with weight 0."""
    size = min(training.batch_size, n)
    count = -(-n // size)
    order = jax.random.permutation(key, n) if training.shuffle else jnp.arange(n)
    filled = jnp.concatenate([order, jnp.zeros(count * size - n, order.dtype)])
    return filled.reshape(count, size), (jnp.arange(count * size) < n).astype(jnp.float32).reshape(count, size)


def _step(
    program: Program,
    state: State,
    inputs: jax.Array,
    targets: jax.Array,
    weights: jax.Array,
    learning_rates: jax.Array,
    key: jax.Array,
) -> tuple[State, tuple[jax.Array, StepSignals]]:
    def total_loss(params: Params) -> tuple[jax.Array, tuple[jax.Array, Moving]]:
        trace = apply_training(program.plan, params, state.moving, inputs, weights, key)
        loss = data_losses(program.objective, program.plan, trace.before[-1], targets, weights)
        loss = loss + penalties(program.objective, params)
        return loss.sum(), (loss, trace.moving)

    grads, (loss, moving) = jax.grad(total_loss, has_aux=True)(state.params)
    steps, opt_state = jax.vmap(direction(program.training).update)(grads, state.opt_state, state.params)
    rates = -learning_rates / (1 + program.training.decay * state.updates)
    updates = jax.tree.map(lambda u: u * rates.reshape(-1, *(1,) * (u.ndim - 1)), steps)
    signals = step_signals(grads, updates, state.params)
    params = optax.apply_updates(state.params, updates)
    moved = state._replace(params=params, moving=moving, opt_state=opt_state, updates=state.updates + 1)
    return moved, (loss, signals)


def evaluate(
    program: Program, params: Params, moving: Moving, inputs: jax.Array, targets: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Loss (without penalties) and score of every member on all rows, each (members,); large data go in blocks."""
    widest = max(layer.units for layer in program.plan.layers) * program.plan.members
    size = min(len(inputs), max(1, BLOCK_NUMBERS // widest))
    count = -(-len(inputs) // size)
    rows = jnp.minimum(jnp.arange(count * size), len(inputs) - 1).reshape(count, size)
    weights = (jnp.arange(count * size) < len(inputs)).astype(jnp.float32).reshape(count, size)

    def block(_: None, batch: tuple[jax.Array, jax.Array]) -> tuple[None, tuple[jax.Array, jax.Array]]:
        chosen, weight = batch
        logits = apply(program.plan, params, moving, inputs[chosen]).before[-1]
        loss = data_losses(program.objective, program.plan, logits, targets[chosen], weight)
        outputs = activate(program.plan.layers[-1].activations, logits)
        return None, (loss, _hits(program.metric, outputs, targets[chosen], weight))

    _, (losses, hits) = jax.lax.scan(block, None, (rows, weights))
    share = weights.sum(1) / len(inputs)
    return share @ losses, _score(program.metric, hits.sum(0), targets)


def _hits(metric: str, outputs: jax.Array, targets: jax.Array, weights: jax.Array) -> jax.Array:
    """What a score adds up, (members, 1 or outputs): right answers, or squared errors per output."""
    if metric == "r2":
        return (weights[None, :, None] * (outputs - targets[None]) ** 2).sum(1)
    if outputs.shape[-1] == 1:
        right = (outputs > 0.5).astype(jnp.float32) == targets[None]
    else:
        right = (outputs.argmax(-1) == targets.argmax(-1)[None])[..., None]
    return (weights[None, :, None] * right).sum(1)


def _score(metric: str, hits: jax.Array, targets: jax.Array) -> jax.Array:
    if metric == "accuracy":
        return hits[:, 0] / len(targets)
    spread = ((targets - targets.mean(0, keepdims=True)) ** 2).sum(0, keepdims=True)
    return jnp.where(spread > 0, 1 - hits / jnp.where(spread > 0, spread, 1.0), 0.0).mean(-1)


def _judged(program: Program, state: State, loss: jax.Array) -> State:
    """The state with the best epoch so far brought up to date; members without a smaller loss for long stop."""
    best, patience = state.best, program.training.patience
    if best is None or patience is None:
        return state
    better = (loss < best.loss) & ~best.stopped

    def chosen(new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(better.reshape(-1, *(1,) * (new.ndim - 1)), new, old)

    params, moving = jax.tree.map(chosen, (state.params, state.moving), (best.params, best.moving))
    epoch = jnp.where(better, state.epoch, best.epoch)
    stopped = best.stopped | (state.epoch - epoch >= patience)
    return state._replace(best=Best(params, moving, jnp.where(better, loss, best.loss), epoch, stopped))
