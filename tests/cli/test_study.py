"""gradoscope study, and compare --resume, as a user meets them."""

import io
import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal


@pytest.fixture
def study(gradoscope, quick) -> Path:
    assert gradoscope("compare", "wine", *quick, "--quiet").code == 0
    return Path("studies/wine")


def test_a_study_is_listed_with_its_leaders(gradoscope, study: Path) -> None:
    said = gradoscope("study").out
    assert "studies/wine: finished, 2 of 2 populations, 4 networks" in said
    assert "relu / categorical_cross_entropy / 4" in said
    (document,) = json.loads(gradoscope("study", study, "--json").out)
    assert (document["state"], document["networks"]) == ("finished", 4)


def test_every_run_is_exported(gradoscope, study: Path) -> None:
    results = pl.read_csv(study / "results.csv")
    exported = pl.read_csv(io.BytesIO(gradoscope("study", study, "--export", "csv").out.encode()))
    shared = [name for name in results.columns if name not in ("hidden", "outcome", "test_score")]
    assert_frame_equal(exported.select(shared), results.select(shared))
    gradoscope("study", study, "--export", "parquet", "--out", "runs.parquet")
    assert pl.read_parquet("runs.parquet").height == results.height
    assert len(json.loads(gradoscope("study", study, "--export", "json").out)) == results.height


def test_a_finished_study_is_shown_again_without_any_work(gradoscope, study: Path, monkeypatch) -> None:
    long_way = gradoscope("compare", "--resume", study, "--seeds", "2", "--quiet").out
    document = gradoscope("compare", "--resume", study, "--seeds", "2", "--json").out
    with monkeypatch.context() as patched:
        patched.setattr("gradoscope.data.load", None)
        assert gradoscope("compare", "--resume", study).out == long_way
        assert gradoscope("compare", "--resume", study, "--json").out == document
    korean = gradoscope("compare", "--resume", study, "--quiet", "--lang", "ko")
    assert korean.code == 0
    assert "보고서" in korean.out
    (study / "report.html").unlink()
    assert gradoscope("compare", "--resume", study, "--quiet").code == 0
    assert (study / "report.html").exists()


def test_seeds_and_arms_are_added(gradoscope, study: Path) -> None:
    ended = gradoscope("compare", "--resume", study, "--seeds", "3", "--activations", "gelu", "--json")
    assert ended.code == 0
    arms = json.loads(ended.out)["arms"]
    assert {arm["activation"] for arm in arms} == {"relu", "tanh", "gelu"}
    assert all(arm["score"]["runs"] == 3 for arm in arms)
    assert "gradoscope study" not in (study / "report.html").read_text("utf-8")


def test_resume_takes_no_other_data_and_no_other_settings(gradoscope, study: Path) -> None:
    for wrong in (("iris",), ("--target", "x"), ("--out", "elsewhere"), ("--epochs", "9")):
        ended = gradoscope("compare", "--resume", study, "--quiet", *wrong)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), wrong


def test_a_changed_file_is_refused(gradoscope, quick) -> None:
    rows = pl.DataFrame({"a": range(40), "b": [1.5, 2.5] * 20, "y": ["no", "yes", "yes", "no"] * 10})
    rows.write_csv("mine.csv")
    gradoscope("compare", "mine.csv", *quick, "--quiet", "--target", "y")
    rows.with_columns(b=pl.col("b") * 2).write_csv("mine.csv")
    ended = gradoscope("compare", "--resume", "studies/mine")
    assert (ended.code, ended.out) == (3, "")
    assert "mine.csv has changed" in ended.err


def test_no_study(gradoscope) -> None:
    for command in (("study", "nowhere"), ("study", "nowhere", "--export", "csv"), ("compare", "--resume", "nowhere")):
        ended = gradoscope(*command)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert "holds no study" in ended.err
    assert gradoscope("compare").code == 2


def test_a_table_and_a_state_are_two_things(gradoscope, study: Path) -> None:
    for wrong in (("--out", "runs.csv"), ("--json", "--export", "csv")):
        ended = gradoscope("study", study, *wrong)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), wrong
    assert not Path("runs.csv").exists()


def test_a_table_that_cannot_be_written_is_named_as_given(gradoscope, study: Path) -> None:
    ended = gradoscope("study", study, "--export", "csv", "--out", "nowhere/runs.csv")
    assert (ended.code, ended.err) == (1, "Error: nowhere/runs.csv: No such file or directory.\n")


def test_a_metric_in_another_spelling_is_the_same_one(gradoscope, quick) -> None:
    place = ("--out", "in [old] folder")
    assert "in [old] folder/report.html" in gradoscope("compare", "wine", *quick, *place, "--metric", "Log-Loss").out
    assert "4 networks" in gradoscope("study", place[1]).out
    assert gradoscope("compare", "--resume", place[1], "--metric", "log_loss", "--quiet").code == 0


def test_tuning_is_asked_for_and_kept(gradoscope) -> None:
    quick = ("--seeds", "1", "--epochs", "2", "--learning-rates", "0.01", "--activations", "relu", "--quiet")
    tune = ("--tune", "weight_decay=0,0.001", "--tune", "hidden=4", "--tune", "hidden=4,4")
    assert gradoscope("compare", "wine", *quick, *tune).code == 0
    assert pl.read_csv("studies/wine/results.csv").select("weight_decay", "hidden").unique().height == 4
    assert gradoscope("compare", "--resume", "studies/wine", "--quiet", *tune).code == 0
    ended = gradoscope("compare", "--resume", "studies/wine", "--quiet", "--tune", "weight_decay=0")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "begun with tune = weight_decay=0,0.001 hidden=4 hidden=4,4, not weight_decay=0;" in ended.err


def test_wrong_tuning_is_one_sentence(gradoscope) -> None:
    for wrong in ("depth=3", "weight_decay", "weight_decay=x", "initialiser=he", "hidden=0"):
        ended = gradoscope("compare", "wine", "--quiet", "--tune", wrong)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), wrong
