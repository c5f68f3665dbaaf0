"""The commands as a user meets them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import html5lib
import polars as pl
import pytest


def test_compare_ends_with_a_table_a_verdict_and_a_report(gradoscope, quick) -> None:
    ended = gradoscope("compare", "iris", *quick)
    assert ended.code == 0
    assert "relu" in ended.out
    assert "tanh" in ended.out
    assert "Report: studies/iris/report.html" in ended.out
    written = {path.name for path in Path("studies/iris").iterdir()}
    assert written == {
        "study.sqlite",
        "shown.json",
        "study.json",
        "results.csv",
        "curves.csv",
        "experiment.toml",
        "model",
        "report.html",
    }


def test_lines_fit_a_terminal_of_80_columns(gradoscope, quick) -> None:
    ended = gradoscope("compare", "tumour", *quick)
    assert max(map(len, ended.out.splitlines())) <= 80
    assert max(map(len, gradoscope("datasets").out.splitlines())) <= 80


def test_guesses_go_to_stderr_with_their_flag(gradoscope, quick) -> None:
    ended = gradoscope("compare", "tumour-korean", *quick, "--json")
    json.loads(ended.out)
    assert "[--encoding]" in ended.err
    assert "[--target]" in ended.err
    assert gradoscope("compare", "tumour-korean", *quick, "--quiet").err == ""


def test_same_command_same_seed_same_bytes(gradoscope, quick) -> None:
    documents = [json.loads(gradoscope("compare", "wine", *quick, "--json").out) for _ in range(2)]
    for document in documents:
        for varying in ("study", "report", "seconds"):
            del document[varying]
    assert json.dumps(documents[0]) == json.dumps(documents[1])
    assert list(documents[0]) == ["task", "metric", "verdict", "arms", "beaten_early", "baseline"]
    arm = documents[0]["arms"][1]
    assert list(arm)[:6] == ["activation", "loss", "hidden", "learning_rate", "score", "difference_from_best"]
    assert list(arm["score"]) == ["mean", "low", "high", "runs"]


def test_another_seed_gives_other_runs(gradoscope, quick) -> None:
    first, second = (
        json.loads(gradoscope("compare", "iris", *quick, "--json", "--seed", seed).out) for seed in ("0", "9")
    )
    assert first["arms"] != second["arms"]


def test_korean_report_and_verdict(gradoscope, quick) -> None:
    ended = gradoscope("--lang", "ko", "compare", "iris", *quick)
    assert "활성화 함수" in ended.out
    assert '<html lang="ko"' in Path("studies/iris/report.html").read_text("utf-8")


def test_train_then_predict(gradoscope) -> None:
    ended = gradoscope("train", "wine", "--hidden", "8", "--epochs", "30", "--learning-rate", "0.01")
    assert ended.code == 0
    assert "Model: models/wine" in ended.out
    predicted = gradoscope("predict", "models/wine", "wine", "--quiet")
    table = pl.read_csv(predicted.out.encode())
    assert table.columns[:2] == ["row", "prediction"]
    probabilities = table.select(pl.selectors.starts_with("p("))
    assert probabilities.sum_horizontal().to_list() == pytest.approx([1.0] * table.height, abs=1e-5)


def test_a_study_predicts_with_its_best_model(gradoscope, quick) -> None:
    gradoscope("compare", "diabetes", *quick)
    ended = gradoscope("predict", "studies/diabetes", "diabetes", "--out", "said.csv")
    assert ended.code == 0
    assert ended.out == ""
    values = pl.read_csv("said.csv")
    assert values.height == 442
    # Predictions are in the target's own units: a year's progression lies between 25 and 346.
    assert 25 < values[values.columns[-1]].mean() < 346


def test_training_what_a_file_says_gives_the_same_network(gradoscope) -> None:
    gradoscope("train", "iris", "--hidden", "4", "--epochs", "5", "--out", "first")
    gradoscope("train", "first/experiment.toml", "--out", "second")
    names = ("model.safetensors", "history.csv", "experiment.toml", "model.json")
    for name in names:
        assert Path("first", name).read_bytes() == Path("second", name).read_bytes()


def test_datasets_as_json(gradoscope) -> None:
    entries = json.loads(gradoscope("datasets", "--json").out)
    assert {"tumour", "digits", "fashion-mnist"} <= {entry["name"] for entry in entries}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_language_may_be_named_anywhere(gradoscope, place: int) -> None:
    arguments = ["show", "relu"]
    arguments[place:place] = ["--lang", "ko"]
    assert "활성화 함수" in gradoscope(*arguments).out


def test_an_unknown_language(gradoscope) -> None:
    ended = gradoscope("show", "--lang=fr", "relu")
    assert (ended.code, ended.out) == (2, "")
    assert "'fr'" in ended.err


def test_a_comparison_says_nothing_more_when_quiet(tmp_path: Path) -> None:
    """A real process, as libraries may write to stderr on their own."""
    code = "from gradoscope.cli import main; main()"
    quick = ["--hidden", "4", "--seeds", "2", "--epochs", "3", "--learning-rates", "0.01", "--activations", "relu,tanh"]
    command = [sys.executable, "-c", code, "compare", "iris", *quick, "--quiet"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert ended.stderr == b""


def test_several_data_sets_together(gradoscope, quick, tmp_path) -> None:
    out = tmp_path / "both"
    said = json.loads(gradoscope("compare", "iris", "wine", *quick, "--out", str(out), "--json").out)
    assert sorted(said["average_ranks"]) == said["average_ranks"]
    assert [each["task"] for each in said["datasets"]] == ["multiclass", "multiclass"]
    assert {"iris", "wine", "report.html", "several.json"} == {path.name for path in out.iterdir()}
    page = (out / "report.html").read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    assert "iris/report.html" in page
    shutil.rmtree(out / "wine")  # as if it had been interrupted after the first
    before = (out / "iris" / "study.sqlite").read_bytes()
    again = json.loads(gradoscope("compare", "--resume", str(out), "--json").out)
    assert again["average_ranks"] == said["average_ranks"]
    assert (out / "iris" / "study.sqlite").read_bytes() == before
    refused = gradoscope("compare", "--resume", str(out), "--seeds", "9")
    assert (refused.code, refused.err.count("--seeds")) == (2, 1)
