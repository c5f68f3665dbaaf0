"""What both estimators share: parameters, what users call, and the attributes of `MLPClassifier`."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import jax
import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, _fit_context, is_regressor
from sklearn.callback import CallbackSupportMixin
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from gradoscope.compilation import keep_compiled_programs
from gradoscope.diagnosis import Diagnosis
from gradoscope.errors import UsageError
from gradoscope.estimators.course import Numbers, Task
from gradoscope.estimators.diagnosing import diagnosed
from gradoscope.estimators.problem import Problem, forward, functions_of
from gradoscope.estimators.progress import Given, Progress
from gradoscope.estimators.search import Search
from gradoscope.estimators.starting import start_weights
from gradoscope.language import say
from gradoscope.networks.training_spec import OPTIMIZERS
from gradoscope.training.signals import Signals


def has_epochs(estimator: Any) -> bool:
    """Whether the solver has single epochs, which `partial_fit` trains."""
    if estimator.solver == "lbfgs":
        raise AttributeError(say("solver='lbfgs' has no epochs, which this goes by; choose another solver."))
    return True


class BaseNetwork(CallbackSupportMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """The common part; the subclasses say what targets and answers are."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **MLPClassifier._parameter_constraints,  # noqa: SLF001
        "activation": [str, dict, "array-like"],
        "solver": [StrOptions(set(OPTIMIZERS))],
        "loss": [str, dict],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(self, **parameters: Any) -> None:
        for name, value in parameters.items():
            setattr(self, name, value)

    @abstractmethod
    def _encoded(self, y: Numbers, *, first: bool, incremental: bool) -> Numbers:
        """The targets as numbers, shape (rows, outputs); learns the classes."""

    @abstractmethod
    def _problem(self, encoded: Numbers) -> Problem:
        """The output side of the network."""

    @abstractmethod
    def _answers(self, outputs: Numbers) -> Numbers:
        """What `predict` says for outputs of the network."""

    @abstractmethod
    def _weights(self, y: Numbers, weights: Numbers | None, *, incremental: bool) -> Numbers | None:
        """The weights of the rows, with those of their classes."""

    @abstractmethod
    def _judge(self, y: Numbers, outputs: Numbers, weights: Numbers | None) -> float:
        """How good outputs of the network are."""

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train until the loss (with `early_stopping`: the validation score) no longer improves.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
            Inputs. float32 is trained in single precision, everything else in double precision.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts; 0 is as good as not there.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Rows, targets, weights or a parameter cannot be used, or training ended in NaN or infinity.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    def predict(self, X: Any) -> Numbers:
        """The predicted classes or values, shape (n_samples,) or (n_samples, n_outputs)."""
        return self._answers(self._outputs(X))

    def diagnose(self, X: Any, y: Any, *, seeds: int = 1) -> Diagnosis:
        """What is wrong with this network on these rows, or that nothing is.

        It is trained once more as an experiment, for `n_iter_` epochs at `learning_rate_init`, its weights drawn as for
        `fit`; `validation_fraction` of the rows judge it.

        Parameters
        ----------
        X, y : array-like
            The rows that it was fitted on.
        seeds : int, default=1
            How many such runs are looked at.

        Returns
        -------
        gradoscope.diagnosis.Diagnosis
        """
        check_is_fitted(self)
        has_epochs(self)
        task = self._progress.task
        given = self._validated(X, y, None, first=False, incremental=True)
        return diagnosed(self, task, given._replace(targets=task.problem.targets(given.targets)), seeds)

    @property
    def signals_(self) -> Signals:
        """Signals of the epochs of a stochastic solver: arrays of shape (epochs, layers), the output layer last."""
        check_is_fitted(self)
        has_epochs(self)
        stacked: Signals = jax.tree.map(lambda *epochs: np.stack(epochs), *self._progress.signals)
        return stacked

    def _outputs(self, X: Any) -> Numbers:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False)
        return forward(self._progress.task.network, (self.coefs_, self.intercepts_), X)

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool) -> Self:
        keep_compiled_programs()
        first = "coefs_" not in vars(self) or not (self.warm_start or incremental)
        given = self._validated(X, y, sample_weight, first=first, incremental=incremental)
        random = check_random_state(self.random_state)
        if first:
            self._begin(given, random)
        try:
            given = given._replace(targets=self._progress.task.problem.targets(given.targets))
        except UsageError as error:
            raise ValueError(str(error)) from None
        context = self._init_callback_context(max_subtasks=self.max_iter)
        search = Search(self, self._progress, given, self._judge, random, context)
        search.run(incremental=incremental)
        if not self._progress.weights.finite:
            raise ValueError(
                say("Training ended in NaN or infinite weights; scale the inputs (StandardScaler), or choose a smaller "
                    "learning_rate_init.")
            )  # fmt: skip
        self._publish(search)
        return self

    def _validated(self, X: Any, y: Any, sample_weight: Any, *, first: bool, incremental: bool) -> Given:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, y_numeric=is_regressor(self),
            dtype=(np.float64, np.float32), reset=first,
        )  # fmt: skip
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        encoded = self._encoded(y, first=first, incremental=incremental).astype(X.dtype)
        weights = sample_weight
        if weights is not None:
            weights = _check_sample_weight(weights, X, dtype=X.dtype, ensure_non_negative=True)
        weights = self._weights(y, weights, incremental=incremental)
        given = Given(_dense(X), y, encoded, None if weights is None else weights.astype(X.dtype))
        return given if weights is None or weights.all() else given.at(np.flatnonzero(weights))

    def _begin(self, given: Given, random: np.random.RandomState) -> None:
        sizes = np.atleast_1d(self.hidden_layer_sizes).tolist()
        if any(size <= 0 for size in sizes):
            raise ValueError(say("hidden_layer_sizes must be > 0, got {sizes}.", sizes=sizes))
        try:
            problem = self._problem(given.targets)
            network = problem.network(sizes, functions_of(self.activation, len(sizes)))
        except UsageError as error:
            raise ValueError(str(error)) from None
        weights = start_weights(network, given.inputs.shape[1], random, given.inputs.dtype)
        self._progress = Progress(Task(network, problem), weights)
        self.n_layers_, self.n_outputs_, self.out_activation_ = len(sizes) + 2, problem.units, problem.out_activation

    def _publish(self, search: Search) -> None:
        """The attributes of `MLPClassifier`, as they stand after an epoch."""
        progress, stochastic = self._progress, self.solver != "lbfgs"
        self.n_iter_, self.loss_, self.t_ = search.n_iter, search.loss, progress.seen
        self.coefs_, self.intercepts_ = progress.weights
        if not stochastic:
            return
        early = self.early_stopping
        self.loss_curve_ = progress.losses
        self.best_loss_ = None if early else progress.best_loss
        self.best_validation_score_ = progress.best_score if early else None
        self.validation_scores_ = progress.scores if early else None
        self.validation_loss_curve_ = progress.validation_losses if early else None

    def __sklearn_is_fitted__(self) -> bool:
        return "coefs_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _dense(X: Any) -> Numbers:
    """The inputs as one array: training reads every row many times, in any order."""
    if not issparse(X):
        return np.asarray(X)
    try:
        dense: Numbers = X.toarray()
    except MemoryError:
        size = np.prod(X.shape, dtype=float) * X.dtype.itemsize / 2**30
        raise ValueError(
            say("Training needs the sparse inputs as a dense array of {size:.1f} GiB, and there is no room for it; "
                "keep fewer columns (TruncatedSVD), or call partial_fit with parts of the rows.",
                size=size)
        ) from None  # fmt: skip
    return dense
