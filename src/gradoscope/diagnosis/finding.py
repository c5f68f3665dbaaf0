"""What a diagnosis says: findings, and the document that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gradoscope.language import say

Number = float | int | str


class Severity(Enum):
    """How much a finding matters."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "note"

    @property
    def title(self) -> str:
        """The severity in words."""
        match self:
            case Severity.CRITICAL:
                return say("critical")
            case Severity.WARNING:
                return say("warning")
            case Severity.NOTE:
                return say("note")


@dataclass(frozen=True)
class Finding:
    """One named fault, with place, evidence and what to do.

    Parameters
    ----------
    fault
        Its name, as `rules` knows it.
    severity
        CRITICAL and WARNING stand; a NOTE is harmless here and leaves the verdict healthy.
    where
        The place in the experiment, in words.
    explanation
        What was measured and why it hurts, in sentences.
    evidence
        The figures behind it, by name.
    remedies
        Names of remedies, the first one first.
    confidence
        Between 0 and 1: 1 where the fault follows from the experiment alone or a repaired twin was trained.
    seen_in
        In how many of how many starts it shows, where several were looked at.
    because_of, cause_of
        Other findings of the same diagnosis.
    """

    fault: str
    severity: Severity
    where: str
    explanation: str
    evidence: Mapping[str, Number] = field(default_factory=dict)
    remedies: tuple[str, ...] = ()
    confidence: float = 0.9
    seen_in: tuple[int, int] | None = None
    because_of: tuple[str, ...] = ()
    cause_of: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether it makes the verdict "not healthy"."""
        return self.severity is not Severity.NOTE


@dataclass(frozen=True)
class Score:
    """How well the run did, beside a constant answer and what a plain model of another kind reaches."""

    metric: str
    train: float
    validation: float
    baseline: float
    reference: float
    reference_model: str


@dataclass(frozen=True)
class Diagnosis:
    """All findings, the one to act on first; `outcome` and `score` are None where nothing was trained."""

    findings: tuple[Finding, ...]
    outcome: str | None = None
    score: Score | None = None
    trainings: int = 0
    seconds: float = 0.0

    @property
    def healthy(self) -> bool:
        """False exactly when a critical or warning finding stands."""
        return not any(finding.stands for finding in self.findings)
