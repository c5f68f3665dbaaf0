"""Training on the host's side: the loop over epochs, where progress, early stopping and Ctrl-C live."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Prepared, Rows, Streamed, prepare_experiment, rows_fingerprint, stream
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment, Moving, Params, Plan, TrainingSpec, init, plan
from gradoscope.training.batches import Data
from gradoscope.training.checkpoint import Checkpoint, Stand
from gradoscope.training.epoch import train_epoch
from gradoscope.training.evaluation import Program, outputs
from gradoscope.training.full_batch import FULL_BATCH
from gradoscope.training.interrupting import interruptible
from gradoscope.training.objective import objective
from gradoscope.training.parallel import check_divisible, everywhere
from gradoscope.training.run import Curves, Outcome, Run, metric_of
from gradoscope.training.schedules import Plateau, after_epoch, no_plateau
from gradoscope.training.scores import score
from gradoscope.training.signals import Signals
from gradoscope.training.state import Record, State, start
from gradoscope.training.streaming import BUFFER_ROWS, epoch_buffers, stream_epoch

OnEpoch = Callable[[int], None]
Enough = Callable[[Record], bool]
OneEpoch = Callable[[State, NDArray[np.float32]], tuple[State, Record]]


def prepared_for(experiment: Experiment, folder: Path = Path()) -> Prepared:
    """The rows that an experiment trains on; `folder` is where its files lie (`gradoscope.data.prepare_experiment`)."""
    training, units = experiment.training, experiment.network.output.units
    return prepare_experiment(experiment.data, units, training.seed, folder, training.class_weight)


def streamed_for(experiment: Experiment, folder: Path = Path()) -> Streamed:
    """The rows of an experiment with `stream = true`, which stay in their file (`gradoscope.data.stream`)."""
    training, units = experiment.training, experiment.network.output.units
    return stream(experiment.data, units, training.seed, folder, training.class_weight)


def fit(
    experiment: Experiment,
    data: Prepared | Streamed,
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
        Its prepared rows (`prepared_for`, `streamed_for`). Of streamed ones at most five buffers of 2**18 rows are in
        memory beside the validation and test rows, and the score of training rows is that of one buffer. The first
        epoch keeps what it decodes on the disk (`gradoscope.data.spool`).
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
    watch = Watch(on_epoch, enough, lambda: False, checkpoint)
    if isinstance(data, Streamed):
        return _fit_streamed(experiment, data, watch)
    return _fit_rows([experiment], data.train, data.validation, data.task, data.test, watch)[0]


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
    watch = Watch(on_epoch, enough, cancelled, checkpoint)
    return _fit_rows(experiments, train, validation, task, test, watch)


class Watch(NamedTuple):
    """Who is told of the end of an epoch and may end training; see `fit_population`."""

    on_epoch: OnEpoch | None
    enough: Enough | None
    cancelled: Callable[[], bool]
    checkpoint: Checkpoint | None


def _fit_rows(
    experiments: Sequence[Experiment], train: Rows, validation: Rows, task: str, test: Rows | None, watch: Watch
) -> list[Run]:
    program, spec = program_of(experiments, task), experiments[0].training
    _check_outputs(program.plan, train.targets)
    check_divisible(spec.batch_size, len(train.inputs))
    data = everywhere(Data.of(train, validation))
    if watch.checkpoint is not None:
        watch.checkpoint.rows = rows_fingerprint((train, validation, test))

    def one_epoch(state: State, rates: NDArray[np.float32]) -> tuple[State, Record]:
        return train_epoch(program, state, data, rates, spec.seed, spec)

    return _trained(experiments, program, one_epoch, (train, test), watch)


def _fit_streamed(experiment: Experiment, data: Streamed, watch: Watch, most: int = BUFFER_ROWS) -> Run:
    program, spec = program_of([experiment], data.task), experiment.training
    if spec.optimizer == FULL_BATCH:
        raise UsageError(
            say("lbfgs takes each step on all rows, and stream = true reads them in parts; choose another optimizer.")
        )
    _check_outputs(program.plan, data.validation.targets)
    check_divisible(spec.batch_size, data.n_train)
    validation = everywhere(Data.of(data.validation.at(slice(0)), data.validation))
    if watch.checkpoint is not None:
        watch.checkpoint.rows = data.fingerprint

    def one_epoch(state: State, rates: NDArray[np.float32]) -> tuple[State, Record]:
        return stream_epoch(program, state, data, validation, rates, spec, most)

    sample = next(epoch_buffers(data, spec, 0, most))
    return _trained([experiment], program, one_epoch, (sample, data.test), watch)[0]


def _trained(
    experiments: Sequence[Experiment],
    program: Program,
    one_epoch: OneEpoch,
    judged: tuple[Rows, Rows | None],
    watch: Watch,
) -> list[Run]:
    """Epoch after epoch until it is enough; the returned parameters are judged on training and test rows."""
    spec, stands, checkpoint = experiments[0].training, no_plateau(len(experiments)), watch.checkpoint
    state = start(program, init([e.network for e in experiments], judged[0].inputs.shape[1], spec.seed))
    rates = np.array([e.training.learning_rate for e in experiments], np.float32)
    kept = None if checkpoint is None else checkpoint.read(experiments, state)
    state, records, spent = kept or Stand(state, [], 0.0)
    state = everywhere(state, compared=False)
    for record in records:
        stands = _on_plateau(spec, stands, record)
    began, halted = time.perf_counter() - spent, False
    with interruptible() as interrupted:
        for epoch in range(len(records), spec.epochs):
            if records and records[-1].stopped.all():
                break
            state, record = one_epoch(state, rates * stands.factor)
            records.append(record)
            stands = _on_plateau(spec, stands, record)
            if watch.on_epoch is not None:
                watch.on_epoch(epoch + 1)
            halted = watch.enough is not None and watch.enough(record)
            ending = halted or interrupted() or watch.cancelled()
            if checkpoint is not None and (ending or checkpoint.due()):
                checkpoint.write(experiments, Stand(state, records, time.perf_counter() - began))
            if ending:
                break
    seconds, ended = (time.perf_counter() - began) / len(experiments), halted or interrupted() or watch.cancelled()
    return _runs(experiments, program, state, records, judged, seconds, ended)


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
    compiled_in = replace(trainings.pop(), seed=0, epochs=1, decay=0.0, schedule=None, warm_up=0, class_weight=None)
    networks = [e.network for e in experiments]
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
