"""One epoch as one compiled program: (state, data) -> (state, record). State continues, the record explains."""

import os
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.networks import LayerParams, Moving, Params, TrainingSpec, apply_training
from gradoscope.networks.plan import LayerPlan
from gradoscope.training.batches import Batch, Data, batches, cuts_of
from gradoscope.training.evaluation import Program, evaluate
from gradoscope.training.full_batch import FULL_BATCH, full_batch_changes
from gradoscope.training.measuring import EVERY, Seen, Step, between, epoch_signals, is_due, measured
from gradoscope.training.objective import Terms, data_losses, objectives
from gradoscope.training.optimizers import Factors, changes, factors
from gradoscope.training.schedules import rate_factors
from gradoscope.training.signals import BETWEEN_STEPS, IN_STEPS, Signals
from gradoscope.training.stacks import Stacks, kernel_changes, kernels, stacked
from gradoscope.training.state import Best, Record, State, packed, unpacked

ORDER, DROPOUT = 2**32 - 1, 2**32 - 2  # keys of random streams; those of the initialisers count layers from 0


def train_epoch(
    program: Program,
    state: State,
    data: Data,
    learning_rates: jax.Array | NDArray[np.floating],
    seed: int,
    spec: TrainingSpec | None = None,
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
    spec
        What says how the learning rates change, where that is not compiled in.
    """
    n, epoch = len(data.inputs), int(state.epoch)
    rates = rates_of(spec or program.training, learning_rates, epoch * steps_of(program.training, n), n)
    state, numbers = train_part(program, state, data, rates, *drawn(seed, epoch, n, program.training.shuffle))
    drawn(seed, epoch + 1, n, program.training.shuffle)  # for the next epoch, while this one is under way
    return state, unpacked(numbers)


@lru_cache(2 * (os.cpu_count() or 1))  # two epochs of as many trainings as may run side by side
def drawn(seed: int, epoch: int, n: int, shuffle: bool) -> tuple[NDArray[np.int32], np.uint32]:
    """The order of the rows in an epoch, and what its dropout masks are made of."""
    order = random_stream(seed, ORDER, epoch).permutation(n) if shuffle else np.arange(n)
    return order.astype(np.int32), random_stream(seed, DROPOUT, epoch).integers(2**32, dtype=np.uint32)


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
    rates = rates_of(program.training, learning_rates, int(state.updates), len(order))
    state, numbers = train_part(program, state, data, rates, order, np.uint32(0), terms)
    return state, unpacked(numbers)


def steps_of(training: TrainingSpec, n: int) -> int:
    """The number of updates in an epoch of n rows."""
    return -(-n // _batch_size(training, n))


def _batch_size(training: TrainingSpec, n: int) -> int:
    return n if training.optimizer == FULL_BATCH else min(training.batch_size, n)


def rates_of(
    spec: TrainingSpec, learning_rates: jax.Array | NDArray[np.floating], first: int, n: int
) -> NDArray[np.floating]:
    """The learning rates of the steps of an epoch, (steps, members)."""
    steps = steps_of(spec, n)
    changing = rate_factors(spec, first, steps, spec.epochs * steps)
    rates: NDArray[np.floating] = np.asarray(learning_rates)[None] * changing[:, None]
    return rates


def random_stream(seed: int, key: int, epoch: int) -> np.random.Generator:
    """Random numbers of an epoch, for one purpose (`key`)."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key, epoch)))


class Progress(NamedTuple):
    """What goes from step to step beside the state.

    The loss so far (members,), the units that a gradient has reached, and what the last step leaves for its signals.
    """

    state: State
    loss: jax.Array
    reached: jax.Array
    seen: Seen


class Stretches(NamedTuple):
    """What goes from stretch to stretch of an epoch.

    The loss so far (members,), the updates of the last step that was alone, and the sums of the signals that are
    measured in steps (signals, members, layers) and between them (signals, members, layers).
    """

    progress: Progress
    loss: jax.Array
    last: Stacks
    of_steps: jax.Array
    of_pairs: jax.Array


@partial(jax.jit, static_argnames="program", donate_argnames="state")
def train_part(
    program: Program,
    state: State,
    data: Data,
    learning_rates: NDArray[np.floating],
    order: NDArray[np.int32],
    dropout: np.uint32,
    terms: Terms | None = None,
) -> tuple[State, jax.Array]:
    """The compiled epoch: one pass over rows in a given order, judged if there are validation rows.

    With the state comes a packed `Record`.
    """
    size = _batch_size(program.training, len(order))
    steps = -(-len(order) // size)
    rows_at = batches(data, jnp.asarray(order), size, jax.random.key(dropout))
    scalars = factors(program.training, jnp.asarray(learning_rates), state.updates + jnp.arange(steps))

    def batch_at(number: jax.Array) -> Batch:
        own = rows_at(number)
        weights = None if terms is None else own.weights
        return own if weights is None else own._replace(counted=own.counted * weights, weights=None)

    def step(number: jax.Array, progress: Progress) -> Progress:
        batch = batch_at(number)
        share = batch.counted.sum() / len(order) if terms is None else terms.share[number]
        moved, loss, seen, reached = advance(
            program, progress.state, batch, tuple(each[number] for each in scalars), terms
        )
        return Progress(moved, progress.loss + share * loss, progress.reached | reached, seen)

    def stretch(number: jax.Array, carry: Stretches) -> Stretches:
        first, stop, is_measured, follows = (jnp.asarray(each)[number] for each in cuts)
        before, batch = carry.progress.state, batch_at(first)
        fresh = carry.progress._replace(loss=jnp.zeros_like(carry.loss))
        progress = jax.lax.fori_loop(first, jnp.where(due, stop, steps), step, fresh)
        alone = due & (is_measured | follows)  # else updates of many steps: of no use, and not free
        updates = jax.lax.cond(alone, lambda: kernel_changes(before.params, progress.state.params), lambda: carry.last)
        began = Step(before.params, before.moving, batch.inputs, batch.counted, batch.key)
        shown = partial(measured, program.plan, began, progress.seen, updates, weighted=terms is not None)
        of_steps = jax.lax.cond(
            due & is_measured, lambda so_far: so_far + shown(), lambda so_far: so_far, carry.of_steps
        )
        turned = partial(between, carry.last, updates)
        of_pairs = jax.lax.cond(due & follows, lambda so_far: so_far + turned(), lambda so_far: so_far, carry.of_pairs)
        return Stretches(progress, carry.loss + progress.loss, updates, of_steps, of_pairs)

    cuts, due = cuts_of(steps, len(order) // size, EVERY), is_due(state.epoch, steps)
    end = jax.lax.fori_loop(0, jnp.where(due, len(cuts.start), 1), stretch, _beginning(program, state, size))
    means = jnp.concatenate([end.of_steps / cuts.measured.sum(), end.of_pairs / cuts.follows.sum()])
    moved = end.progress.state._replace(measured=jnp.where(due, means, state.measured))
    signals = epoch_signals(program.plan, moved.params, end.progress.reached, moved.measured)
    return closed(program, moved, data, end.loss, signals)


def closed(
    program: Program, state: State, data: Data, train_loss: jax.Array, signals: Signals
) -> tuple[State, jax.Array]:
    """The epoch is over: the state after it, and its packed `Record`."""
    loss = score = jnp.full(program.plan.members, jnp.nan)
    if data.validation_inputs is not None and data.validation_targets is not None:
        validation = data.validation_inputs, data.validation_targets, data.validation_weights
        loss, score = evaluate(program, state.params, state.moving, *validation)
    state = _judged(program, state._replace(epoch=state.epoch + 1), loss)
    stopped = state.best.stopped if state.best else jnp.zeros(program.plan.members, bool)
    return state, packed(train_loss, loss, score, stopped, signals)


def _beginning(program: Program, state: State, size: int) -> Stretches:
    """Before the first step; `seen` is filled by it."""
    members, layers = program.plan.members, program.plan.layers
    reached = stacked([jnp.zeros((members, layer.units), bool) for layer in layers])
    seen = Seen(tuple(jnp.zeros_like(layer.kernel) for layer in state.params), _nudges(state.params, size))
    loss = jnp.zeros(members, state.measured.dtype)
    nothing = [jnp.zeros((len(names), members, len(layers)), loss.dtype) for names in (IN_STEPS, BETWEEN_STEPS)]
    last: Stacks = jax.tree.map(jnp.zeros_like, kernels(state.params))
    return Stretches(Progress(state, loss, reached, seen), loss, last, *nothing)


def _nudges(params: Params, size: int) -> tuple[jax.Array, ...]:
    """Nothing, in the shapes of what goes into the activations."""
    return tuple(jnp.zeros((len(own.bias), size, own.bias.shape[1]), own.bias.dtype) for own in params)


def advance(
    program: Program, state: State, batch: Batch, scalars: Factors, terms: Terms | None
) -> tuple[State, jax.Array, Seen, jax.Array]:
    """The state after a step, its loss (members,), what its signals need, and which units a gradient reached."""

    def losses(params: Params, nudges: tuple[jax.Array, ...]) -> tuple[jax.Array, tuple[jax.Array, Moving]]:
        trace = apply_training(
            program.plan, params, state.moving, batch.inputs, batch.counted, batch.key, nudges=nudges
        )
        loss = data_losses(program.objective, program.plan, trace.before[-1], *batch[1:4])
        minimised, recorded = objectives(program.objective, params, loss, batch.counted, terms)
        return minimised, (recorded, trace.moving)

    def total_loss(params: Params, nudges: tuple[jax.Array, ...]) -> tuple[jax.Array, tuple[jax.Array, Moving]]:
        minimised, shown = losses(params, nudges)
        return minimised.sum(), shown

    nudges = _nudges(state.params, len(batch.inputs))
    (grads, errors), (loss, moving) = jax.grad(total_loss, (0, 1), has_aux=True)(state.params, nudges)
    if program.training.optimizer == FULL_BATCH:
        minimised = partial(lambda nudges, params: losses(params, nudges)[0], nudges)
        updates, opt_state = full_batch_changes(minimised, state.params, grads, state.opt_state)
    else:
        updates, opt_state = changes(program.training, state.params, grads, state.opt_state, scalars)
    params = jax.tree.map(jnp.add, state.params, updates)
    moved = state._replace(params=params, moving=moving, opt_state=opt_state, updates=state.updates + 1)
    reached = stacked([_reached(*each) for each in zip(program.plan.layers, grads, errors, strict=True)])
    return moved, loss, Seen(tuple(own.kernel for own in grads), errors), reached


def _reached(layer: LayerPlan, grads: LayerParams, error: jax.Array) -> jax.Array:
    """Which units a gradient has reached, (members, units); sums over the rows show it where there are any."""
    if grads.offset is not None:
        return grads.offset != 0
    return grads.bias != 0 if layer.use_bias else (error != 0).any(1)


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
