"""Weights of rows and classes: what they do to losses and scores."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_sample_weight
from tests.training.experiments import TRAIN, VALIDATION, experiment

from gradoscope.data import DataSpec, Rows, prepare_experiment
from gradoscope.errors import UsageError
from gradoscope.networks import Experiment, TrainingSpec, plan
from gradoscope.training import Run, baseline, fit_population, outputs

WEIGHTS = np.array([0.5, 2, 0, 1, 3, 1], np.float32)
WEIGHTED = VALIDATION._replace(weights=WEIGHTS)
BLOBS = {"n_samples": 100, "weights": [0.9], "random_state": 0}


def trained(train: Rows, validation: Rows = WEIGHTED, **training: float) -> Run:
    return fit_population([experiment(**training)], train, validation, "regression", test=validation)[0]


def test_validation_loss_and_scores_are_weighted() -> None:
    run = trained(TRAIN)
    answers = outputs(plan([run.experiment.network]), run.params, run.moving, VALIDATION.inputs)[0]
    loss = keras.losses.MeanSquaredError()(VALIDATION.targets, answers, sample_weight=WEIGHTS)
    assert run.curves.validation_loss[-1] == pytest.approx(float(loss), rel=1e-5)
    score = r2_score(VALIDATION.targets, answers, sample_weight=WEIGHTS)
    assert run.test_score == pytest.approx(score, rel=1e-5)
    assert run.validation_score == pytest.approx(score, rel=1e-5)


def test_weights_of_one_change_nothing() -> None:
    ones = np.ones(len(TRAIN.inputs), np.float32)
    one, other = trained(TRAIN), trained(TRAIN._replace(weights=ones))
    np.testing.assert_allclose(one.params[0].kernel, other.params[0].kernel, rtol=1e-6)


def test_other_weights_compile_nothing(no_recompile: Callable[[], AbstractContextManager[None]]) -> None:
    train = TRAIN._replace(weights=np.arange(10, dtype=np.float32))
    trained(train)
    with no_recompile():
        trained(train._replace(weights=train.weights[::-1]))  # type: ignore[index]


@pytest.mark.parametrize("given", ["balanced", {"0": 1.0, "1": 4.0}])
def test_class_weights_are_those_of_scikit_learn(given: dict[str, float] | str) -> None:
    X, y = make_classification(**BLOBS)
    spec = DataSpec("make_classification", BLOBS, validation=0.2, shuffle=False)
    data = prepare_experiment(spec, 1, 0, Path(), given)
    train, rest = y[:80], y[80:]
    by_class = given if isinstance(given, dict) else dict(zip("01", 80 / (2 * np.bincount(train)), strict=True))
    expected = compute_sample_weight({int(name): weight for name, weight in by_class.items()}, y)
    np.testing.assert_allclose(data.train.weights, expected[:80], rtol=1e-6)  # type: ignore[arg-type]
    np.testing.assert_allclose(data.validation.weights, expected[80:], rtol=1e-6)  # type: ignore[arg-type]
    assert X.shape[1] == data.train.inputs.shape[1]
    floor = baseline("accuracy", data.train.targets, data.validation.targets, data.train.weights, expected[80:])
    if given == "balanced":
        guess = (rest == np.bincount(train, data.train.weights).argmax()) @ expected[80:]  # type: ignore[arg-type]
        assert floor == pytest.approx(guess / expected[80:].sum())


@pytest.mark.parametrize(
    ("task", "given", "message"),
    [
        ("multiclass", {"dog": 2.0}, "there is no class 'dog'"),
        ("regression", "balanced", "the task is regression"),
    ],
)
def test_class_weights_need_classes(task: str, given: dict[str, float] | str, message: str) -> None:
    source = "make_regression" if task == "regression" else "make_classification"
    with pytest.raises(UsageError, match=message):
        prepare_experiment(DataSpec(source, {"n_samples": 30}), 1, 0, Path(), given)


def test_a_specification_with_class_weights_is_a_key_and_round_trips() -> None:
    one = experiment()
    training = TrainingSpec(class_weight={"a": 1.0, "b": 2.5})
    assert hash(training) == hash(TrainingSpec(class_weight={"b": 2.5, "a": 1.0}))
    weighted = Experiment(one.data, one.network, training)
    assert Experiment.from_toml(weighted.to_toml()) == weighted
    for wrong in ("even", {"a": -1.0}):
        with pytest.raises(UsageError, match="class_weight"):
            TrainingSpec(class_weight=wrong)  # type: ignore[arg-type]
