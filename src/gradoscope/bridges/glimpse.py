"""What can be said of a model that cannot be written down as an experiment: from its signals, units and answers.

Rules that read rows, curves and scores alone are asked as they are; gradients are looked at layer by layer, and units
in a pass over rows that were seen. What would need the layers as an experiment is named as not judged.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.chain import UntranslatableError
from gradoscope.bridges.rebuilding import Goal, signals_of, validation_loss
from gradoscope.bridges.recording import Array, Batch, NonFinite, Recorder
from gradoscope.bridges.rows import Seen, seen, written
from gradoscope.data import prepare_experiment
from gradoscope.diagnosis import Diagnosis, Finding, Severity
from gradoscope.diagnosis.causes import ordered
from gradoscope.diagnosis.evidence import Evidence, Trial
from gradoscope.diagnosis.examine import score_of
from gradoscope.diagnosis.merits import merits
from gradoscope.diagnosis.rule import rules
from gradoscope.functions import activations, losses
from gradoscope.functions.facts import Dead, Saturates
from gradoscope.language import say
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec
from gradoscope.training import Curves, Outcome, Run, metric_of, score
from gradoscope.training.passes import bounded
from gradoscope.training.slopes import slopes

MOST_ROWS = 2048  # rows of the pass over units
GONE = 1e-4  # of the gradient per weight, from the last layer to the first: eight layers that each lose two thirds
GROWN = 1e3
MOST = 0.5  # share of dead units or of flat values that is too many
STUCK = 0.95  # of its first value, a loss that ends above it has not fallen
HERE = ("non-finite", "exploding-gradient", "vanishing-gradient", "dead-units", "saturated-units")

Outputs = NDArray[np.float32]


class Look(NamedTuple):
    """An activation over some rows: where, which, the share of its units that are dead, and of values on flat ends."""

    place: str
    activation: str
    dead: float
    flat: float


class Watching(NamedTuple):
    """What a library can tell about its model: its answers to rows, its activations, its goal, told validation rows."""

    answers: Callable[[Array], Outputs]
    looks: Callable[[Array], Sequence[Look]]
    goal: Callable[[], Goal]
    told: Batch | None
    seconds: float


def look(place: str, name: str, before: Array) -> Look | None:
    """What went into an activation, (rows, ...), judged by its slopes; None for one that has no flat parts."""
    if name not in activations:
        return None
    entry = activations[name]
    if not entry.elementwise or not any(isinstance(fact, Dead | Saturates) for fact in entry.facts):
        return None
    slope, flat = (np.asarray(array) for array in slopes(Named(name), jnp.asarray(before, jnp.float32)))
    axis = 1 if slope.ndim > 3 else -1  # the channels of images, else what a dense layer gives
    dead = float((np.moveaxis(slope, axis, 0).reshape(slope.shape[axis], -1).max(1) == 0).mean())
    return Look(place, name, dead, float(flat.mean()) if bounded(Named(name)) else 0.0)


def glimpse(watching: Watching, recorder: Recorder, obstacle: str, folder: Path) -> Diagnosis:
    """Findings from what was seen; `obstacle` says why the model is no experiment.

    Parameters
    ----------
    watching
        The library's side.
    recorder
        What was recorded of the loop.
    obstacle
        Part of a sentence.
    folder
        For a file of rows.
    """
    evidence, untold = None, ""
    try:
        evidence = _scored(watching, recorder, folder)
    except UntranslatableError as reason:
        untold = str(reason)
    failing = evidence.failing if evidence else _stuck(recorder)
    looks = watching.looks(_some_rows(recorder)) if recorder.batches else []
    asked = {fault: rule for fault, rule in rules.items() if rule.of_scores} if evidence else {}
    findings = [
        *_numbers(recorder.non_finite()),
        *_gradients(recorder, failing=failing),
        *_units(looks, failing=failing),
        *(found for rule in asked.values() if evidence and (found := rule.measure(evidence))),
    ]
    left = [rule.title() for fault, rule in rules.items() if fault not in (*asked, *HERE)]
    outcome = say(
        "The model is judged by its signals, units and answers, because {obstacle}. Not judged: {rules}.",
        obstacle=obstacle, rules=", ".join(left),
    )  # fmt: skip
    if untold:
        outcome += " " + say("Scores are not known, because {reason}.", reason=untold)
    return Diagnosis(ordered(findings), outcome, score_of(evidence) if evidence else None)


def _some_rows(recorder: Recorder) -> Array:
    """The first rows that were seen and are shaped alike."""
    first = recorder.batches[0].inputs
    enough = recorder.batches[: -(-MOST_ROWS // len(first))]
    return np.concatenate([batch.inputs for batch in enough if batch.inputs.shape[1:] == first.shape[1:]])[:MOST_ROWS]


def _scored(watching: Watching, recorder: Recorder, folder: Path) -> Evidence:
    """Evidence whose scores are the model's own; its experiment tells the data and the loss, nothing of the layers."""
    rows, goal = seen(recorder, watching.told), watching.goal()
    outputs = [_answered(watching, recorder, goal, part.inputs) for part in (rows.train, rows.validation)]
    data = written(rows, goal.loss, outputs[0].shape[1], folder)
    output = Layer(outputs[0].shape[1], Named(losses[goal.loss.name].link))
    experiment = Experiment(data, NetworkSpec(output, goal.loss))
    prepared = prepare_experiment(data, output.units, experiment.training.seed, folder)
    metric, parts = metric_of(prepared.task), (prepared.train, prepared.validation)
    scores = [score(metric, own, part.targets) for own, part in zip(outputs, parts, strict=True)]
    train, validation = (merits(metric, own, part.targets) for own, part in zip(outputs, parts, strict=True))
    run = _run(recorder, rows, experiment, scores, watching.seconds)
    return Evidence(experiment, folder, prepared, run, Trial(run, validation, train))


def _answered(watching: Watching, recorder: Recorder, goal: Goal, flat: Array) -> Outputs:
    """What the model says for flattened rows, as values of the output activation."""
    first = recorder.batches[0].inputs
    raw = watching.answers(flat.reshape(-1, *first.shape[1:]).astype(first.dtype)).reshape(len(flat), -1)
    if goal.takes == "log_probabilities":
        return np.exp(raw)
    if goal.takes == "logits":
        return np.asarray(activations[losses[goal.loss.name].link](raw), np.float32)
    return raw


def _run(recorder: Recorder, rows: Seen, experiment: Experiment, scores: Sequence[float], seconds: float) -> Run:
    loss = recorder.losses()
    epochs = len(loss)
    return Run(
        experiment=experiment,
        params=(),
        moving=(),
        curves=Curves(loss, validation_loss(recorder, rows), np.full(epochs, np.nan, np.float32)),
        signals=signals_of(recorder.signals(), epochs),
        outcome=Outcome.NON_FINITE if recorder.non_finite() else Outcome.MAX_EPOCHS,
        best_epoch=epochs,
        train_score=scores[0],
        validation_score=scores[1],
        test_score=float("nan"),
        seconds=seconds,
    )


def _stuck(recorder: Recorder) -> bool:
    """Whether the loss, for want of scores, says that nothing was learned."""
    loss = recorder.losses()
    seen_twice = len(loss) > 1 and bool(np.isfinite(loss[[0, -1]]).all())
    return recorder.non_finite() is not None or (seen_twice and bool(loss[-1] > loss[0] - (1 - STUCK) * abs(loss[0])))


def _numbers(where: NonFinite | None) -> Iterator[Finding]:
    if where is not None:
        sentence = say("The numbers became infinite or NaN in step {step}.", step=where.step)
        remedies = ("lower-rate", "standard-inputs", "clipping")
        place = where.layer or say("training loss")
        yield Finding("non-finite", Severity.CRITICAL, place, sentence, {"step": where.step}, remedies, confidence=1.0)


def _gradients(recorder: Recorder, *, failing: bool) -> Iterator[Finding]:
    """Gradients per weight from the last layer to the first, and how far they grew."""
    signals, layers = recorder.signals(), recorder.layers
    if not failing or not layers or not len(signals.gradient_norm):
        return
    with np.errstate(all="ignore"):
        each = signals.gradient_norm[0] / signals.weight_norm[0]
        passed, growth = float(each[0] / each[-1]), _growth(recorder)
    if passed < GONE:
        yield Finding("vanishing-gradient", Severity.WARNING, layers[0], say(
            "In the first epoch the gradient per weight in {first} is {share:.2g} of that in {last}.",
            first=layers[0], last=layers[-1], share=passed,
        ), {"gradient_left": passed}, ("suited-activation", "suited-start", "normalisation"))  # fmt: skip
    if growth > GROWN or passed > 1 / GONE:
        yield Finding("exploding-gradient", Severity.WARNING, say("all layers"), say(
            "Gradients or weights grow by a factor of {growth:.3g} during training, and by {share:.3g} from the last "
            "layer to the first.", growth=growth, share=passed,
        ), {"growth_in_training": growth, "growth_on_the_way": passed},
            ("suited-start", "standard-inputs", "lower-rate", "clipping"))  # fmt: skip


def _growth(recorder: Recorder) -> float:
    """How far the norms of a run that broke grew from its first measured step on."""
    if recorder.non_finite() is None:
        return 1.0
    growths = [1.0]
    for norms in ([s.gradient for s in recorder.steps], [s.weight for s in recorder.steps]):
        known = [each for each in norms if each is not None]
        if known:
            growths.append(float(np.nanmax(np.where(known[0] > 0, np.array(known) / known[0], np.nan), initial=1.0)))
    return max(growths)


def _units(looks: Sequence[Look], *, failing: bool) -> Iterator[Finding]:
    """The activation with the most dead units, and the one with the most values on flat ends."""
    severity = Severity.WARNING if failing else Severity.NOTE
    dead, flat = (max(looks, key=lambda seen: seen[part], default=None) for part in (2, 3))
    if dead is not None and dead.dead > MOST:
        yield Finding("dead-units", severity, dead.place, say(
            "{share:.0%} of the units of {place} have the slope zero on all rows that were looked at.",
            share=dead.dead, place=dead.place,
        ), {"dead": dead.dead}, ("suited-activation", "lower-rate", "suited-start", "normalisation"))  # fmt: skip
    if flat is not None and flat.flat > MOST:
        yield Finding("saturated-units", severity, flat.place, say(
            "{share:.0%} of all values of {place} lie on the flat ends of {activation}.",
            share=flat.flat, place=flat.place, activation=flat.activation,
        ), {"flat": flat.flat}, ("suited-activation", "suited-start", "standard-inputs", "normalisation"))  # fmt: skip
