"""From a watched loop to an experiment, its rows and its run, as if it had been trained here."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.chain import IDENTITY, Chain
from gradoscope.bridges.epochs import How
from gradoscope.bridges.recording import Batch, Recorder, WatchedSignals
from gradoscope.bridges.rows import Seen, seen, validation_batches, written
from gradoscope.data import Prepared, prepare_experiment
from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, Params, TrainingSpec, plan
from gradoscope.training import Curves, Outcome, Run, Signals, metric_of, outputs, score

Curve = NDArray[np.float32]


class Goal(NamedTuple):
    """A loss: its name here, and what it takes ("values", "logits", "probabilities", "log_probabilities")."""

    loss: Named
    takes: str
    place: str


class Mismatch(NamedTuple):
    """What is wrong between model, loss and targets whatever the weights: a fault, its place, a sentence, remedies."""

    fault: str
    where: str
    sentence: str
    remedies: tuple[str, ...] = ("matched-output", "matched-output-and-loss")


class Loop(NamedTuple):
    """A training loop in the words of an experiment.

    `optimiser` holds fields of TrainingSpec, `l2` the penalty that its weight decay amounts to, `mismatch` what
    was seen to be wrong whatever the weights.
    """

    chain: Chain
    goal: Goal
    optimiser: dict[str, Any]
    l2: float
    seconds: float
    validation: Batch | None = None
    mismatch: Mismatch | None = None


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """An experiment, its rows and its run as they were watched, the weights it started from, and what is not known."""

    experiment: Experiment
    data: Prepared
    run: Run
    start: Params
    mismatch: Mismatch | None
    remarks: tuple[str, ...]


def rebuilt(loop: Loop, recorder: Recorder, folder: Path) -> Rebuilt:
    """The loop as if it had been trained here; its rows are written to a file in `folder`.

    Raises
    ------
    UntranslatableError
        The rows or their targets were not seen, or are of a kind that no experiment has.
    """
    rows = seen(recorder, loop.validation)
    output, mismatch = _output(loop.chain.layers[-1], loop.goal)
    layers = [replace(layer, l2=layer.l2 + loop.l2) for layer in (*loop.chain.layers[:-1], output)]
    network = NetworkSpec(hidden=tuple(layers[:-1]), output=layers[-1], loss=loop.goal.loss)
    data = written(rows, loop.goal.loss, output.units, folder)
    experiment = Experiment(data, network, _training(loop, recorder))
    prepared = prepare_experiment(data, output.units, experiment.training.seed, folder)
    run = _run(loop, recorder, experiment, prepared, validation_loss(recorder, rows))
    return Rebuilt(
        experiment, prepared, run, loop.chain.start, loop.mismatch or mismatch, tuple(_remarks(recorder, rows))
    )


def _output(layer: Layer, goal: Goal) -> tuple[Layer, Mismatch | None]:
    """The output layer whose activation the loss applies itself, and what is wrong if the model has one already."""
    link, given = Named(losses[goal.loss.name].link), layer.activation
    if goal.takes not in ("logits", "log_probabilities"):
        return layer, None
    matched = replace(layer, activation=link)
    takes_logs = goal.takes == "log_probabilities"
    if given.name == "log_softmax" or (given == IDENTITY and not takes_logs):
        return matched, None
    if takes_logs:
        sentence = say(
            "{loss} takes logarithms of probabilities, but the model ends in {activation}.",
            loss=goal.place, activation=str(given),
        )  # fmt: skip
        return matched, Mismatch("wrong-output-activation", say("output layer"), sentence)
    sentence = say(
        "{loss} applies {link} itself, but the model already ends in {activation}: the outputs are squashed twice.",
        loss=goal.place, link=str(link), activation=str(given),
    )  # fmt: skip
    return matched, Mismatch("wrong-output-activation", say("output layer"), sentence)


def _training(loop: Loop, recorder: Recorder) -> TrainingSpec:
    rates = [step.rate for step in recorder.steps]
    sizes = Counter(len(batch.inputs) for batch in recorder.batches) or Counter(step.rows for step in recorder.steps)
    return TrainingSpec(
        learning_rate=rates[0] or max(rates),
        batch_size=sizes.most_common(1)[0][0],
        epochs=len(recorder.epochs().ends),
        **loop.optimiser,
    )


def _run(loop: Loop, recorder: Recorder, experiment: Experiment, data: Prepared, validation: Curve) -> Run:
    train_loss, signals = recorder.losses(), recorder.signals()
    finite = np.isfinite(train_loss) & np.isfinite(signals.weight_norm).all(1)
    epochs = len(finite) if finite.all() else int(finite.argmin()) + 1
    population, metric = plan([experiment.network]), metric_of(data.task)
    scores = [
        score(metric, outputs(population, loop.chain.params, loop.chain.moving, part.inputs)[0], part.targets)
        for part in (data.train, data.validation)
    ]
    course = np.full(epochs, np.nan, np.float32)
    course[-1] = scores[1]
    return Run(
        experiment=experiment,
        params=loop.chain.params,
        moving=loop.chain.moving,
        curves=Curves(train_loss[:epochs], validation[:epochs], course),
        signals=signals_of(signals, epochs),
        outcome=Outcome.MAX_EPOCHS if finite.all() else Outcome.NON_FINITE,
        best_epoch=epochs,
        train_score=scores[0],
        validation_score=scores[1],
        test_score=float("nan"),
        seconds=loop.seconds,
    )


def signals_of(watched: WatchedSignals, epochs: int) -> Signals:
    """What was watched; the other signals are not known."""
    unknown = np.full_like(watched.weight_norm[:epochs], np.nan)
    known = {name: signal[:epochs] for name, signal in watched._asdict().items()}
    return Signals(**{name: known.get(name, unknown) for name in Signals._fields})


def validation_loss(recorder: Recorder, rows: Seen) -> Curve:
    """Loss on the validation rows per epoch: as it was seen last, or that of training where those rows stand in."""
    if rows.stand_in or not recorder.evaluations:
        return recorder.losses()
    batches = validation_batches(recorder, rows.train)
    blocks = _blocks(recorder, batches)
    found = np.full(len(recorder.epochs().ends), np.nan, np.float32)
    for number, end in enumerate(recorder.epochs().ends):
        before = [loss for after, loss in blocks if after <= end]
        found[number] = before[-1] if before else np.nan
    return found


def _blocks(recorder: Recorder, chosen: Sequence[bool]) -> list[tuple[int, float]]:
    """After how many steps the validation rows were looked at, and their loss; blocks repeat the first one."""
    blocks: list[tuple[int, float]] = []
    for after in dict.fromkeys(each.after for each in recorder.evaluations):
        own = [each for each in recorder.evaluations if each.after == after]
        kept = [each for each, mine in zip(own, chosen, strict=False) if mine]
        total = sum(each.rows for each in kept)
        blocks.append((after, sum(each.loss * each.rows for each in kept) / total if total else float("nan")))
    return blocks


def _remarks(recorder: Recorder, rows: Seen) -> Iterator[str]:
    if rows.stand_in:
        yield say(
            "No rows outside training were seen; every fifth training row stands in for them, so that overfitting "
            "cannot be seen."
        )
    rates = [step.rate for step in recorder.steps]
    if min(rates) != max(rates):
        yield say(
            "The learning rate changed between {low:g} and {high:g}; twins are trained with {first:g} throughout.",
            low=min(rates), high=max(rates), first=rates[0] or max(rates),
        )  # fmt: skip
    if recorder.epochs().how is How.UNKNOWN:
        yield say("No end of an epoch was seen, so all steps count as one; call epoch_end() after each.")
    if recorder.cut:
        yield say("More rows were seen than are kept; the first ones stand for all.")
