"""Repair finds the smallest change, keeps to its budget, and proves what it gains."""

from pathlib import Path

import pytest
from tests.diagnosis.experiments import EXAMPLES, SOUND, binary, relus

from gradoscope.data import DataSpec
from gradoscope.diagnosis import diagnose, repair
from gradoscope.errors import UsageError
from gradoscope.networks import Experiment, Named

BUDGET = 20
CELLS_AS_MEASURED = binary(
    DataSpec("load_breast_cancer", task="binary"), optimizer="sgd", learning_rate=0.05, epochs=20
)


@pytest.mark.parametrize(
    ("fault", "place", "experiment"),
    [
        ("wrong-loss", "network.loss", EXAMPLES["wrong-loss"].firing),
        ("poor-initialisation", "network.hidden[0].initialiser", EXAMPLES["poor-initialisation"].firing),
        ("learning-rate-too-high", "training.learning_rate", EXAMPLES["learning-rate-too-high"].firing),
        ("unscaled-inputs", "data.inputs", CELLS_AS_MEASURED),
    ],
)
def test_cures_with_one_change(fault: str, place: str, experiment: Experiment, folder: Path) -> None:
    found = repair(experiment, folder, budget=BUDGET)
    assert place in [line.partition(":")[0] for line in found.changes]
    assert found.after > found.before
    assert found.proof is not None
    assert found.proof.low > 0
    assert found.trainings <= BUDGET
    assert fault not in [each.fault for each in diagnose(found.experiment, folder).findings if each.stands]


def test_several_faults_at_once(folder: Path) -> None:
    broken = binary(hidden=relus(initialiser=Named("zeros")), output="softmax", learning_rate=3.0)
    found = repair(broken, folder, budget=BUDGET)
    assert found.after > 0.9
    assert found.proof is not None
    assert found.proof.low > 0


def test_leaves_a_sound_experiment_alone(folder: Path) -> None:
    found = repair(SOUND, folder, budget=BUDGET)
    assert found.changes == ()
    assert found.experiment == SOUND
    assert found.proof is None


def test_the_repaired_experiment_is_a_file(folder: Path) -> None:
    found = repair(EXAMPLES["wrong-loss"].firing, folder, budget=BUDGET)
    assert Experiment.from_toml(found.experiment.to_toml()) == found.experiment


def test_a_budget_too_small(folder: Path) -> None:
    with pytest.raises(UsageError, match="budget"):
        repair(SOUND, folder, budget=3)
