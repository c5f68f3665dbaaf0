"""One epoch as one compiled program: (state, data) -> (state, record). State continues, the record explains."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.networks import Moving, Params, Plan, TrainingSpec, activate, apply, apply_training, init_moving
from gradoscope.training.objective import Objective, Terms, data_losses, objectives
from gradoscope.training.optimizers import OptState, changes, init_optimizer
from gradoscope.training.signals import Signals, StepSignals, epoch_signals, step_signals

T = TypeVar("T")
BLOCK_NUMBERS = 2**25  # numbers that one layer of an evaluation block may hold (128 MiB)
ORDER, DROPOUT = 2**32 - 1, 2**32 - 2  # keys of random streams; those of the initialisers count layers from 0


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
    opt_state: OptState
    updates: jax.Array
    epoch: jax.Array
    best: Best | None


class Data(NamedTuple):
    """Training and validation rows: inputs (rows, inputs), targets (rows, outputs), weights (rows,) or None.

    Validation rows may be missing.
    """

    inputs: jax.Array
    targets: jax.Array
    validation_inputs: jax.Array | None = None
    validation_targets: jax.Array | None = None
    weights: jax.Array | None = None
    validation_weights: jax.Array | None = None

    @classmethod
    def of(cls, train: Rows, validation: Rows) -> "Data":
        """The rows on the device."""
        data: Data = jax.device_put(cls(*train[:2], *validation[:2], train.weights, validation.weights))  # type: ignore[arg-type]
        return data


class Record(NamedTuple):
    """What an epoch showed: losses and score (members,), signals (members, layers), stopped (members,)."""

    train_loss: jax.Array
    validation_loss: jax.Array
    validation_score: jax.Array
    signals: Signals
    stopped: jax.Array


def start(program: Program, params: Params) -> State:
    """The state before the first epoch; made on the host, nothing is compiled for it."""
    moving, members = init_moving(program.plan), program.plan.members
    best = None
    if program.training.patience is not None:
        never = _filled((members,), 0, np.int32), _filled((members,), False, np.bool_)
        best = Best(_copied(params), _copied(moving), _filled((members,), np.inf, np.float32), *never)
    opt_state = init_optimizer(program.training, params)
    return State(_copied(params), moving, opt_state, _filled((), 0, np.int32), _filled((), 0, np.int32), best)


def _copied(tree: T) -> T:
    """Arrays of its own: a state is donated to the next epoch, and no buffer can be given away twice."""
    copies: T = jax.tree.map(lambda array: jax.device_put(np.array(array)), tree)
    return copies


def _filled(shape: tuple[int, ...], value: float, kind: type[np.generic]) -> jax.Array:
    array: jax.Array = jax.device_put(np.full(shape, value, kind))
    return array


def train_epoch(
    program: Program, state: State, data: Data, learning_rates: jax.Array, seed: int
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
    seed
        Of the run: with the number of the epoch it fixes the batches and the dropout masks, equal for all members.
    """
    n, epoch = len(data.inputs), int(state.epoch)
    order = _stream(seed, ORDER, epoch).permutation(n) if program.training.shuffle else np.arange(n)
    dropout = _stream(seed, DROPOUT, epoch).integers(2**32, dtype=np.uint32)
    result: tuple[State, Record] = _train_epoch(program, state, data, learning_rates, order.astype(np.int32), dropout)
    return result


def train_ordered(
    program: Program,
    state: State,
    data: Data,
    learning_rates: NDArray[np.floating],
    order: NDArray[np.int32],
    terms: Terms,
) -> tuple[State, Record]:
    """Train one epoch on weighted rows in a given order, with an objective in numbers.

    Rows of weight 0 at the end of the order let other numbers of rows share the compiled program.
    """
    result: tuple[State, Record] = _train_epoch(program, state, data, learning_rates, order, np.uint32(0), terms)
    return result


def _stream(seed: int, key: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key, epoch)))


@partial(jax.jit, static_argnames="program", donate_argnames="state")
def _train_epoch(
    program: Program,
    state: State,
    data: Data,
    learning_rates: jax.Array,
    order: NDArray[np.int32],
    dropout: np.uint32,
    terms: Terms | None = None,
) -> tuple[State, Record]:
    rows, weights = _batches(program.training.batch_size, jnp.asarray(order))
    key = jax.random.key(dropout)

    def step(carry: State, batch: tuple[jax.Array, ...]) -> tuple[State, tuple[jax.Array, StepSignals]]:
        index, chosen, weight = batch
        drawn = jax.random.fold_in(key, index)
        rows = Batch(data.inputs[chosen], data.targets[chosen], weight, _at(data.weights, chosen))
        if terms is not None and rows.weights is not None:
            rows = rows._replace(counted=weight * rows.weights, weights=None)
        return _step(program, carry, rows, learning_rates, drawn, terms)

    state, (losses, signals) = jax.lax.scan(step, state, (jnp.arange(len(rows)), rows, weights))
    share = weights.sum(1) / weights.sum() if terms is None else terms.share
    loss = score = jnp.full(program.plan.members, jnp.nan)
    if data.validation_inputs is not None and data.validation_targets is not None:
        validation = data.validation_inputs, data.validation_targets, data.validation_weights
        loss, score = evaluate(program, state.params, state.moving, *validation)
    state = _judged(program, state._replace(epoch=state.epoch + 1), loss)
    stopped = state.best.stopped if state.best else jnp.zeros(program.plan.members, bool)
    return state, Record(share @ losses, loss, score, epoch_signals(signals, state.params), stopped)


def _batches(batch_size: int, order: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Row numbers and weights of every batch, (batches, batch size); a short last batch is filled with weight 0."""
    n = len(order)
    size = min(batch_size, n)
    count = -(-n // size)
    filled = jnp.concatenate([order, jnp.zeros(count * size - n, order.dtype)])
    weights = np.arange(count * size) < n
    return filled.reshape(count, size), jnp.asarray(weights.astype(np.float32).reshape(count, size))


class Batch(NamedTuple):
    """Some rows: inputs and targets, which of them count at all (1 or 0), and how much, or None."""

    inputs: jax.Array
    targets: jax.Array
    counted: jax.Array
    weights: jax.Array | None


def _at(array: jax.Array | None, rows: jax.Array) -> jax.Array | None:
    return None if array is None else array[rows]


def _step(
    program: Program, state: State, batch: Batch, learning_rates: jax.Array, key: jax.Array, terms: Terms | None
) -> tuple[State, tuple[jax.Array, StepSignals]]:
    def total_loss(params: Params) -> tuple[jax.Array, tuple[jax.Array, Moving]]:
        trace = apply_training(program.plan, params, state.moving, batch.inputs, batch.counted, key)
        loss = data_losses(program.objective, program.plan, trace.before[-1], *batch[1:])
        minimised, recorded = objectives(program.objective, params, loss, batch.counted, terms)
        return minimised.sum(), (recorded, trace.moving)

    grads, (loss, moving) = jax.grad(total_loss, has_aux=True)(state.params)
    rates = learning_rates / (1 + program.training.decay * state.updates)
    t = (state.updates + 1).astype(rates.dtype)
    updates, opt_state = changes(program.training, state.params, grads, state.opt_state, rates, t)
    params = jax.tree.map(jnp.add, state.params, updates)
    moved = state._replace(params=params, moving=moving, opt_state=opt_state, updates=state.updates + 1)
    return moved, (loss, step_signals(grads, updates))


def evaluate(
    program: Program,
    params: Params,
    moving: Moving,
    inputs: jax.Array,
    targets: jax.Array,
    weights: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Loss (without penalties) and score of every member on all rows, each (members,); large data go in blocks."""

    def block(rows: Batch) -> tuple[jax.Array, jax.Array]:
        logits = apply(program.plan, params, moving, rows.inputs).before[-1]
        loss = data_losses(program.objective, program.plan, logits, *rows[1:])
        outputs = activate(program.plan.layers[-1].activations, logits)
        share = rows.counted if rows.weights is None else rows.counted * rows.weights
        return loss, _hits(program.metric, outputs, rows.targets, share)

    n, widest = len(inputs), max(layer.units for layer in program.plan.layers) * program.plan.members
    size = max(1, BLOCK_NUMBERS // widest)
    if n <= size:
        loss, hits = block(Batch(inputs, targets, jnp.ones(n), weights))
        return loss, _score(program.metric, hits, targets, weights)
    rows, counted = _batches(size, jnp.arange(n))
    losses, each = jax.lax.map(
        lambda own: block(Batch(inputs[own[0]], targets[own[0]], own[1], _at(weights, own[0]))), (rows, counted)
    )
    return (counted.sum(1) / n) @ losses, _score(program.metric, each.sum(0), targets, weights)


def _hits(metric: str, outputs: jax.Array, targets: jax.Array, weights: jax.Array) -> jax.Array:
    """What a score adds up, (members, 1 or outputs): right answers, or squared errors per output."""
    if metric == "r2":
        return (weights[None, :, None] * (outputs - targets[None]) ** 2).sum(1)
    if outputs.shape[-1] == 1:
        right = (outputs > 0.5).astype(jnp.float32) == targets[None]
    else:
        right = (outputs.argmax(-1) == targets.argmax(-1)[None])[..., None]
    return (weights[None, :, None] * right).sum(1)


def _score(metric: str, hits: jax.Array, targets: jax.Array, weights: jax.Array | None) -> jax.Array:
    if metric == "accuracy":
        return hits[:, 0] / (len(targets) if weights is None else weights.sum())
    share = jnp.ones((len(targets), 1)) if weights is None else weights[:, None]
    mean = (share * targets).sum(0, keepdims=True) / share.sum()
    spread = (share * (targets - mean) ** 2).sum(0, keepdims=True)
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
