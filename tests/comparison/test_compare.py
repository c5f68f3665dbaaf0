"""What a comparison promises: same data, same start, same batches; rates by validation; test rows apart."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score

from gradoscope.comparison import Settings, Study, compare, document, write_study
from gradoscope.data import Dataset, load, split
from gradoscope.errors import UsageError
from gradoscope.networks import Experiment
from gradoscope.training import Model

SMALL = Settings(hidden=((4,),), learning_rates=(0.01,), seeds=(0, 1), epochs=3)


def test_every_arm_runs_at_every_rate_and_seed(study: Study) -> None:
    trained = {(m.arm.activation, m.learning_rate, m.seed) for m in study.all_members}
    assert len(trained) == len(study.all_members) == 3 * 2 * 3
    assert all([m.seed for m in arm.members] == [3, 4, 5] for arm in study.arms)


def test_arms_are_ranked_by_their_mean_test_score(study: Study) -> None:
    means = [arm.score.mean for arm in study.arms]
    assert means == sorted(means, reverse=True)
    assert study.arms[0].difference_from_best is None
    for arm in study.arms[1:]:
        assert arm.difference_from_best is not None
        paired = np.mean(arm.test_scores - study.arms[0].test_scores)
        assert arm.difference_from_best.mean == pytest.approx(paired)


def test_rates_are_chosen_inside_each_resample_by_its_validation_loss_alone(study: Study) -> None:
    for arm in study.arms:
        for member in arm.members:
            tried = [m for m in study.all_members if m.arm == arm.arm and m.seed == member.seed]
            assert len(tried) == len(study.settings.learning_rates), "the same budget for every arm"
            assert member.validation_loss == min(m.validation_loss for m in tried)
        assert arm.learning_rate in [member.learning_rate for member in arm.members]


def test_the_saved_model_scores_what_the_study_says(study: Study, iris: Dataset, tmp_path: Path) -> None:
    write_study(study, iris, tmp_path, tmp_path)
    model = Model.load(tmp_path / "model")
    seed = model.experiment.training.seed
    member = next(m for m in study.arms[0].members if m.seed == seed)
    rows = split(iris, seed).test
    said = model.predict(iris.inputs[rows])["prediction"].to_list()
    assert iris.classes is not None
    truth = [iris.classes[code] for code in iris.target[rows]]
    assert accuracy_score(truth, said) == pytest.approx(member.test.scores["accuracy"])


def test_the_folder_describes_itself(study: Study, iris: Dataset, tmp_path: Path) -> None:
    write_study(study, iris, tmp_path, Path("elsewhere"))
    said = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert said == json.loads(json.dumps(document(study, Path("elsewhere"))))
    assert said["report"] == "elsewhere/report.html"
    assert pl.read_csv(tmp_path / "results.csv").height == len(study.all_members)
    assert Experiment.from_file(tmp_path / "experiment.toml").network.loss.name == "categorical_cross_entropy"


def test_same_seed_same_bits_on_any_executor(study: Study, iris: Dataset) -> None:
    with ThreadPoolExecutor(1) as one_after_another:
        again = compare(iris, activations=["relu", "tanh", "step"], settings=study.settings, executor=one_after_another)
    first, second = (replace(s, seconds=0.0) for s in (study, again))
    assert document(first, Path("a")) == document(second, Path("a"))


def test_a_second_comparison_of_the_same_shape_compiles_nothing(no_recompile, iris: Dataset) -> None:
    compare(iris, activations=["relu"], settings=SMALL)
    with no_recompile():
        compare(iris, activations=["relu"], settings=replace(SMALL, seeds=(7, 8), learning_rates=(0.02,)))


def test_losses_and_depths_are_arms_too() -> None:
    settings = replace(SMALL, hidden=((4,), (4, 4)))
    study = compare(load("tumour-size"), activations=["tanh"], losses=["bce", "mse"], settings=settings)
    arms = {(arm.arm.loss, arm.arm.hidden) for arm in study.arms}
    assert arms == {
        (loss, hidden) for loss in ("binary_cross_entropy", "mean_squared_error") for hidden in settings.hidden
    }


def test_a_binary_task_can_use_the_categorical_loss() -> None:
    study = compare(
        load("tumour-size"), activations=["tanh"], losses=["bce", "categorical_cross_entropy"], settings=SMALL
    )
    assert {arm.arm.head.units for arm in study.arms} == {1, 2}


def test_regression_is_judged_by_r2_against_the_mean() -> None:
    study = compare(load("diabetes"), activations=["relu"], losses=["mse", "mae", "huber"], settings=SMALL)
    assert study.metric == "r2"
    assert study.baseline == pytest.approx(0, abs=0.1)


def test_runs_that_become_nan_are_not_judged() -> None:
    settings = replace(SMALL, learning_rates=(1e30,), optimizer="sgd")
    study = compare(load("diabetes"), activations=["relu"], settings=settings)
    assert study.arms[0].failures == 2
    assert study.verdict.startswith("Nothing could be trained")
    assert document(study, Path())["arms"][0]["score"]["mean"] is None


@pytest.mark.parametrize(
    ("activations", "losses", "wrong"),
    [
        (["rleu"], [], "relu"),
        (["softmax"], [], "softmax"),
        ([], ["poisson"], "poisson"),
        ([], ["cross_entropi"], "cross_entropy"),
    ],
)
def test_impossible_arms_are_refused(iris: Dataset, activations: list[str], losses: list[str], wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        compare(iris, activations=activations, losses=losses, settings=SMALL)


@pytest.mark.parametrize(
    "broken",
    [{"hidden": ((0,),)}, {"epochs": 0}, {"batch_size": -1}, {"seeds": ()}, {"learning_rates": (0.0,)}],
)
def test_impossible_settings_are_refused(iris: Dataset, broken: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="must be"):
        compare(iris, settings=replace(SMALL, **broken))
