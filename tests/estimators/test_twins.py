"""With the same random numbers, the weights are those of scikit-learn's MLPClassifier and MLPRegressor.

They say what every parameter means: batches, penalty, steps, schedules, ways of stopping, held-out rows.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from gradoscope import NetworkClassifier, NetworkRegressor

ROWS = 250  # two batches, the second one short
TWINS = {NetworkClassifier: MLPClassifier, NetworkRegressor: MLPRegressor}


class Case(NamedTuple):
    """An estimator, the kind of its targets, and parameters."""

    kind: type
    targets: str
    parameters: dict[str, Any]


def case(kind: type, targets: str, **parameters: Any) -> Any:
    name = "-".join([kind.__name__, targets, *(f"{key}={value}" for key, value in parameters.items())])
    return pytest.param(Case(kind, targets, parameters), id=name)


CASES = [
    case(NetworkClassifier, "binary", activation="logistic"),
    case(NetworkClassifier, "multiclass", activation="tanh", alpha=0.1),
    case(NetworkClassifier, "multiclass", early_stopping=True, n_iter_no_change=3, max_iter=60),
    case(NetworkClassifier, "binary", early_stopping=True, validation_fraction=0.2),
    case(NetworkClassifier, "multilabel", beta_1=0.8, beta_2=0.99, epsilon=1e-6),
    case(NetworkClassifier, "multiclass", solver="sgd", learning_rate="adaptive", tol=0.05, n_iter_no_change=1),
    case(NetworkClassifier, "multiclass", solver="sgd", learning_rate="invscaling", nesterovs_momentum=False),
    case(NetworkClassifier, "multiclass", solver="lbfgs"),
    case(NetworkClassifier, "multiclass", tol=0.05, n_iter_no_change=2, max_iter=99, shuffle=False),
    case(NetworkRegressor, "one", activation="identity", batch_size=64),
    case(NetworkRegressor, "one", early_stopping=True, solver="sgd", momentum=0.5),
    case(NetworkRegressor, "one", solver="lbfgs", activation="tanh"),
    case(NetworkRegressor, "two", hidden_layer_sizes=(7, 5)),
    case(NetworkRegressor, "counts", loss="poisson"),
]  # fmt: skip


def rows(targets: str, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[Any]]:
    X = rng.normal(size=(ROWS, 4))
    score = X[:, 0] - X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=ROWS)
    answers: dict[str, NDArray[Any]] = {
        "binary": np.where(score > 0.3, "yes", "no"),
        "multiclass": np.array(["low", "mean", "top"])[np.digitize(score, [-0.5, 0.5])],
        "multilabel": np.column_stack([score > 0, X[:, 3] > 0, X[:, 0] > 1]).astype(int),
        "one": score,
        "two": np.column_stack([score, X[:, 3] ** 2]),
        "counts": rng.poisson(np.exp(score / 4)).astype(float),
    }
    return X, answers[targets]


def twins(case: Case) -> tuple[Any, Any]:
    parameters = {"hidden_layer_sizes": (7,), "learning_rate_init": 0.02, "max_iter": 30, **case.parameters}
    return tuple(kind(random_state=3, **parameters) for kind in (case.kind, TWINS[case.kind]))  # type: ignore[return-value]


def check_equal(ours: Any, theirs: Any) -> None:
    """Weights and curves up to rounding, everything else exactly."""
    for one, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    curves = ("best_loss_", "best_validation_score_", "loss_curve_", "validation_scores_")
    for name in ("loss_", *(curves if ours.solver != "lbfgs" else ())):
        expected = getattr(theirs, name)
        assert getattr(ours, name) == (None if expected is None else pytest.approx(expected, rel=1e-9)), name


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_fit(case: Case, weighted: bool, rng: np.random.Generator) -> None:
    X, y = rows(case.targets, rng)
    weights = rng.uniform(0.5, 2.0, ROWS) if weighted else None
    ours, theirs = twins(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours.fit(X, y, sample_weight=weights)
        theirs.fit(X, y, sample_weight=weights)
    check_equal(ours, theirs)
    assert ours.score(X, y, weights) == pytest.approx(theirs.score(X, y, weights))
    if isinstance(ours, NetworkClassifier):
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-8)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_fit_and_warm_start(solver: str, rng: np.random.Generator) -> None:
    """Two parts of the rows, then all of them, then once more from there: one twin follows the other."""
    X, y = rows("multiclass", rng)
    ours, theirs = twins(Case(NetworkClassifier, "multiclass", {"solver": solver, "learning_rate": "invscaling"}))
    for each in (ours, theirs):
        for part in (slice(0, 200), slice(200, 250), slice(0, 200)):
            each.partial_fit(X[part], y[part], classes=np.unique(y))
    check_equal(ours, theirs)
    for each in (ours, theirs):
        each.set_params(warm_start=True, max_iter=3)
        with pytest.warns(ConvergenceWarning):
            each.fit(X, y)
        each.partial_fit(X, y)
    check_equal(ours, theirs)
    assert len(ours.loss_curve_) == 3 + 3 + 1


def test_single_precision_is_kept(rng: np.random.Generator) -> None:
    X, y = rows("multiclass", rng)
    ours, theirs = twins(Case(NetworkClassifier, "multiclass", {"max_iter": 2}))
    for each in (ours, theirs):
        with pytest.warns(ConvergenceWarning):
            each.fit(X.astype(np.float32), y)
    for one, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert ours.predict_proba(X.astype(np.float32)).dtype == np.float32
