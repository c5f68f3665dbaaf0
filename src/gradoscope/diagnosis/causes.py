"""Which fault brings about which, and the order in which to act on them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from gradoscope.diagnosis.finding import Finding, Severity

NOTHING_LEARNED = ("no-learning",)
BAD_STEPS = ("oscillating-loss", "exploding-gradient", "non-finite", "dead-units", *NOTHING_LEARNED)
NO_SIGNAL = ("zigzag", "vanishing-gradient", "saturated-units", "dead-units", "slow-convergence", *NOTHING_LEARNED)

# From causes to symptoms: a fault stands before everything that it may bring about.
CAUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "label-errors": ("data-fault", "overfitting", *NOTHING_LEARNED),
        "data-fault": ("overfitting", *NOTHING_LEARNED),
        "wrong-output-activation": (
            "wrong-loss",
            "saturated-units",
            "non-finite",
            "slow-convergence",
            *NOTHING_LEARNED,
        ),
        "wrong-loss": ("saturated-units", "slow-convergence", *NOTHING_LEARNED),
        "linear-network": NOTHING_LEARNED,
        "wrong-hidden-activation": ("double-softmax", "exploding-gradient", "non-finite", *NO_SIGNAL),
        "double-softmax": ("saturated-units", "slow-convergence", *NOTHING_LEARNED),
        "unscaled-inputs": (*BAD_STEPS, *NO_SIGNAL),
        "unscaled-targets": (*BAD_STEPS, *NO_SIGNAL),
        "poor-initialisation": ("signal-collapse", "exploding-gradient", "non-finite", *NO_SIGNAL),
        "signal-collapse": ("vanishing-gradient", "slow-convergence", *NOTHING_LEARNED),
        "excessive-regularisation": ("vanishing-gradient", "slow-convergence", *NOTHING_LEARNED),
        "learning-rate-too-high": BAD_STEPS,
        "learning-rate-too-low": ("too-few-epochs", "slow-convergence", *NOTHING_LEARNED),
        "batch-size": ("oscillating-loss", "too-few-epochs", "slow-convergence", *NOTHING_LEARNED),
        "wrong-optimizer": ("oscillating-loss", "slow-convergence", *NOTHING_LEARNED),
        "narrow-network": ("slow-convergence", *NOTHING_LEARNED),
        "too-few-epochs": ("slow-convergence", *NOTHING_LEARNED),
        "exploding-gradient": ("non-finite", "saturated-units", *NOTHING_LEARNED),
        "non-finite": NOTHING_LEARNED,
        "vanishing-gradient": ("dead-units", "slow-convergence", *NOTHING_LEARNED),
        "saturated-units": ("slow-convergence", *NOTHING_LEARNED),
        "dead-units": ("slow-convergence", *NOTHING_LEARNED),
        "zigzag": ("slow-convergence", *NOTHING_LEARNED),
        "missing-regularisation": ("overfitting",),
        "overfitting": (),
        "class-imbalance": NOTHING_LEARNED,
        "oscillating-loss": ("slow-convergence",),
        "slow-convergence": (),
        "no-learning": (),
    }
)
# The order in which twins are trained: what is cheap and common first, another network last.
ATTEMPTS = (
    "wrong-output-activation",
    "wrong-loss",
    "unscaled-inputs",
    "unscaled-targets",
    "poor-initialisation",
    "excessive-regularisation",
    "batch-size",
    "learning-rate-too-high",
    "learning-rate-too-low",
    "too-few-epochs",
    "missing-regularisation",
    "wrong-hidden-activation",
)
# They change more than one thing, so several changes at once come before them.
LAST_ATTEMPTS = ("wrong-optimizer", "narrow-network")
_RANK = {fault: rank for rank, fault in enumerate(CAUSES)}
_SEVERITIES = list(Severity)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with their causes and consequences, the one to act on first.

    A cause is as severe as its worst consequence, so that no symptom is read before it.
    """
    found = sorted(findings, key=lambda finding: _RANK[finding.fault])
    linked = []
    for finding in found:
        standing = [other for other in found if other.stands and finding.stands]
        causes = tuple(other.fault for other in standing if finding.fault in CAUSES[other.fault])
        effects = [other for other in standing if other.fault in CAUSES[finding.fault]]
        severity = min([finding.severity, *(other.severity for other in effects)], key=_SEVERITIES.index)
        linked.append(
            replace(finding, severity=severity, because_of=causes, cause_of=tuple(other.fault for other in effects))
        )
    return tuple(sorted(linked, key=lambda finding: _SEVERITIES.index(finding.severity)))
