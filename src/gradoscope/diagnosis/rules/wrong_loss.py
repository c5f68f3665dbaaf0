"""The loss does not fit the targets or the task.

**Why it hurts.** A loss defines what the network is trained for. A categorical cross-entropy over a single output is
zero for every prediction, so nothing is learned. A loss for probabilities has no minimum at targets outside 0..1. The
mean absolute error of a class is least for the commoner class, so the constant answer is a minimum; squared error
after a sigmoid or softmax has a vanishing gradient exactly where the answer is most wrong.

**How it is seen.** Before training: the loss is defined on targets that these are not (fewer than two outputs for a
loss over classes, targets outside 0..1 for probabilities, negative counts). After training, when a classifier falls
short of what plain models reach: its loss is one for numbers whose best constant answer is the median; or a twin with
the matched pair of output and loss makes up at least half of what was missing.

**What to do.** Cross-entropy for classes, with its own output activation; squared or absolute error for numbers.

References: Bishop 2006, section 5.2; Golik, Doetsch & Ney 2013 (cross-entropy against squared error).
"""

from gradoscope.diagnosis.changes import loss_takes
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Number, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.rule import rule
from gradoscope.functions import losses
from gradoscope.functions.facts import Minimiser
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin with a loss for classes does better."""
    changed = remedies["matched-output-and-loss"](evidence.experiment, evidence)
    if not _counts_classes_as_numbers(evidence) or changed is None or not evidence.cures(changed):
        return None
    share = evidence.gain(evidence.trial(changed)).mean
    return _finding(evidence, Severity.WARNING, say(
        "{loss} is a loss for numbers; a twin with {other} picks up {share:.0%} of what this run misses.",
        loss=str(evidence.loss), other=str(changed.network.loss), share=share), {"picked_up": share})  # fmt: skip


@rule(lambda: say("Wrong loss"), before_training=True, attempt=against_twin)
def measure(evidence: Evidence) -> Finding | None:
    """What the loss is defined on against the targets; for classes, whether it asks for classes at all."""
    loss = losses[evidence.loss.name]
    if loss.rowwise and evidence.output.units == 1:
        return _finding(evidence, Severity.CRITICAL, say(
            "{loss} compares classes, and one output has nothing to compare with: the loss is the same for every "
            "prediction.", loss=loss.name), {})  # fmt: skip
    if not loss_takes(loss.targets, evidence.data):
        return _finding(evidence, Severity.CRITICAL, say(
            "{loss} is defined for {kind}; the training targets go from {low:.3g} to {high:.3g}.",
            loss=loss.name, kind=loss.targets.value, low=float(evidence.data.train.targets.min()),
            high=float(evidence.data.train.targets.max())), {})  # fmt: skip
    if not _counts_classes_as_numbers(evidence) or Minimiser("median") not in loss.facts or not evidence.failing:
        return None
    return _finding(evidence, Severity.WARNING, say(
        "{loss} of a class is least for the constant answer of the commoner class, and this run stays near it.",
        loss=loss.name), {})  # fmt: skip


def _counts_classes_as_numbers(evidence: Evidence) -> bool:
    return evidence.data.task != "regression" and "regression" in losses[evidence.loss.name].tasks


def _finding(evidence: Evidence, severity: Severity, explanation: str, figures: dict[str, Number]) -> Finding:
    return Finding(
        "wrong-loss",
        severity,
        "[network] loss",
        explanation,
        {"loss": str(evidence.loss), "task": evidence.data.task, **figures},
        ("matched-output-and-loss",),
        confidence=1.0,
    )
