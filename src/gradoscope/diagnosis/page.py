"""A diagnosis for people and for programs."""

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from gradoscope.diagnosis.finding import Diagnosis, Finding, Score
from gradoscope.diagnosis.remedies import Remedy, remedies
from gradoscope.diagnosis.rule import rules
from gradoscope.language import say

WIDTH = 100


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as plain tables, the finding to act on first."""
    score = diagnosis.score
    return {
        "healthy": diagnosis.healthy,
        "outcome": diagnosis.outcome,
        "score": None if score is None else score.__dict__,
        "findings": [_table(finding) for finding in diagnosis.findings],
        "trainings": diagnosis.trainings,
        "seconds": round(diagnosis.seconds, 3),
    }


def _table(finding: Finding) -> dict[str, Any]:
    seen = finding.seen_in
    return {
        "fault": finding.fault,
        "severity": finding.severity.value,
        "where": finding.where,
        "confidence": finding.confidence,
        "explanation": finding.explanation,
        "evidence": dict(finding.evidence),
        "seen_in": None if seen is None else {"starts": seen[0], "of": seen[1]},
        "because_of": list(finding.because_of),
        "cause_of": list(finding.cause_of),
        "remedies": [_advice(remedies[name]) for name in finding.remedies],
    }


def _advice(remedy: Remedy) -> dict[str, str]:
    return {
        "name": remedy.name,
        "advice": remedy.sentence(),
        "expected": remedy.effect(),
        "safety": remedy.safety.value,
    }


def page(diagnosis: Diagnosis, score_text: Callable[[float], str]) -> str:
    """The diagnosis in words.

    Parameters
    ----------
    diagnosis
        What was found.
    score_text
        How a score is written.
    """
    return "\n".join(_lines(diagnosis, score_text))


def _lines(diagnosis: Diagnosis, score_text: Callable[[float], str]) -> Iterator[str]:
    standing = [finding for finding in diagnosis.findings if finding.stands]
    if diagnosis.outcome is not None and diagnosis.score is not None:
        yield diagnosis.outcome
        yield _score_line(diagnosis.score, score_text)
    if not standing:
        yield ""
        yield say("No fault found.")
    for number, finding in enumerate(standing, 1):
        yield ""
        yield from _paragraphs(number, finding)
    notes = [finding for finding in diagnosis.findings if not finding.stands]
    if notes:
        yield ""
        yield say("Noticed, and harmless here:")
        for finding in notes:
            yield from _wrapped(f"{rules[finding.fault].title()}: {finding.explanation}", "- ")


def _score_line(score: Score, score_text: Callable[[float], str]) -> str:
    return say(
        "Training rows {train}, validation rows {validation}; always the same answer {baseline}; {model} {reference}.",
        train=score_text(score.train),
        validation=score_text(score.validation),
        baseline=score_text(score.baseline),
        model=score.reference_model,
        reference=score_text(score.reference),
    )


def _paragraphs(number: int, finding: Finding) -> Iterator[str]:
    title = rules[finding.fault].title()
    yield f"{number}. {title} ({finding.severity.title}; {finding.where}) [{finding.fault}]"
    yield from _wrapped(finding.explanation, "   ")
    if finding.seen_in is not None:
        yield "   " + say(
            "It shows in {times} of {starts} starts.", times=finding.seen_in[0], starts=finding.seen_in[1]
        )
    if finding.because_of:
        causes = ", ".join(rules[fault].title() for fault in finding.because_of)
        yield from _wrapped(say("A consequence of: {causes}", causes=causes), "   ")
        return
    if finding.remedies:
        yield "   " + say("What to do:")
        for name in finding.remedies:
            remedy = remedies[name]
            yield from _wrapped(f"{remedy.sentence()} → {remedy.effect()} ({remedy.safety.title})", "   - ")


def _wrapped(text: str, mark: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark))
