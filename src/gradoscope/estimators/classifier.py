"""`NetworkClassifier`: takes the place of scikit-learn's `MLPClassifier`."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels

from gradoscope.estimators.base import BaseNetwork, has_epochs
from gradoscope.estimators.course import Numbers
from gradoscope.estimators.problem import Problem, classification, gives_probabilities
from gradoscope.language import say


def _likely(estimator: Any) -> bool:
    return gives_probabilities(estimator.loss)


def _scored(estimator: Any) -> bool:
    return not gives_probabilities(estimator.loss)


class NetworkClassifier(ClassifierMixin, BaseNetwork):  # type: ignore[misc]
    """A dense network for classification, in the place of `sklearn.neural_network.MLPClassifier`.

    Parameters and attributes that `MLPClassifier` has mean here what they mean there; with the same `random_state`,
    network and solver, the weights agree with its weights up to rounding. Training is compiled (JAX).

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(100,)
        Units of each hidden layer.
    activation : str, dict or list of them, default="relu"
        Of the hidden layers: any activation of `gradoscope.functions.activations` under any of its names, or a table
        such as ``{"name": "leaky_relu", "negative_slope": 0.2}``; a list has one for each layer. Networks of identity,
        logistic, tanh and relu start from scikit-learn's weights, others from what suits the activation.
    loss : str or dict, default="log_loss"
        "log_loss" is scikit-learn's (cross-entropy, summed over the outputs). Any other name is a loss of
        `gradoscope.functions.losses`, its mean over the outputs, behind the output activation that matches it.
    solver : str, default="adam"
        "lbfgs", "sgd", "adam" or another optimiser ("adamw", "nadam", "rmsprop", "lion", ...). L-BFGS is SciPy's, as in
        scikit-learn, and always computes in double precision.
    alpha, batch_size, learning_rate_init, max_iter, shuffle, random_state, tol, verbose, warm_start, n_iter_no_change
        As in `MLPClassifier`, for every solver that goes by epochs.
    learning_rate, power_t, momentum, nesterovs_momentum
        As in `MLPClassifier`, for solver "sgd".
    beta_1, beta_2, epsilon
        As in `MLPClassifier`, for every solver that has them.
    early_stopping, validation_fraction, max_fun
        As in `MLPClassifier`.
    class_weight : dict, "balanced" or None
        How much the rows of each class count, beside `sample_weight`.

    Attributes
    ----------
    classes_, coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_, best_validation_score_
        As in `MLPClassifier`.
    n_iter_, t_, n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_
        As in `MLPClassifier`.
    validation_loss_curve_ : list of float or None
        With `early_stopping`, the loss (without penalty) on the validation rows after each epoch.
    signals_ : gradoscope.training.Signals
        Numbers that explain the training, arrays of shape (epochs, layers); for solvers that go by epochs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gradoscope import NetworkClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = NetworkClassifier((8,), "gelu", loss="focal", learning_rate_init=0.02, tol=1e-3, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    >>> model.signals_.gradient_norm.shape == (model.n_iter_, 2)  # epochs, layers
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        loss: Any = "log_loss",
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        class_weight: Any = None,
    ) -> None:
        given = dict(locals())
        super().__init__(**{name: given[name] for name in self._get_param_names()})

    @available_if(has_epochs)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on these rows, the optimiser going on from where it was.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array-like of shape (n_classes,), optional
            All classes that there will be; needed in the first call.
        """
        if _check_partial_fit_first_call(self, classes):
            labels = y if type_of_target(y).startswith("multilabel") else classes
            self._binarizer = LabelBinarizer().fit(labels)
        return self._fit(X, y, sample_weight, incremental=True)

    def _encoded(self, y: Numbers, *, first: bool, incremental: bool) -> Numbers:
        if first and not incremental:
            self._binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._binarizer.classes_
        else:
            self._check_classes(unique_labels(y), incremental=incremental)
        encoded: Numbers = self._binarizer.transform(y)
        return encoded

    def _check_classes(self, found: Numbers, *, incremental: bool) -> None:
        if not incremental and set(found) != set(self.classes_):
            raise ValueError(
                say("warm_start needs the classes of the previous fit; they were {known}, and y has {found}.",
                    known=self.classes_, found=found)
            )  # fmt: skip
        strange = np.setdiff1d(found, self.classes_)
        if strange.size:
            raise ValueError(
                say("y has the classes {strange}, but partial_fit was told of {known}.",
                    strange=strange, known=self.classes_)
            )  # fmt: skip

    def _problem(self, encoded: Numbers) -> Problem:
        kind = self._binarizer.y_type_
        return classification(self.loss, kind if kind in ("binary", "multiclass") else "multilabel", len(self.classes_))

    def _weights(self, y: Numbers, weights: Numbers | None, *, incremental: bool) -> Numbers | None:
        if self.class_weight is None:
            return weights
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                say("class_weight='balanced' counts all rows, and partial_fit sees only some; give a dict of weights.")
            )
        of_classes: Numbers = compute_sample_weight(self.class_weight, y)
        return of_classes if weights is None else of_classes * weights

    def _answers(self, outputs: Numbers) -> Numbers:
        problem, several = self._progress.task.problem, self._binarizer.y_type_.startswith("multilabel")
        if outputs.shape[1] > 1 and not several:
            one_of: Numbers = self.classes_[outputs.argmax(1)]
            return one_of
        chosen = (outputs > problem.threshold).astype(int)
        answers: Numbers = self._binarizer.inverse_transform(chosen if several else chosen[:, 0])
        return answers

    def _judge(self, y: Numbers, outputs: Numbers, weights: Numbers | None) -> float:
        return float(accuracy_score(y, self._answers(outputs), sample_weight=weights))

    @available_if(_likely)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Numbers:
        """Probabilities of the classes, shape (n_samples, n_classes), in the order of `classes_`.

        With a loss whose outputs are no probabilities (hinge, ...) there is `decision_function` instead.
        """
        shares = self._outputs(X)
        if self.out_activation_ == "log_softmax":
            return np.exp(shares)
        if self._binarizer.y_type_.startswith("multilabel"):
            return shares
        if shares.shape[1] == 1:
            return np.hstack([1 - shares, shares])
        total = shares.sum(1, keepdims=True)  # 1, or what one sigmoid for each class adds up to
        of_one: Numbers = np.divide(shares, total, out=np.full_like(shares, 1 / shares.shape[1]), where=total > 0)
        return of_one

    @available_if(_likely)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Numbers:
        """Logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: Numbers = np.log(self.predict_proba(X))
        return logarithms

    @available_if(_scored)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Numbers:
        """Scores of the classes, shape (n_samples,) for two classes (the second one's), else (n_samples, n_classes)."""
        scores = self._outputs(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
