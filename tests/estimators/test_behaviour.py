"""What users of scikit-learn do with an estimator, and what MLPClassifier does not do."""

import pickle
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import polars as pl
import pytest
import sklearn
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gradoscope import NetworkClassifier, NetworkRegressor
from gradoscope.training import Signals

QUICK: dict[str, Any] = {"hidden_layer_sizes": (7,), "learning_rate_init": 0.02, "max_iter": 12, "random_state": 0}
Numbers = NDArray[Any]


@pytest.fixture(autouse=True)
def unconverged() -> Iterator[None]:
    """Twelve epochs are enough for most tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@pytest.fixture
def classes(rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    X = rng.normal(size=(200, 4))
    return X, np.array(["low", "mean", "top"])[np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [-0.5, 0.5])]


@pytest.fixture
def numbers(rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    X = rng.normal(size=(200, 4))
    return X, np.exp(X[:, 0] / 2) + X[:, 1] ** 2


def same(one: Any, other: Any, tolerance: float = 0.0) -> None:
    for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# Weights


def test_a_weight_of_k_is_k_copies(classes: tuple[Numbers, Numbers], rng: np.random.Generator) -> None:
    X, y = classes[0][:60], classes[1][:60]
    weights = rng.integers(0, 4, 60)
    weighted = NetworkClassifier(**QUICK).fit(X, y, sample_weight=weights)
    copied = NetworkClassifier(**QUICK).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    same(weighted, copied, 1e-10)


def test_class_weight_is_a_weight_of_rows(classes: tuple[Numbers, Numbers], rng: np.random.Generator) -> None:
    X, y = classes
    own = rng.uniform(0.5, 2.0, len(X))
    by_class = {"low": 3.0, "mean": 0.5, "top": 1.0}
    told = NetworkClassifier(class_weight=by_class, **QUICK).fit(X, y, sample_weight=own)
    same(told, NetworkClassifier(**QUICK).fit(X, y, sample_weight=own * [by_class[name] for name in y]))
    values, places, counts = np.unique(y, return_inverse=True, return_counts=True)
    balanced = NetworkClassifier(class_weight="balanced", **QUICK).fit(X, y)
    same(balanced, NetworkClassifier(**QUICK).fit(X, y, sample_weight=(len(y) / (len(values) * counts))[places]))


# Inputs


def test_sparse_and_dense_inputs_are_the_same(classes: tuple[Numbers, Numbers]) -> None:
    X, y = np.where(classes[0] > 0, classes[0], 0), classes[1]
    dense, sparse = NetworkClassifier(**QUICK).fit(X, y), NetworkClassifier(**QUICK).fit(csr_array(X), y)
    same(dense, sparse)
    np.testing.assert_allclose(dense.predict_proba(X), sparse.predict_proba(csr_array(X)), rtol=1e-12)


def test_sparse_inputs_without_room_say_so() -> None:
    wide = csr_array((3, 2**50))
    with pytest.raises(ValueError, match=r"dense array of .* GiB, and there is no room for it"):
        NetworkRegressor(**QUICK).fit(wide, [1.0, 2.0, 3.0])


def test_a_table_has_names_and_they_are_checked(classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    table = pl.DataFrame(X, schema=["a", "b", "c", "d"])
    model = NetworkClassifier(**QUICK).fit(table, pl.Series(y))
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    same(model, NetworkClassifier(**QUICK).fit(X, y))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table.rename({"a": "z"}))


def test_other_numbers_of_rows_other_penalties_and_rates_compile_nothing(
    classes: tuple[Numbers, Numbers], no_recompile: Callable[[], AbstractContextManager[None]]
) -> None:
    X, y = classes
    NetworkClassifier(**QUICK, early_stopping=True, batch_size=50).fit(X, y)
    NetworkClassifier(**QUICK).fit(X[:150], y[:150])
    with no_recompile():
        NetworkClassifier(**QUICK, early_stopping=True, batch_size=50, alpha=0.5).fit(X[:190], y[:190])
        NetworkClassifier(**{**QUICK, "learning_rate_init": 0.1}).fit(X[:140], y[:140], sample_weight=np.ones(140))
        NetworkClassifier(**QUICK, class_weight="balanced").fit(X[:130], y[:130]).predict(X)


# Losses and activations


@pytest.mark.parametrize("loss", ["focal", "bce", "mse", {"name": "poly1", "epsilon": 2.0}])
@pytest.mark.parametrize("binary", [False, True])
def test_losses_with_probabilities(loss: Any, binary: bool, classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    y = np.where(y == "low", "low", "high") if binary else y
    model = NetworkClassifier(loss=loss, **{**QUICK, "max_iter": 60}).fit(X, y)
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert (model.classes_[shares.argmax(1)] == model.predict(X)).all()
    assert model.score(X, y) > 0.65
    assert not hasattr(model, "decision_function")


def test_a_loss_of_log_probabilities(classes: tuple[Numbers, Numbers]) -> None:
    """-log p of the class is cross-entropy, whether softmax and logarithm are one function or two."""
    one, other = (NetworkClassifier(loss=loss, **QUICK).fit(*classes) for loss in ("nll", "cross_entropy"))
    assert one.out_activation_ == "log_softmax"
    same(one, other, 1e-10)
    np.testing.assert_allclose(one.predict_proba(classes[0]), other.predict_proba(classes[0]), rtol=1e-9)


@pytest.mark.parametrize("loss", ["squared_hinge", "multiclass_hinge"])
@pytest.mark.parametrize("binary", [False, True])
def test_losses_with_scores(loss: str, binary: bool, classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    y = np.where(y == "low", "low", "high") if binary else y
    model = NetworkClassifier(loss=loss, **{**QUICK, "max_iter": 60}).fit(X, y)
    assert not hasattr(model, "predict_proba")
    assert model.score(X, y) > 0.65
    assert len(model.decision_function(X)) == len(X)


@pytest.mark.parametrize("loss", ["huber", "gamma", {"name": "tweedie", "power": 1.2}])
def test_regression_losses(loss: Any, numbers: tuple[Numbers, Numbers]) -> None:
    X, y = numbers
    model = NetworkRegressor(loss, **{**QUICK, "max_iter": 150}).fit(X, y)
    assert model.score(X, y) > 0.7


def test_one_activation_for_each_layer(numbers: tuple[Numbers, Numbers]) -> None:
    X, y = numbers
    layers = ["gelu", {"name": "LeakyReLU", "negative_slope": 0.2}]
    model = NetworkRegressor(activation=layers, **{**QUICK, "hidden_layer_sizes": (7, 5)}).fit(X, y)
    hidden = X @ model.coefs_[0] + model.intercepts_[0]
    hidden = (hidden * norm.cdf(hidden)) @ model.coefs_[1] + model.intercepts_[1]
    expected = np.where(hidden > 0, hidden, 0.2 * hidden) @ model.coefs_[2] + model.intercepts_[2]
    np.testing.assert_allclose(model.predict(X), expected[:, 0], rtol=1e-12)


def test_validation_losses_and_signals(classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    model = NetworkClassifier(early_stopping=True, alpha=0.0, n_iter_no_change=99, **QUICK).fit(X, y)
    _, held_out = train_test_split(np.arange(200), test_size=0.1, random_state=after_drawing_weights())
    best = int(np.argmax(model.validation_scores_))
    shares = model.predict_proba(X[held_out])[np.arange(20), np.searchsorted(model.classes_, y[held_out])]
    assert model.validation_loss_curve_[best] == pytest.approx(-np.log(shares).mean(), rel=1e-9)
    assert isinstance(model.signals_, Signals)
    assert model.signals_.gradient_norm.shape == (12, 2)
    assert NetworkClassifier(**QUICK).fit(X, y).validation_loss_curve_ is None


def after_drawing_weights() -> np.random.RandomState:
    """The random numbers of QUICK's seed after those of the 4-7-3 network's weights."""
    random = np.random.RandomState(0)  # scikit-learn's
    random.uniform(size=4 * 7 + 7 + 7 * 3 + 3)
    return random


def test_diagnosis_names_what_keeps_a_network_from_learning(classes: tuple[Numbers, Numbers]) -> None:
    """Eight layers of sigmoid units; class weights and held-out rows go along."""
    X, y = classes
    deep = {**QUICK, "hidden_layer_sizes": (5,) * 8, "max_iter": 30}
    model = NetworkClassifier(activation="logistic", class_weight={"low": 2.0}, **deep).fit(X, y)
    findings = model.diagnose(X, y).findings
    assert findings[0].fault == "vanishing-gradient"


# In scikit-learn's hands


def test_copies_go_on_as_the_original_would(classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    model = NetworkClassifier(**QUICK).partial_fit(X, y, classes=np.unique(y))
    copy = pickle.loads(pickle.dumps(model))
    same(copy.partial_fit(X, y), model.partial_fit(X, y))
    assert not hasattr(clone(model), "coefs_")


def test_search_calibration_and_routing(classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    pipe = make_pipeline(StandardScaler(), NetworkClassifier(**QUICK)).set_output(transform="polars")
    search = GridSearchCV(pipe, {"networkclassifier__alpha": [1e-4, 1.0]}, n_jobs=2, cv=2).fit(pl.DataFrame(X), y)
    assert search.score(pl.DataFrame(X), y) > 0.4
    assert CalibratedClassifierCV(NetworkClassifier(**QUICK), cv=2).fit(X, y).predict_proba(X).shape == (200, 3)
    weights = np.linspace(0.5, 2, 200)
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(scaler, NetworkClassifier(**QUICK).set_fit_request(sample_weight=True))
        routed.fit(X, y, sample_weight=weights)
    same(routed[-1], NetworkClassifier(**QUICK).fit(StandardScaler().fit_transform(X), y, sample_weight=weights))


class Watcher:
    """A callback of scikit-learn: scores every epoch, and stops after the third."""

    def __init__(self) -> None:
        self.begun, self.scores = 0, list[float]()

    def setup(self, estimator: Any, context: Any) -> None:
        self.names = {context.estimator_name}

    def teardown(self, estimator: Any, context: Any) -> None:
        self.names.add("done")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.begun += context.task_name != "fit"

    def on_fit_task_end(self, estimator: Any, context: Any, *, X: Any, y: Any, fitted_estimator: Any) -> bool:
        if context.task_name != "fit":
            self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) == 3


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks(solver: str, classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    watcher = Watcher()
    model = NetworkClassifier(solver=solver, **QUICK).set_callbacks(watcher).fit(X, y)
    assert (watcher.begun, model.n_iter_, watcher.names) == (3, 3, {"NetworkClassifier", "done"})
    assert watcher.scores[-1] == model.score(X, y)
    assert watcher.scores[0] != watcher.scores[-1]


def test_ctrl_c_keeps_what_was_learned(classes: tuple[Numbers, Numbers]) -> None:
    class Interrupt(Watcher):
        def on_fit_task_end(self, estimator: Any, context: Any) -> None:  # type: ignore[override]
            if context.task_name == "epoch":
                signal.raise_signal(signal.SIGINT)

    with pytest.warns(UserWarning, match="interrupted after 1 epochs"):
        model = NetworkClassifier(**QUICK).set_callbacks(Interrupt()).fit(*classes)
    assert model.n_iter_ == 1


def test_what_is_said(classes: tuple[Numbers, Numbers], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(ConvergenceWarning, match="not converged after max_iter = 2 epochs"):
        NetworkClassifier(**{**QUICK, "max_iter": 2}, verbose=True).fit(*classes)
    assert capsys.readouterr().out.splitlines()[1].startswith("Iteration 2, loss = ")
    with pytest.warns(UserWarning, match="batch_size is 500, but there are 200 rows"):
        NetworkClassifier(**QUICK, batch_size=500).fit(*classes)
    with pytest.warns(DataConversionWarning):
        NetworkClassifier(**QUICK).fit(classes[0], classes[1][:, None])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"activation": "rellu"}, "did you mean relu"),
        ({"activation": ["relu", "tanh"]}, "lists 2 functions, but there are 1 hidden layers"),
        ({"loss": "croos_entropy"}, "did you mean"),
        ({"loss": "ctc"}, "the loss ctc cannot be learned from a multiclass target"),
        ({"loss": "triplet"}, "cannot be learned from one number per output"),
        ({"solver": "adamm"}, "'solver' parameter of NetworkClassifier must be"),
        ({"hidden_layer_sizes": (3, 0)}, "must be > 0"),
        ({"early_stopping": True, "validation_fraction": 0.0}, "validation_fraction|test_size"),
        ({"learning_rate_init": 1e300, "solver": "sgd"}, "NaN or infinite weights"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_refusals(parameters: dict[str, Any], sentence: str, classes: tuple[Numbers, Numbers]) -> None:
    with pytest.raises(ValueError, match=sentence):
        NetworkClassifier(**{**QUICK, **parameters}).fit(*classes)


def test_refusals_of_targets_and_of_partial_fit(classes: tuple[Numbers, Numbers]) -> None:
    X, y = classes
    with pytest.raises(ValueError, match="expected numbers >= 0"):
        NetworkRegressor("poisson", **QUICK).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="the loss focal cannot be learned from numbers"):
        NetworkRegressor("focal", **QUICK).fit(X, X[:, 0])
    assert not hasattr(NetworkClassifier(solver="lbfgs"), "partial_fit")
    assert not hasattr(NetworkClassifier(solver="lbfgs", **QUICK).fit(X, y), "signals_")
    with pytest.raises(ValueError, match="cannot hold out rows"):
        NetworkClassifier(early_stopping=True, **QUICK).partial_fit(X, y, classes=np.unique(y))
    model = NetworkClassifier(**QUICK).partial_fit(X, y, classes=np.unique(y))
    with pytest.raises(ValueError, match="was told of"):
        model.partial_fit(X[:1], ["best"])
    with pytest.raises(ValueError, match="warm_start needs the classes"):
        model.set_params(warm_start=True).fit(X, np.where(y == "low", "lower", y))
    two = NetworkRegressor(**QUICK).fit(X, X[:, :2])
    with pytest.raises(ValueError, match="y has 1 outputs, but the network was made for 2"):
        two.partial_fit(X, X[:, 0])


# Beside scikit-learn, on data that it brings


@pytest.mark.parametrize("load", [load_digits, load_breast_cancer])
def test_accuracy(load: Callable[..., Any]) -> None:
    """Another activation, beside what MLPClassifier reaches in as many epochs of the same steps."""
    X, y = load(return_X_y=True)
    training: dict[str, Any] = {"learning_rate_init": 0.01, "max_iter": 30, "random_state": 0}
    ours, theirs = NetworkClassifier((64,), "gelu", **training), MLPClassifier((64,), "relu", **training)
    scores = [cross_val_score(make_pipeline(StandardScaler(), each), X, y, cv=3).mean() for each in (ours, theirs)]
    assert scores[0] > scores[1] - 0.015


def test_r2() -> None:
    X, y = load_diabetes(return_X_y=True)
    training: dict[str, Any] = {"learning_rate_init": 0.02, "max_iter": 100, "random_state": 0}
    ours = NetworkRegressor("huber", (16,), "tanh", solver="nadam", **training)
    theirs = MLPRegressor("squared_error", (16,), "tanh", **training)
    scores = [cross_val_score(each, X, (y - y.mean()) / y.std(), cv=3).mean() for each in (ours, theirs)]
    assert scores[0] > scores[1] - 0.05
