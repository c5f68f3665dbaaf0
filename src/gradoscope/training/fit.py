"""Training on the host's side: the loop over epochs, where progress, early stopping and Ctrl-C live."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Prepared, Rows, prepare_experiment
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment, Moving, Params, Plan, TrainingSpec, apply, init, plan
from gradoscope.training.batches import Data
from gradoscope.training.checkpoint import Checkpoint, Stand
from gradoscope.training.epoch import Record, State, start, train_epoch
from gradoscope.training.evaluation import BLOCK_NUMBERS, Program
from gradoscope.training.objective import objective
from gradoscope.training.parallel import check_divisible, everywhere
from gradoscope.training.run import Curves, Outcome, Run, metric_of
from gradoscope.training.schedules import Plateau, after_epoch, no_plateau
from gradoscope.training.scores import score
from gradoscope.training.signals import Signals

OnEpoch = Callable[[int], None]
Enough = Callable[[Record], bool]
BLOCK_ROWS = 1024


def prepared_for(experiment: Experiment, folder: Path = Path()) -> Prepared:
    """The rows that an experiment trains on; `folder` is where its files lie (`gradoscope.data.prepare_experiment`)."""
    training, units = experiment.training, experiment.network.output.units
    return prepare_experiment(experiment.data, units, training.seed, folder, training.class_weight)


def fit(
    experiment: Experiment,
    data: Prepared,
    *,
    on_epoch: OnEpoch | None = None,
    enough: Enough | None = None,
    checkpoint: Checkpoint | None = None,
) -> Run:
    """Train one experiment.

    Parameters
    ----------
    experiment
        What to train.
    data
        Its prepared rows (`prepared_for`).
    on_epoch
        Called with the number of finished epochs after each one.
    enough
        Asked about the record of each epoch; True ends training.
    checkpoint
        Where it is kept how far training has come; where it exists, training goes on from it.

    Returns
    -------
    Run
        Ctrl-C ends training after the epoch under way; the run then keeps what was learned.

    Raises
    ------
    UsageError
        The network's outputs do not fit the targets.
    """
    rows = data.train, data.validation, data.task
    return fit_population([experiment], *rows, test=data.test, on_epoch=on_epoch, enough=enough, checkpoint=checkpoint)[
        0
    ]


def fit_population(
    experiments: Sequence[Experiment],
    train: Rows,
    validation: Rows,
    task: str,
    *,
    test: Rows | None = None,
    on_epoch: OnEpoch | None = None,
    enough: Enough | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    checkpoint: Checkpoint | None = None,
) -> list[Run]:
    """Train experiments that differ in activations, initialisers, loss and learning rate as one compiled program.

    All members see the same rows in the same batches and, where their initialisers are equal, start from equal weights.

    Parameters
    ----------
    experiments
        The members; equal in shapes, optimiser, batch size, epochs and seed.
    train, validation
        The rows of all of them; their weights, where given, count in losses and scores.
    task
        "binary", "multiclass" or "regression".
    test
        Rows that the returned parameters are judged on in the end.
    on_epoch
        Called with the number of finished epochs after each one.
    enough
        Asked about the record of each epoch; True ends training.
    cancelled
        Asked between epochs; True ends training.
    checkpoint
        Where it is kept how far training has come; where it exists, training goes on from it.

    Raises
    ------
    UsageError
        The experiments differ in more than that, or their outputs do not fit the targets.
    """
    program = program_of(experiments, task)
    _check_outputs(program.plan, train.targets)
    seed = experiments[0].training.seed
    check_divisible(experiments[0].training.batch_size, len(train.inputs))
    state = start(program, init([e.network for e in experiments], train.inputs.shape[1], seed))
    data = everywhere(Data.of(train, validation))
    spec, stands = experiments[0].training, no_plateau(len(experiments))
    rates = np.array([e.training.learning_rate for e in experiments], np.float32)
    kept = None if checkpoint is None else checkpoint.read(experiments, state)
    state, records, spent = kept or Stand(state, [], 0.0)
    state = everywhere(state)
    for record in records:
        stands = _on_plateau(spec, stands, record)
    began, halted = time.perf_counter() - spent, False
    with interruptible() as interrupted:
        for epoch in range(len(records), spec.epochs):
            if records and records[-1].stopped.all():
                break
            state, record = train_epoch(program, state, data, rates * stands.factor, seed, spec)
            records.append(jax.device_get(record))
            stands = _on_plateau(spec, stands, records[-1])
            if on_epoch is not None:
                on_epoch(epoch + 1)
            halted = enough is not None and enough(records[-1])
            ending = halted or interrupted() or cancelled()
            if checkpoint is not None and (ending or checkpoint.due()):
                checkpoint.write(experiments, Stand(state, records, time.perf_counter() - began))
            if ending:
                break
    seconds = (time.perf_counter() - began) / len(experiments)
    ended = halted or interrupted() or cancelled()
    return _runs(experiments, program, state, records, (train, test), seconds, ended)


def _on_plateau(spec: TrainingSpec, at: Plateau, record: Record) -> Plateau:
    if spec.schedule is None or spec.schedule.name != "plateau":
        return at
    losses = record.train_loss if spec.schedule.monitor == "train_loss" else record.validation_loss
    return after_epoch(spec.schedule, at, np.asarray(losses))


def program_of(experiments: Sequence[Experiment], task: str) -> Program:
    """What is compiled for a population; what may change without compiling again is left out."""
    trainings = {replace(e.training, learning_rate=1.0) for e in experiments}
    if len(trainings) != 1:
        raise UsageError(
            say("The experiments of a population may differ in the learning rate, but not in the rest of [training].")
        )
    networks = [e.network for e in experiments]
    compiled_in = replace(trainings.pop(), seed=0, epochs=1, decay=0.0, schedule=None, warm_up=0, class_weight=None)
    return Program(plan(networks), objective(networks), compiled_in, metric_of(task))


def _check_outputs(population: Plan, targets: NDArray[np.float32]) -> None:
    units, wanted = population.layers[-1].units, targets.shape[1]
    if units != wanted:
        raise UsageError(
            say(
                "The output layer has {units} units, but the targets have {wanted} columns; set units = {wanted}.",
                units=units,
                wanted=wanted,
            )
        )


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """In the main thread, the first Ctrl-C inside the block is noted, a second one interrupts as usual."""
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noted.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def note(_number: int, _frame: FrameType | None) -> None:
        noted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _runs(
    experiments: Sequence[Experiment],
    program: Program,
    state: State,
    records: list[Record],
    judged: tuple[Rows, Rows | None],
    seconds: float,
    ended: bool,
) -> list[Run]:
    kept = (state.best.params, state.best.moving) if state.best else (state.params, state.moving)
    params, moving = jax.device_get(kept)
    best_epochs = np.asarray(state.best.epoch) if state.best else np.full(len(experiments), len(records))
    history: Record = jax.tree.map(lambda *epochs: np.stack(epochs), *records)
    runs = []
    for member, experiment in enumerate(experiments):
        outcome, epochs = _outcome(history, member, ended)
        curves = Curves(*(np.asarray(curve[:epochs, member]) for curve in history[:3]))
        best = int(min(best_epochs[member], epochs))
        own = jax.tree.map(lambda array, member=member: array[member : member + 1], (params, moving))
        run = Run(
            experiment=experiment,
            params=own[0],
            moving=own[1],
            curves=curves,
            signals=Signals(*(signal[:epochs, member] for signal in history.signals)),
            outcome=outcome,
            best_epoch=best,
            train_score=float("nan"),
            validation_score=float(curves.validation_score[max(best, 1) - 1]),
            test_score=float("nan"),
            seconds=seconds,
        )
        runs.append(run)
    train, test = (_scores(program, params, moving, rows) for rows in judged)
    return [replace(run, train_score=train[i], test_score=test[i]) for i, run in enumerate(runs)]


def _scores(program: Program, params: Params, moving: Moving, rows: Rows | None) -> list[float]:
    if rows is None:
        return [float("nan")] * program.plan.members
    answers = outputs(program.plan, params, moving, rows.inputs)
    return [score(program.metric, own, rows.targets, rows.weights) for own in answers]


def _outcome(history: Record, member: int, ended: bool) -> tuple[Outcome, int]:
    """How a member ended, and after how many epochs."""
    total = len(history.train_loss)
    finite = np.isfinite(history.train_loss[:, member]) & np.isfinite(history.signals.weight_norm[:, member]).all(1)
    stopped = history.stopped[:, member]
    first_bad = int(np.argmin(finite)) + 1 if not finite.all() else total + 1
    first_stop = int(np.argmax(stopped)) + 1 if stopped.any() else total + 1
    if first_bad <= min(first_stop, total):
        return Outcome.NON_FINITE, first_bad
    if first_stop <= total:
        return Outcome.STOPPED_EARLY, first_stop
    return (Outcome.INTERRUPTED if ended else Outcome.MAX_EPOCHS), total


@partial(jax.jit, static_argnames="population")
def _outputs(population: Plan, params: Params, moving: Moving, inputs: jax.Array) -> jax.Array:
    return apply(population, params, moving, inputs).after[-1]


def outputs(population: Plan, params: Params, moving: Moving, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The outputs of every member, shape (members, rows, outputs).

    The rows go in blocks of one size, the last one filled up: one compiled program serves any number of rows.
    """
    widest = max(layer.units for layer in population.layers) * population.members
    size = max(1, min(BLOCK_ROWS, BLOCK_NUMBERS // widest))
    count = max(1, -(-len(inputs) // size))
    filled = np.concatenate([inputs, np.zeros((count * size - len(inputs), inputs.shape[1]), np.float32)])
    blocks = np.split(filled, count)
    parts = [np.asarray(_outputs(population, params, moving, block)) for block in blocks]
    return np.concatenate(parts, axis=1)[:, : len(inputs)]
