"""Several faults at once: which changes are needed together, where no single one cures.

A run with too large a step on unscaled data, say, is cured by neither a smaller step nor scaled data alone. So a twin
with every usual remedy at once is trained; if it is cured, remedies are taken back one by one, and those that cannot
be taken back are the faults.
"""

from typing import NamedTuple

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.language import say
from gradoscope.networks import Experiment


class Part(NamedTuple):
    """A remedy, and the fault that it would prove."""

    fault: str
    remedy: str


ALWAYS = (
    Part("wrong-output-activation", "matched-output-and-loss"),
    Part("unscaled-targets", "standard-targets"),
    Part("unscaled-inputs", "standard-inputs"),
    Part("poor-initialisation", "suited-start"),
    Part("excessive-regularisation", "no-penalties"),
)
IN_TURN = (
    (),
    (Part("learning-rate-too-high", "lower-rate"),),
    (Part("learning-rate-too-high", "much-lower-rate"),),
    (Part("learning-rate-too-low", "higher-rate"),),
    (Part("wrong-hidden-activation", "suited-activation"), Part("learning-rate-too-high", "lower-rate")),
    (Part("wrong-hidden-activation", "suited-activation"), Part("learning-rate-too-low", "higher-rate")),
)


def combined(evidence: Evidence) -> list[Finding]:
    """The faults that are proven together, or nothing."""
    parts = next((parts for last in IN_TURN if _cures(evidence, parts := (*ALWAYS, *last))), None)
    if parts is None:
        return []
    needed = [part for part in parts if _apply(evidence, (part,)) != evidence.experiment]
    for part in list(needed):
        rest = [other for other in needed if other is not part]
        if rest and _cures(evidence, rest):
            needed = rest
    share = evidence.gain(evidence.trial(_apply(evidence, needed))).mean
    return [_finding(part, needed, share) for part in needed]


def _apply(evidence: Evidence, parts: "list[Part] | tuple[Part, ...]") -> Experiment:
    experiment = evidence.experiment
    for part in parts:
        experiment = remedies[part.remedy](experiment, evidence) or experiment
    return experiment


def _cures(evidence: Evidence, parts: "list[Part] | tuple[Part, ...]") -> bool:
    changed = _apply(evidence, parts)
    return changed != evidence.experiment and evidence.cures(changed)


def _finding(part: Part, needed: list[Part], share: float) -> Finding:
    others = " ".join(remedies[other.remedy].sentence() for other in needed if other is not part)
    explanation = say(
        "No single change cures this run. A twin with several at once picks up {share:.0%} of what it misses, and this "
        "one cannot be left out: {remedy}",
        share=share, remedy=remedies[part.remedy].sentence(),
    )  # fmt: skip
    together = say("The others: {others}", others=others) if others else ""
    return Finding(
        part.fault,
        Severity.CRITICAL,
        say("experiment"),
        f"{explanation} {together}".strip(),
        {"picked_up": share, "changes_needed": len(needed)},
        tuple(each.remedy for each in needed),
        confidence=0.9,
    )
