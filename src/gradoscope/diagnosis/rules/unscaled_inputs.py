"""The inputs are on a scale on which this network cannot learn well.

**Why it hurts.** Starting weights are drawn for inputs of about unit size. Columns in the hundreds saturate or blow
up the first layer and force tiny steps; columns of a hundredth are drowned by the biases; and columns of very
different size give a loss that is steep in some directions and flat in others.

**How it is seen.** In the training rows as the network gets them: the root mean square of some column is above 10, or
over all columns below 0.1, or the spreads of the columns differ by more than a factor of 100 between the tenth and
the ninetieth percentile. That alone is a suspicion (before training it is said as a warning). After training the
finding stands only if the run falls short and a twin with standardised inputs, all else equal, makes up at least half
of what was missing.

**What to do.** `inputs = "standard"` in [data]: the mean and the spread of the training rows, applied to all rows.

References: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.3.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Number, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

LARGE, SMALL, UNEVEN = 10.0, 0.1, 100.0


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin with standardised inputs does better."""
    figures = _scales(evidence)
    if not _suspicious(evidence, figures):
        return None
    for name in ("standard-inputs", "standard-both"):
        changed = remedies[name](evidence.experiment, evidence)
        if changed is not None and evidence.cures(changed):
            share = evidence.gain(evidence.trial(changed)).mean
            proof = say("A twin with scaled data picks up {share:.0%} of what this run misses.", share=share)
            return _finding(Severity.WARNING, {**figures, "picked_up": share}, proof, 1.0)
    return None


@rule(lambda: say("Unscaled inputs"), before_training=True, attempt=against_twin)
def measure(evidence: Evidence) -> Finding | None:
    """Whether the columns are of unit size: a suspicion before training, a note where training coped."""
    figures = _scales(evidence)
    if not _suspicious(evidence, figures) or evidence.failing:
        return None
    return _finding(Severity.WARNING if evidence.run is None else Severity.NOTE, figures, "", 0.5)


def _scales(evidence: Evidence) -> dict[str, Number]:
    columns = evidence.data.train.inputs.astype(np.float64)
    sizes, spreads = np.sqrt((columns**2).mean(0)), columns.std(0)
    varying = spreads[spreads > 0] if (spreads > 0).any() else np.ones(1)
    low, high = np.quantile(varying, [0.1, 0.9])
    return {
        "largest_column": float(sizes.max()),
        "all_columns": float(np.sqrt((sizes**2).mean())),
        "ratio_of_spreads": float(high / low),
    }


def _suspicious(evidence: Evidence, figures: dict[str, Number]) -> bool:
    if evidence.experiment.data.inputs == "standard":
        return False
    large, small = float(figures["largest_column"]) > LARGE, float(figures["all_columns"]) < SMALL
    return large or small or float(figures["ratio_of_spreads"]) > UNEVEN


def _finding(severity: Severity, figures: dict[str, Number], proof: str, confidence: float) -> Finding:
    explanation = say(
        "The inputs are not of unit size: the largest column has a root mean square of {largest:.3g}, all columns "
        "together {together:.3g}, and their spreads differ by a factor of {ratio:.3g}.",
        largest=figures["largest_column"], together=figures["all_columns"], ratio=figures["ratio_of_spreads"],
    )  # fmt: skip
    return Finding(
        "unscaled-inputs",
        severity,
        "[data] inputs",
        f"{explanation} {proof}".strip(),
        figures,
        ("standard-inputs", "standard-both"),
        confidence,
    )
