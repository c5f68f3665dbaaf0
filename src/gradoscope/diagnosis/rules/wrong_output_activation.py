"""The output activation cannot say what the targets ask for, or does not go with the loss.

**Why it hurts.** The output activation fixes what a network can say whatever its weights: a sigmoid nothing outside
0..1, a softmax only shares that sum to 1, and a softmax of a single unit only the number 1. A target out of reach
pulls the output into a corner where the gradient is zero. A loss that takes the logarithm of its input needs
probabilities: after ReLU, tanh or the identity it meets zeros and negative numbers, and only the clipping of the
library hides it.

**How it is seen.** Before training, from the activation's own values and the training targets: the output is
constant; more than 1 % of the targets lie out of its reach; the rows of the targets do not sum to what the rows of
the output sum to; one unit has to name more than two classes; or a logarithmic loss follows an activation that leaves
its domain. After training, when the score falls short of what plain models reach: another activation than the loss's
own was chosen, and a twin with the matched one makes up at least half of what was missing; or the output unit died.

**What to do.** Two classes: one sigmoid unit with binary cross-entropy. Several classes: softmax with categorical
cross-entropy. Numbers: identity with mean squared error (or targets scaled into the reach of the activation).

References: Bishop 2006, section 5.2; Humbatova et al. 2020 (taxonomy of real faults); Islam et al. 2019.
"""

import numpy as np

from gradoscope.diagnosis.changes import loss_takes
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Number, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.shapes import Reach, reach
from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.networks import Named

OUT_OF_REACH = 0.01  # share of the targets; fewer are outliers, not the task
FORMS = {"probabilities": (0.0, 1.0), "rates": (0.0, np.inf)}


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin with the loss's own output activation does better."""
    reason = _mismatched(evidence)
    return _finding(evidence, Severity.WARNING, *reason) if reason else None


@rule(lambda: say("Wrong output activation"), before_training=True, attempt=against_twin)
def measure(evidence: Evidence) -> Finding | None:
    """What the output can say against what it should say."""
    reason = _impossible(evidence, reach(evidence.output))
    return _finding(evidence, Severity.CRITICAL, *reason) if reason else None


def _finding(evidence: Evidence, severity: Severity, explanation: str, figures: dict[str, Number]) -> Finding:
    return Finding(
        "wrong-output-activation",
        severity,
        say("output layer"),
        explanation,
        {"activation": str(evidence.output.activation), "loss": str(evidence.loss), **figures},
        ("matched-output", "matched-output-and-loss"),
        confidence=1.0,
    )


def _impossible(evidence: Evidence, can: Reach) -> tuple[str, dict[str, Number]] | None:
    """Why the output can never be right, if so."""
    name, targets = str(evidence.output.activation), evidence.data.train.targets
    if can.constant:
        return say("{activation} with one unit gives {value:g} for every row, whatever its weights.",
                   activation=name, value=can.low), {}  # fmt: skip
    classes = len(evidence.data.classes or ())
    if evidence.output.units == 1 and classes > 2:
        return say("One output unit has to name {classes} classes; it can tell two apart.", classes=classes), {
            "classes": classes
        }
    if (outside := _outside(targets, can)) > OUT_OF_REACH:
        return say(
            "{share:.0%} of the targets lie out of the reach of {activation}: targets go from {low:.3g} to {high:.3g}, "
            "the output from {reach_low:g} to {reach_high:g}.",
            share=outside, activation=name, low=float(targets.min()), high=float(targets.max()),
            reach_low=can.low, reach_high=can.high,
        ), {"out_of_reach": outside}  # fmt: skip
    if can.rows_sum_to is not None and _sums_differ(targets, can.rows_sum_to):
        return say("The outputs of {activation} sum to {total:g} in every row; those of the targets do not.",
                   activation=name, total=can.rows_sum_to), {}  # fmt: skip
    return _outside_domain(evidence, can)


def _outside(targets: np.ndarray, can: Reach) -> float:
    slack = 0.01 * float(targets.std())
    return float(((targets < can.low - slack) | (targets > can.high + slack)).mean())


def _sums_differ(targets: np.ndarray, total: float) -> bool:
    return float((np.abs(targets.sum(1) - total) > 0.01 * max(1.0, abs(total))).mean()) > OUT_OF_REACH


def _outside_domain(evidence: Evidence, can: Reach) -> tuple[str, dict[str, Number]] | None:
    """A logarithmic loss after an activation that leaves its domain."""
    loss = losses[evidence.loss.name]
    own = evidence.output.activation == Named(loss.link)
    if own or loss.after_link not in FORMS or not loss_takes(loss.targets, evidence.data):
        return None
    low, high = FORMS[loss.after_link]
    if can.low >= low and can.high <= high:
        return None
    return say(
        "{loss} takes {form}, numbers from {low:g} to {high:g}; {activation} gives numbers from {reach_low:g} to "
        "{reach_high:g}, and where they leave the domain the gradient is zero or wrong.",
        loss=str(evidence.loss), form=loss.after_link, low=low, high=high,
        activation=str(evidence.output.activation), reach_low=can.low, reach_high=can.high,
    ), {}  # fmt: skip


def _mismatched(evidence: Evidence) -> tuple[str, dict[str, Number]] | None:
    """Another activation than the loss's own, or an output that died; the matched twin must do better."""
    dead = evidence.end[-1].dead
    suited = evidence.output.activation == Named(losses[evidence.loss.name].link)
    if suited and dead == 0:
        return None
    for name in ("matched-output", "matched-output-and-loss"):
        changed = remedies[name](evidence.experiment, evidence)
        if changed is not None and changed.network.output != evidence.output and evidence.cures(changed):
            return say(
                "{activation} does not go with {loss} here: a twin with {other} picks up {share:.0%} of what this run "
                "misses.",
                activation=str(evidence.output.activation), loss=str(evidence.loss),
                other=str(changed.network.output.activation), share=evidence.gain(evidence.trial(changed)).mean,
            ), {"dead_outputs": dead}  # fmt: skip
    return None
