"""`NetworkRegressor`: takes the place of scikit-learn's `MLPRegressor`."""

from typing import Any, Self

from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from gradoscope.estimators.base import BaseNetwork, has_epochs
from gradoscope.estimators.course import Numbers
from gradoscope.estimators.problem import Problem, regression


class NetworkRegressor(RegressorMixin, BaseNetwork):  # type: ignore[misc]
    """A dense network for regression, in the place of `sklearn.neural_network.MLPRegressor`.

    Parameters and attributes that `MLPRegressor` has mean here what they mean there; with the same `random_state`,
    network and solver, the weights agree with its weights up to rounding. Training is compiled (JAX).

    Parameters
    ----------
    loss : str or dict, default="squared_error"
        "squared_error" (half of it, summed over the outputs) and "poisson" are scikit-learn's. Any other name, also
        "mse", is a loss of `gradoscope.functions.losses`, its mean over the outputs, behind the output activation that
        matches it; a table such as ``{"name": "huber", "delta": 2.0}`` sets its parameters.
    hidden_layer_sizes, activation, solver, ...
        As in `NetworkClassifier`.

    Attributes
    ----------
    coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_, best_validation_score_
        As in `MLPRegressor`. (With L-BFGS and several outputs, `loss_` is what is minimised: the sum over them.)
    n_iter_, t_, n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_
        As in `MLPRegressor`.
    validation_loss_curve_, signals_
        As in `NetworkClassifier`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from gradoscope import NetworkRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = NetworkRegressor("huber", (16,), "tanh", learning_rate_init=0.1, tol=1e-2, random_state=0)
    >>> model.fit(X, y / 100).score(X, y / 100) > 0.4
    True
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
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
    ) -> None:
        given = dict(locals())
        super().__init__(**{name: given[name] for name in self._get_param_names()})

    @available_if(has_epochs)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on these rows, the optimiser going on from where it was.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def _encoded(self, y: Numbers, *, first: bool, incremental: bool) -> Numbers:
        return y[:, None] if y.ndim == 1 else y

    def _problem(self, encoded: Numbers) -> Problem:
        return regression(self.loss, encoded.shape[1])

    def _weights(self, y: Numbers, weights: Numbers | None, *, incremental: bool) -> Numbers | None:
        return weights

    def _answers(self, outputs: Numbers) -> Numbers:
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _judge(self, y: Numbers, outputs: Numbers, weights: Numbers | None) -> float:
        return float(r2_score(y, self._answers(outputs), sample_weight=weights))
