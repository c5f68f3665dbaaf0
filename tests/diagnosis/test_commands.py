"""The commands check, diagnose and repair: what they print and how they end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.diagnosis.experiments import EXAMPLES, SOUND, binary, relus

from gradoscope.cli import main
from gradoscope.networks import Experiment, Named


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


def test_a_run_is_judged_as_it_ran(run: Run, faulty: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert run("train", faulty, "--out", folder, "--quiet").code == 0
    kept, trained = (json.loads(run("diagnose", which, "--json").out) for which in (folder, faulty))
    assert kept["trainings"] == 0
    for part in ("healthy", "outcome", "findings"):
        assert kept[part] == trained[part]
    assert kept["score"] == pytest.approx(trained["score"])


def test_options_of_the_network_are_refused_beside_a_run(run: Run, faulty: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    run("train", faulty, "--out", folder, "--quiet")
    assert run("diagnose", folder, "--activation", "tanh").code == 2
    assert run("diagnose", folder, "--seeds", 2).code == 2
    (folder / "history.csv").write_text("epoch\n1\n", "utf-8")
    assert run("diagnose", folder).code == 3


def test_data_by_name(run: Run) -> None:
    ended = run("diagnose", "xor", "--hidden", "8", "--epochs", 40, "--json", "--quiet")
    assert json.loads(ended.out)["score"]["metric"] == "accuracy"


@pytest.mark.parametrize("fault", ["non-finite", "dead-units"])
def test_stops_where_nothing_can_be_mended(run: Run, folder: Path, fault: str) -> None:
    lifeless = binary(hidden=relus(bias_initialiser=Named.of("constant", value=-50.0)), epochs=3000)
    broken = EXAMPLES["non-finite"].firing if fault == "non-finite" else lifeless
    ended = run("diagnose", written(folder, "broken", broken), "--json", "--fail-on", "warning")
    assert ended.code == 4
    found = json.loads(ended.out)
    assert fault in [finding["fault"] for finding in found["findings"]]
    assert fault == "non-finite" or found["outcome"].startswith("Interrupted after 1 epochs")


def test_shows_the_page_of_a_fault(run: Run) -> None:
    ended = run("show", "vanishing_gradient")
    assert ended.out.startswith("Vanishing gradient [vanishing-gradient]")
    assert "**What to do.**" in ended.out
    assert json.loads(run("show", "dead-units", "--json").out)["fault"]["name"] == "dead-units"
    assert run("show", "no-such-thing").code == 2


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert run("diagnose", tmp_path / "none.toml").code == 2
