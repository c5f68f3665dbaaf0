"""The parts of a diagnosis on their own: rows against rows, what an output can say, how findings are ordered."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.diagnosis.experiments import SOUND, binary, numbers, several

from gradoscope.data import Rows
from gradoscope.diagnosis import Diagnosis, Finding, Severity, page
from gradoscope.diagnosis.causes import ordered
from gradoscope.diagnosis.evidence import Standing
from gradoscope.diagnosis.examine import examined
from gradoscope.diagnosis.merits import constant, merits, paired
from gradoscope.diagnosis.reference import FOREST, LINEAR, references
from gradoscope.diagnosis.repair import changes
from gradoscope.diagnosis.shapes import reach
from gradoscope.language import speaking
from gradoscope.networks import Layer, Named


def found(fault: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(fault, severity, "here", "because")


def test_merits_average_to_the_score() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(200, 2))
    outputs = targets + 0.3 * rng.normal(size=(200, 2))
    from sklearn.metrics import r2_score

    assert merits("r2", outputs, targets).mean() == pytest.approx(r2_score(targets, outputs), abs=1e-9)


def test_one_wild_row_does_not_decide() -> None:
    targets = np.array([[0.0], [1.0], [2.0]])
    assert merits("r2", np.array([[0.0], [1.0], [1e9]]), targets).tolist() == [1, 1, -1]
    assert merits("r2", np.array([[0.0], [1.0], [np.nan]]), targets).tolist() == [1, 1, -1]


def test_the_constant_answer() -> None:
    train = Rows(np.zeros((3, 1), np.float32), np.array([[0], [1], [1]], np.float32))
    assert constant("accuracy", train, train).ravel().tolist() == [1, 1, 1]
    assert constant("r2", train, train).ravel() == pytest.approx([2 / 3] * 3)


def test_few_rows_are_never_certain() -> None:
    assert paired(np.ones(2), np.zeros(2)).z < 2.5 < paired(np.ones(100), np.zeros(100)).z


def test_references_see_what_bends_and_what_does_not() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(600, 2)).astype(np.float32)
    targets = (inputs[:, :1] * inputs[:, 1:] > 0).astype(np.float32)
    train, validation = Rows(inputs[:400], targets[:400]), Rows(inputs[400:], targets[400:])
    models = {model.name: model for model in references("accuracy", train, validation, 0)}
    assert models[LINEAR].validation.mean() < 0.65 < 0.9 < models[FOREST].validation.mean()
    assert models[FOREST].out_of_fold().mean() > 0.9


def test_a_last_epoch_that_is_good_by_luck_is_no_success(folder: Path) -> None:
    """A sound run; and the same with every fifth of its epochs answering much worse than a constant."""
    sound = examined(SOUND, folder)
    assert sound.standing is Standing.FINE
    scores = np.array(sound.ran.curves.validation_score)
    scores[:-1:5] = 0.2
    curves = sound.ran.curves._replace(validation_score=scores)
    assert replace(sound, run=replace(sound.ran, curves=curves)).standing is Standing.SHORT


@pytest.mark.parametrize(
    ("name", "units", "low", "high", "total"),
    [
        ("identity", 1, -np.inf, np.inf, None),
        ("relu", 2, 0, np.inf, None),
        ("tanh", 1, -1, 1, None),
        ("softmax", 3, 0, 1, 1),
        ("softmax", 1, 1, 1, 1),
    ],
)
def test_what_an_output_can_say(name: str, units: int, low: float, high: float, total: float | None) -> None:
    can = reach(Layer(units, Named(name)))
    assert (can.low, can.high) == pytest.approx((low, high))
    assert can.rows_sum_to == total
    assert can.constant is (low == high)


def test_causes_come_before_symptoms_and_are_as_severe() -> None:
    findings = [found("no-learning", Severity.CRITICAL), found("vanishing-gradient"), found("poor-initialisation")]
    first, second, third = ordered(findings)
    assert [first.fault, second.fault, third.fault] == ["poor-initialisation", "vanishing-gradient", "no-learning"]
    assert {finding.severity for finding in (first, second, third)} == {Severity.CRITICAL}
    assert first.cause_of == ("vanishing-gradient", "no-learning")
    assert third.because_of == ("poor-initialisation", "vanishing-gradient")


def test_a_note_is_no_cause_and_no_illness() -> None:
    note, stands = ordered([found("dead-units", Severity.NOTE), found("slow-convergence")])[::-1]
    assert note.cause_of == ()
    assert stands.because_of == ()
    assert Diagnosis((note,)).healthy


def test_a_healthy_page_says_so_plainly() -> None:
    assert "No fault found." in page(Diagnosis(()), str)
    with speaking("ko"):
        assert "결함이 발견되지 않았습니다." in page(Diagnosis(()), str)


def test_changes_in_one_line_each() -> None:
    before, after = binary(learning_rate=3.0), binary(learning_rate=0.3, output="tanh")
    assert list(changes(before, after)) == [
        "network.output.activation: sigmoid → tanh",
        "training.learning_rate: 3.0 → 0.3",
    ]
    assert list(changes(SOUND, SOUND)) == []
    assert list(changes(numbers(), several())) != []
