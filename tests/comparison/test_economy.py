"""What a budget leaves out, and which arms stop early: by validation rows, and the same after an interruption."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradoscope.comparison import Budget, Place, Settings, Study, compare, document
from gradoscope.data import Dataset
from gradoscope.errors import UsageError
from gradoscope.report import write_report

SETTINGS = Settings(hidden=((4,),), learning_rates=(0.01, 0.03), seeds=tuple(range(6)), epochs=3)
PER_SEED = 2 * 2 * 3  # epochs: arms, rates, epochs


def said(study: Study) -> dict[str, Any]:
    return document(replace(study, seconds=0.0), Path())


def test_a_budget_leaves_whole_seeds_out(iris: Dataset, tmp_path: Path) -> None:
    place, arms = Place(tmp_path / "s"), ["relu", "tanh"]
    cheap = compare(iris, activations=arms, settings=SETTINGS, place=place, budget=Budget(epochs=2 * PER_SEED + 1))
    two = compare(iris, activations=arms, settings=replace(SETTINGS, seeds=(0, 1)))
    assert (cheap.left_out, cheap.settings.seeds) == (4, (0, 1))
    assert said(cheap) == said(two)
    rest = compare(iris, activations=arms, settings=SETTINGS, place=place)
    assert rest.left_out == 0
    assert said(rest) == said(compare(iris, activations=arms, settings=SETTINGS))


def test_the_first_seed_is_always_trained(iris: Dataset) -> None:
    study = compare(iris, activations=["relu"], settings=SETTINGS, budget=Budget(epochs=1))
    assert (study.left_out, study.arms[0].score.runs) == (5, 1)


def test_a_budget_in_seconds_is_spent_by_what_the_seeds_before_took() -> None:
    budget = Budget(seconds=10, began=time.perf_counter() - 4.0)  # 2 seeds in 4 seconds
    assert budget.seeds(trained=2, epochs=0, most=1, workers=1) == 2  # the clock has moved on: not quite 3
    assert budget.seeds(trained=2, epochs=0, most=1, workers=2) == 2
    assert Budget(seconds=4, began=time.perf_counter() - 4.0).seeds(2, 0, 1, 1) == 0


@pytest.mark.parametrize("text", ["", "0s", "60", "five minutes", "-3epochs", "3 parsecs"])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(UsageError, match="60s, 5m, 2h"):
        Budget.from_text(text)


def test_clearly_beaten_arms_stop_early(iris: Dataset, tmp_path: Path) -> None:
    """A step has no gradient: its network never learns, and rows of the other one are not touched by that."""
    settings = replace(SETTINGS, hidden=((8, 8, 8),), learning_rates=(0.03,), epochs=20, economy=True)
    place = Place(tmp_path / "s")
    study = compare(iris, activations=["tanh", "step", "relu"], settings=settings, place=place)
    trained = {name: sum(m.arm.activation == name for m in study.all_members) for name in ("tanh", "step", "relu")}
    assert [arm.activation for arm in study.beaten_early] == ["step"]
    assert trained == {"tanh": 6, "step": 4, "relu": 6}
    assert {result.arm.activation for result in study.arms} == {"tanh", "relu"}
    again = compare(iris, activations=["tanh", "step", "relu"], settings=settings, place=place)
    assert said(again) == said(study)
    assert [arm["activation"] for arm in said(study)["beaten_early"]] == ["step"]
    page = tmp_path / "report.html"
    write_report(study, page, command="", versions={})
    assert "not ranked: step / categorical_cross_entropy / 8-8-8" in page.read_text("utf-8")


def test_a_budget_is_spent_once_however_often_arms_are_judged(iris: Dataset) -> None:
    settings = replace(SETTINGS, economy=True)  # judged after 4 of its 6 seeds
    study = compare(iris, activations=["relu", "tanh"], settings=settings, budget=Budget(epochs=5 * PER_SEED))
    assert (study.left_out, study.settings.seeds) == (1, (0, 1, 2, 3, 4))
    study = compare(iris, activations=["relu", "tanh"], settings=settings, budget=Budget(epochs=4 * PER_SEED))
    assert (study.left_out, study.settings.seeds) == (2, (0, 1, 2, 3))


def test_equal_arms_do_not_stop_early(iris: Dataset) -> None:
    settings = replace(SETTINGS, economy=True)
    study = compare(iris, activations=["relu", "leaky_relu"], settings=settings)
    assert study.beaten_early == ()
