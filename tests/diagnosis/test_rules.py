"""The laws of rules: one loop over every fault."""

from pathlib import Path

import pytest
from tests.diagnosis.conftest import Diagnose
from tests.diagnosis.experiments import EXAMPLES, SOUND, SOUND_NUMBERS, binary, file_of, several

from gradoscope.diagnosis import Severity, check, diagnose, remedies
from gradoscope.diagnosis.causes import ATTEMPTS, CAUSES, LAST_ATTEMPTS
from gradoscope.diagnosis.rule import rules
from gradoscope.networks import Experiment

PARTS = ("**Why it hurts.**", "**How it is seen.**", "**What to do.**", "References:")


def test_every_fault_has_a_rule_a_place_among_the_causes_and_an_example() -> None:
    assert set(rules) == set(CAUSES) == set(EXAMPLES)
    assert {*ATTEMPTS, *LAST_ATTEMPTS} == {fault for fault, rule in rules.items() if rule.attempt}


@pytest.mark.parametrize("fault", sorted(rules))
def test_the_page_says_why_how_and_what_to_do(fault: str) -> None:
    assert [part for part in PARTS if part not in rules[fault].page] == []


@pytest.mark.parametrize("fault", sorted(EXAMPLES))
def test_fires(fault: str, diagnosed: Diagnose) -> None:
    found = diagnosed(EXAMPLES[fault].firing)
    assert fault in [finding.fault for finding in found.findings if finding.stands]
    assert not found.healthy


@pytest.mark.parametrize("fault", sorted(EXAMPLES))
def test_is_silent(fault: str, diagnosed: Diagnose) -> None:
    found = diagnosed(EXAMPLES[fault].silent)
    assert [finding.fault for finding in found.findings if finding.stands] == []
    assert found.healthy


CAUSE_FIRST = [fault for fault in (*ATTEMPTS, *LAST_ATTEMPTS) if fault != "wrong-loss"]


@pytest.mark.parametrize("fault", sorted(CAUSE_FIRST))
def test_the_cause_comes_first(fault: str, diagnosed: Diagnose) -> None:
    first, *others = diagnosed(EXAMPLES[fault].firing).findings
    assert first.fault == fault
    assert first.because_of == ()
    assert {other.fault for other in others if other.stands} <= set(first.cause_of)


def test_no_consequence_is_worse_than_its_cause(diagnosed: Diagnose) -> None:
    order = list(Severity)
    for example in EXAMPLES.values():
        findings = {finding.fault: finding for finding in diagnosed(example.firing).findings}
        for finding in findings.values():
            for effect in finding.cause_of:
                assert order.index(finding.severity) <= order.index(findings[effect].severity)


def test_causes_make_no_circle() -> None:
    order = list(CAUSES)
    for fault, effects in CAUSES.items():
        assert [effect for effect in effects if order.index(effect) <= order.index(fault)] == []


@pytest.mark.parametrize(
    ("fault", "experiment"),
    [
        pytest.param("wrong-output-activation", binary(output="softmax"), id="softmax of one unit"),
        pytest.param("wrong-output-activation", binary(output="tanh"), id="logarithm of a tanh"),
        pytest.param("wrong-output-activation", several(output="identity"), id="logarithm of any number"),
        pytest.param("wrong-loss", EXAMPLES["wrong-loss"].firing, id="one class to compare"),
        pytest.param("poor-initialisation", EXAMPLES["poor-initialisation"].firing, id="equal units"),
        pytest.param("unscaled-inputs", EXAMPLES["unscaled-inputs"].firing, id="large columns"),
        pytest.param("unscaled-targets", EXAMPLES["unscaled-targets"].firing, id="large targets"),
        pytest.param("data-fault", binary(file_of("constant")), id="constant target"),
    ],
)
def test_speaks_before_training(fault: str, experiment: Experiment, folder: Path) -> None:
    assert fault in [finding.fault for finding in check(experiment, folder).findings]


@pytest.mark.parametrize("experiment", [SOUND, SOUND_NUMBERS])
def test_has_nothing_to_say_before_training(experiment: Experiment, folder: Path) -> None:
    assert check(experiment, folder).healthy


def test_the_same_network_gets_the_same_verdict(diagnosed: Diagnose, folder: Path) -> None:
    firing = EXAMPLES["learning-rate-too-high"].firing
    assert diagnose(firing, folder).findings == diagnosed(firing).findings


def test_every_remedy_that_a_finding_names_exists(diagnosed: Diagnose) -> None:
    for example in EXAMPLES.values():
        for finding in diagnosed(example.firing).findings:
            assert [name for name in finding.remedies if name not in remedies] == []


def test_several_seeds_say_in_how_many_it_shows(folder: Path) -> None:
    found = diagnose(EXAMPLES["no-learning"].firing, folder, seeds=2)
    assert found.findings[0].fault == "wrong-output-activation"
    assert {finding.seen_in for finding in found.findings} == {(2, 2)}
    assert diagnose(SOUND, folder, seeds=2).healthy
