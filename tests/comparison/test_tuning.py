"""What is tuned inside each resample: the same combinations for every arm, chosen by validation rows alone."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from gradoscope.comparison import (
    MemberResult,
    Place,
    Settings,
    Study,
    Tune,
    compare,
    progress_of,
    table_of,
    write_study,
)
from gradoscope.comparison.ranking import ranked, resamples
from gradoscope.data import Dataset
from gradoscope.errors import UsageError
from gradoscope.report import render

TUNE = Tune(weight_decay=(0.0, 0.5), initialiser=("he_normal", "zeros"), hidden=((3,), (4, 2)))
SETTINGS = Settings(learning_rates=(0.01, 0.03), seeds=(0, 1), epochs=3, tune=TUNE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tuned") / "study"


@pytest.fixture(scope="module")
def tuned(iris: Dataset, folder: Path) -> Study:
    return compare(iris, activations=["relu", "tanh"], settings=SETTINGS, place=Place(folder))


def test_every_arm_has_the_same_budget_and_trains_what_it_says(tuned: Study) -> None:
    for arm in ("relu", "tanh"):
        for seed in SETTINGS.seeds:
            own = [m for m in tuned.all_members if (m.arm.activation, m.seed) == (arm, seed)]
            assert {m.choice for m in own} == {
                (rate, decay, start, hidden)
                for rate in (0.01, 0.03)
                for decay in (0.0, 0.5)
                for start in ("he_normal", "zeros")
                for hidden in ((3,), (4, 2))
            }
            assert len(own) == 16
    for member in tuned.all_members:
        network, training = member.run.experiment.network, member.run.experiment.training
        assert tuple(layer.units for layer in network.hidden) == member.choice.hidden
        assert {layer.start.name for layer in network.hidden} == {member.choice.initialiser}
        assert (training.learning_rate, training.weight_decay) == member.choice[:2]


def test_validation_rows_choose_although_test_rows_would_choose_otherwise(tuned: Study, iris: Dataset) -> None:
    """Planted: what validation likes least is perfect on test rows, and all else is hopeless there."""
    worst = {(m.arm, m.seed): m for m in sorted(tuned.all_members, key=lambda m: m.validation_loss)}

    def planted(member: MemberResult) -> MemberResult:
        score = float(member is worst[member.arm, member.seed])
        return replace(member, test=member.test._replace(scores=dict.fromkeys(member.test.scores, score)))

    members = [planted(member) for member in tuned.all_members]
    rows, _, tested = resamples(iris, SETTINGS, "accuracy", "one_hot")
    for result in ranked([each.arm for each in tuned.arms], members, SETTINGS, "accuracy", tested, rows):
        for member in result.members:
            tried = [m for m in members if (m.arm, m.seed) == (member.arm, member.seed)]
            assert member.validation_loss == min(m.validation_loss for m in tried)
            assert member.test.scores["accuracy"] == 0


def test_a_tuned_study_is_resumed_and_other_tuning_is_refused(tuned: Study, iris: Dataset, folder: Path) -> None:
    steps: list[int] = []
    again = compare(
        iris, activations=["relu", "tanh"], settings=SETTINGS, place=Place(folder),
        progress=lambda done, _: steps.append(done),
    )  # fmt: skip
    assert steps == []
    assert [(m.choice, m.test.scores, m.run.experiment) for m in again.all_members] == [
        (m.choice, m.test.scores, m.run.experiment) for m in tuned.all_members
    ]
    other = replace(SETTINGS, tune=replace(TUNE, weight_decay=(0.0,)))
    with pytest.raises(UsageError, match=r"begun with tune = weight_decay=0,0\.5 .* not weight_decay=0 "):
        compare(iris, activations=["relu"], settings=other, place=Place(folder))
    with pytest.raises(UsageError, match="not nothing"):
        compare(iris, activations=["relu"], settings=replace(SETTINGS, tune=Tune()), place=Place(folder))


def test_what_was_chosen_is_kept_and_said(tuned: Study, iris: Dataset, tmp_path: Path) -> None:
    write_study(tuned, iris, tmp_path, tmp_path)
    best, chosen = tuned.arms[0], tuned.arms[0].members
    said = json.loads((tmp_path / "study.json").read_text("utf-8"))["arms"][0]
    assert said["hidden"] is None
    assert said["tuned"] == {
        "weight_decay": [m.choice.weight_decay for m in chosen],
        "initialiser": [m.choice.initialiser for m in chosen],
        "hidden": [list(m.choice.hidden or ()) for m in chosen],
    }
    rows = pl.read_csv(tmp_path / "results.csv").filter(pl.col("chosen"), activation=best.arm.activation).sort("seed")
    assert rows["weight_decay"].to_list() == said["tuned"]["weight_decay"]
    assert rows["initialiser"].to_list() == said["tuned"]["initialiser"]
    assert rows["hidden"].to_list() == ["-".join(map(str, layers)) for layers in said["tuned"]["hidden"]]
    page = render(tuned, command="gradoscope compare iris", versions={})
    assert "the same 16 combinations" in page
    assert "weight decay (0, 0.5), initialiser (he_normal, zeros)" in page


def test_a_study_that_tunes_is_listed_with_what_its_arms_have(tuned: Study, folder: Path) -> None:
    progress = progress_of(folder)
    assert [leader.runs for leader in progress.leaders] == [2, 2]
    assert {leader.hidden for leader in progress.leaders} <= {(3,), (4, 2)}
    exported = table_of(folder)
    assert exported["weight_decay"].to_list() == [m.choice.weight_decay for m in tuned.all_members]
    assert exported["initialiser"].to_list() == [m.choice.initialiser for m in tuned.all_members]


@pytest.mark.parametrize(
    ("tune", "wrong"),
    [
        ({"weight_decay": (-1.0,)}, "at least 0"),
        ({"weight_decay": (float("nan"),)}, "at least 0"),
        ({"initialiser": ("he_norml",)}, "he_normal"),
        ({"hidden": ((4, 0),)}, "at least 1"),
    ],
)
def test_what_cannot_be_tuned_is_refused(tune: dict[str, tuple[object, ...]], wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        Tune(**tune)  # type: ignore[arg-type]


def test_layers_are_compared_or_tuned(iris: Dataset) -> None:
    with pytest.raises(UsageError, match="not both"):
        compare(iris, settings=replace(SETTINGS, hidden=((8,),)))
