"""Diagnosis: from a run to findings, the one to act on first, and from findings to a repaired experiment."""

from gradoscope.diagnosis.examine import check, diagnose, diagnose_run
from gradoscope.diagnosis.finding import Diagnosis, Finding, Score, Severity
from gradoscope.diagnosis.page import document, page
from gradoscope.diagnosis.remedies import Remedy, remedies
from gradoscope.diagnosis.repair import Proof, Repair, repair
from gradoscope.diagnosis.rule import Rule

__all__ = [
    "Diagnosis",
    "Finding",
    "Proof",
    "Remedy",
    "Repair",
    "Rule",
    "Score",
    "Severity",
    "check",
    "diagnose",
    "diagnose_run",
    "document",
    "page",
    "remedies",
    "repair",
]
