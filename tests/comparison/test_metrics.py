"""Task metrics against scikit-learn's, and what they are used for."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sklearn

from gradoscope.comparison import Settings, compare
from gradoscope.comparison.judging import BINS, constant, of_classes, of_values
from gradoscope.comparison.metrics import choose_metric, metric_guess
from gradoscope.data import Dataset, load, split
from gradoscope.errors import UsageError

SMALL = Settings(hidden=((4,),), learning_rates=(0.01,), seeds=(0, 1), epochs=3)


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_of_classes_as_scikit_learn_judges_them(rng: np.random.Generator, classes: int) -> None:
    shares = rng.dirichlet(np.ones(classes), (3, 60))
    shares[1, :5] = np.eye(classes)[0]  # certain, and wrong for some
    truth = np.append(np.arange(classes), rng.integers(0, classes, 60 - classes))
    for member, judged in zip(shares, of_classes(shares, truth), strict=True):
        said = member.argmax(1)
        clipped = np.clip(member, np.finfo(np.float32).eps, 1)
        clipped /= clipped.sum(1, keepdims=True)
        right = {
            "accuracy": sklearn.accuracy_score(truth, said),
            "balanced_accuracy": sklearn.balanced_accuracy_score(truth, said),
            "log_loss": sklearn.log_loss(truth, clipped, labels=range(classes)),
            "brier": sklearn.brier_score_loss(truth, clipped, labels=range(classes)),
            "auc": sklearn.roc_auc_score(truth, clipped[:, 1] if classes == 2 else clipped, multi_class="ovr"),
            "calibration_error": expected_calibration_error(clipped.max(1), said == truth),
        }
        assert dict(judged.scores) == pytest.approx(right)


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Guo et al. (2017), equation 3, bin by bin."""
    total = 0.0
    for low in np.arange(BINS) / BINS:
        inside = (confidence >= low) & (confidence < low + 1 / BINS + (low + 1 / BINS >= 1))
        if inside.any():
            total += inside.sum() / len(right) * abs(right[inside].mean() - confidence[inside].mean())
    return total


def test_one_output_is_the_probability_of_the_second_class(rng: np.random.Generator) -> None:
    chance, truth = rng.random((2, 30, 1)), rng.integers(0, 2, 30)
    one, two = of_classes(chance, truth), of_classes(np.concatenate([1 - chance, chance], axis=2), truth)
    for first, second in zip(one, two, strict=True):
        assert dict(first.scores) == pytest.approx(dict(second.scores))


def test_values_as_scikit_learn_judges_them(rng: np.random.Generator) -> None:
    truth, said = rng.normal(size=(40, 2)) * 3, rng.normal(size=(3, 40, 2))
    for member, judged in zip(said, of_values(said, truth), strict=True):
        assert dict(judged.scores) == pytest.approx(
            {
                "r2": sklearn.r2_score(truth, member),
                "rmse": sklearn.root_mean_squared_error(truth, member),
                "mae": sklearn.mean_absolute_error(truth, member),
            }
        )


def test_what_is_not_finite_has_no_score(rng: np.random.Generator) -> None:
    shares, values = rng.random((2, 9, 1)), rng.normal(size=(2, 9, 1))
    shares[1, 3], values[1, 3] = np.nan, np.inf
    for first, second in (of_classes(shares, np.arange(9) % 2), of_values(values, values[0])):
        assert np.isfinite(list(first.scores.values())).all()
        assert np.isnan(list(second.scores.values())).all()


def test_a_class_without_test_rows_has_no_area(rng: np.random.Generator) -> None:
    scores = of_classes(rng.random((1, 9, 1)), np.zeros(9, np.int64))[0].scores
    assert np.isnan(scores["auc"])
    assert np.isfinite(scores["balanced_accuracy"])


def imbalanced() -> Dataset:
    iris = load("iris")
    return replace(iris, target=np.where(np.arange(150) < 130, 0, 1), classes=("common", "rare"), task="binary")


def test_rare_classes_are_judged_by_balanced_accuracy_and_it_is_said() -> None:
    dataset = imbalanced()
    assert choose_metric(None, dataset) == "balanced_accuracy"
    assert "rare has 13.3%" in metric_guess(dataset)[0].reason
    study = compare(dataset, activations=["tanh"], settings=SMALL)
    assert study.metric == "balanced_accuracy"
    assert study.baseline == pytest.approx(0.5)
    assert any(guess.flag == "--metric" for guess in study.guesses)


def test_balanced_classes_are_judged_by_accuracy() -> None:
    assert choose_metric(None, load("tumour")) == "accuracy"
    assert metric_guess(load("tumour")) == ()
    assert choose_metric(None, load("diabetes")) == "r2"


def test_the_constant_answer() -> None:
    dataset = load("tumour")
    train, _, test = split(dataset, 0)
    share = (dataset.target[train] == 1).mean()
    truth = dataset.target[test]
    scores = constant(dataset, train, test)
    assert scores["log_loss"] == pytest.approx(sklearn.log_loss(truth, np.full(len(truth), share)))
    assert scores["auc"] == 0.5


def test_losses_are_compared_by_a_metric_that_falls() -> None:
    """With a log loss, the best arm has the smallest, and the differences from it are above zero."""
    settings = replace(SMALL, metric="log-loss", epochs=15)
    study = compare(load("tumour-size"), activations=["tanh"], losses=["bce", "mse", "mae"], settings=settings)
    means = [arm.score.mean for arm in study.arms]
    assert study.metric == "log_loss"
    assert means == sorted(means)
    for arm in study.arms:
        assert arm.score.mean == pytest.approx(np.mean([m.test.scores["log_loss"] for m in arm.members]))
        assert arm.difference_from_best is None or arm.difference_from_best.mean >= 0


def test_errors_are_in_units_of_the_target() -> None:
    study = compare(load("diabetes"), activations=["relu"], settings=replace(SMALL, metric="rmse"))
    assert study.baseline == pytest.approx(77, abs=8)  # the standard deviation of the target: 77.1


def test_a_metric_of_another_task_is_refused() -> None:
    with pytest.raises(UsageError, match="r2"):
        choose_metric("r2", load("iris"))


def test_what_rows_add_to_a_metric_averages_to_it(rng: np.random.Generator) -> None:
    shares, truth = rng.dirichlet(np.ones(3), (2, 50)), np.append(np.arange(3), rng.integers(0, 3, 47))
    for metric in ("accuracy", "balanced_accuracy", "log_loss", "brier", "calibration_error", "auc"):
        for judged in of_classes(shares, truth, metric):
            assert judged.shares.mean() == pytest.approx(judged.scores[metric], rel=1e-5)
    values, target = rng.normal(size=(2, 50, 2)), rng.normal(size=(50, 2))
    for metric in ("r2", "rmse", "mae"):
        for judged in of_values(values, target, metric):
            assert judged.shares.mean() == pytest.approx(judged.scores[metric], rel=1e-5)


@pytest.mark.parametrize("metric", ["auc", "rmse"])
def test_what_rows_add_spreads_as_the_jackknife_says(rng: np.random.Generator, metric: str) -> None:
    """The variance of a score over samples of rows, from leaving out one row at a time, is that of what rows add."""
    truth = rng.integers(0, 2, 120)
    said = np.clip(0.5 + 0.2 * (truth - 0.5) + rng.normal(0, 0.2, 120), 0.01, 0.99)[None, :, None]

    def judged(rows: np.ndarray) -> float:
        if metric == "auc":
            return of_classes(said[:, rows], truth[rows])[0].scores["auc"]
        return of_values(said[:, rows], truth[rows, None].astype(float))[0].scores["rmse"]

    left_out = np.array([judged(np.delete(np.arange(120), row)) for row in range(120)])
    jackknife = 119 / 120 * ((left_out - left_out.mean()) ** 2).sum()
    own = of_classes(said, truth, "auc") if metric == "auc" else of_values(said, truth[:, None].astype(float), "rmse")
    assert own[0].shares.var(ddof=1) / 120 == pytest.approx(jackknife, rel=0.03)
