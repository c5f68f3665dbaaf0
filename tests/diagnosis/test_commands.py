"""The commands check, diagnose and repair: what they print and how they end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.diagnosis.experiments import EXAMPLES, SOUND

from gradoscope.cli import main
from gradoscope.networks import Experiment


class Ended(NamedTuple):
    code: int
    out: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ended(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        return Ended(int(left.value.code or 0), capsys.readouterr().out)

    return ended


@pytest.fixture
def sound(folder: Path) -> Path:
    return written(folder, "sound", SOUND)


@pytest.fixture
def faulty(folder: Path) -> Path:
    return written(folder, "faulty", EXAMPLES["no-learning"].firing)


def written(folder: Path, name: str, experiment: Experiment) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(experiment.to_toml(), "utf-8")
    return path


def test_a_healthy_experiment(run: Run, sound: Path) -> None:
    ended = run("diagnose", sound, "--fail-on", "warning")
    assert ended.code == 0
    assert "No fault found." in ended.out


def test_a_faulty_experiment(run: Run, faulty: Path) -> None:
    ended = run("diagnose", faulty, "--fail-on", "critical")
    assert ended.code == 4
    assert "1. Wrong output activation (critical; output layer) [wrong-output-activation]" in ended.out
    assert ended.out.index("Wrong output activation") < ended.out.index("No learning")


def test_the_document(run: Run, faulty: Path) -> None:
    ended = run("diagnose", faulty, "--json")
    found = json.loads(ended.out)
    assert ended.code == 0
    assert found["healthy"] is False
    first = found["findings"][0]
    assert (first["fault"], first["severity"]) == ("wrong-output-activation", "critical")
    assert first["remedies"][0]["name"] == "matched-output"
    assert set(found["score"]) >= {"metric", "train", "validation", "baseline"}


def test_speaks_korean(run: Run, faulty: Path) -> None:
    assert "맞지 않는 출력층 활성화 함수" in run("diagnose", faulty, "--lang", "ko").out
    assert "맞지 않는 출력층 활성화 함수" in run("--lang", "ko", "check", faulty).out


def test_check_trains_nothing(run: Run, sound: Path, faulty: Path) -> None:
    assert run("check", sound, "--fail-on", "warning").code == 0
    ended = run("check", faulty, "--json", "--fail-on", "warning")
    assert ended.code == 4
    assert json.loads(ended.out)["trainings"] == 0


def test_repair_writes_the_repaired_experiment(run: Run, faulty: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.toml"
    found = json.loads(run("repair", faulty, "--out", fixed, "--json").out)
    assert found["after"] > found["before"]
    assert set(found["proof"]) >= {"pairs", "gain", "low", "high"}
    assert Experiment.from_file(fixed).network.output.activation.name == "sigmoid"
    assert "activation" in run("repair", faulty).out


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert run("diagnose", tmp_path / "none.toml").code == 2
