"""The search for weights: what to train on and when to stop, as scikit-learn does it."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.callback import CallbackContext
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils.optimize import _check_optimize_result

from gradoscope.estimators.course import Course, Numbers, Weights, lbfgs
from gradoscope.estimators.problem import forward
from gradoscope.estimators.progress import Given, Progress
from gradoscope.language import say
from gradoscope.networks import TrainingSpec
from gradoscope.networks.training_spec import ADAPTIVE, OPTIMIZERS
from gradoscope.training.interrupting import interruptible

Judge = Callable[[Numbers, Numbers, Numbers | None], float]  # y, outputs of the network, weights -> score
SMALLEST_RATE = 1e-6  # learning_rate="adaptive" stops where the rate is no larger


class Search:
    """One call of `fit` or `partial_fit`.

    Parameters
    ----------
    estimator
        Whose parameters count.
    progress
        Where it goes on from; it is carried on in place.
    given
        The rows.
    judge
        The score of outputs.
    random
        Draws the validation rows and the batches.
    context
        Tells scikit-learn's callbacks.
    """

    def __init__(
        self,
        estimator: Any,
        progress: Progress,
        given: Given,
        judge: Judge,
        random: np.random.RandomState,
        context: CallbackContext,
    ) -> None:
        self._of, self._progress, self._given, self._judge = estimator, progress, given, judge
        self._random, self._context = random, context
        self.n_iter, self.loss = 0, np.nan

    def run(self, *, incremental: bool) -> None:
        """Search; `incremental`: a single epoch, in which the optimiser remembers those before."""
        self._tell(self._context.call_on_fit_task_begin, lambda: self._progress.weights)
        if self._of.solver == "lbfgs":
            self._lbfgs()
        else:
            self._epochs(incremental=incremental)
        self._tell(self._context.call_on_fit_task_end, lambda: self._progress.weights)

    def _tell(self, call: Callable[..., Any], weights: Callable[[], Weights]) -> bool:
        """Tell the callbacks; whether one of them wants to stop."""
        given = self._given
        metadata = {} if given.weights is None else {"sample_weight": given.weights}

        def fitted() -> dict[str, Any]:
            return dict(zip(("coefs_", "intercepts_"), weights(), strict=True))

        return bool(
            call(estimator=self._of, X=given.inputs, y=given.y, metadata=metadata, reconstruction_attributes=fitted)
        )

    def _lbfgs(self) -> None:
        of, progress = self._of, self._progress

        def each(weights: Weights) -> None:
            step = self._context.subcontext(task_name="iteration")
            self._tell(step.call_on_fit_task_begin, lambda: weights)
            if self._tell(step.call_on_fit_task_end, lambda: weights):
                raise StopIteration

        options = {"maxfun": of.max_fun, "maxiter": of.max_iter, "gtol": of.tol}
        weights, found = lbfgs(progress.task, of.alpha, progress.weights, self._given.examples, options, each)
        dtype = self._given.inputs.dtype
        progress.weights = Weights(*([array.astype(dtype) for array in arrays] for arrays in weights))
        self.n_iter, self.loss = _check_optimize_result("lbfgs", found, of.max_iter), float(found.fun)

    def _epochs(self, *, incremental: bool) -> None:
        of, progress = self._of, self._progress
        if incremental and of.early_stopping:
            raise ValueError(say("partial_fit cannot hold out rows: it sees only some; set early_stopping=False."))
        train, held_out = self._divided()
        n = len(train.inputs)
        memory = progress.memory if incremental else None
        rate = of.learning_rate_init if memory is None else memory.rate
        validation = None if held_out is None else held_out.examples
        course = Course(
            progress.task,
            of.alpha,
            spec_of(of),
            progress.weights,
            memory,
            train.examples,
            validation,
            batch_rows(of, n),
        )
        order, converged, ended = np.arange(n), False, False
        with interruptible() as interrupted:
            while not (ended or interrupted() or self.n_iter == (1 if incremental else of.max_iter)):
                step = self._context.subcontext(task_name="epoch")
                self._tell(step.call_on_fit_task_begin, lambda: course.weights)
                order = self._shuffled(order)
                progress.note(course.epoch(order, rate), n)
                self.n_iter, self.loss = self.n_iter + 1, progress.losses[-1]
                self._assess(course, held_out)
                rate, converged = self._next_rate(rate)
                asked = self._tell(step.call_on_fit_task_end, lambda: course.weights)
                ended = converged or asked or np.isnan(progress.losses[-1])
        progress.memory = course.memory(rate)
        progress.weights = course.weights if not of.early_stopping or progress.best is None else progress.best
        if interrupted():
            warnings.warn(
                say("Training was interrupted after {epochs} epochs; what was learned is kept.", epochs=self.n_iter),
                stacklevel=6,
            )
        elif not (ended or incremental):
            self._warn_unconverged()

    def _divided(self) -> tuple[Given, Given | None]:
        """The rows to train on and, with early stopping, those that are held out: scikit-learn's very split."""
        of, given = self._of, self._given
        if not of.early_stopping:
            return given, None
        stratify = given.targets if is_classifier(of) and given.targets.shape[1] == 1 else None
        train, held_out = train_test_split(
            np.arange(len(given.inputs)),
            random_state=self._random,
            test_size=of.validation_fraction,
            stratify=stratify,
        )
        if len(held_out) < 2:
            raise ValueError(
                say("The validation set has fewer than 2 rows; raise validation_fraction, or give more rows.")
            )
        return given.at(train), given.at(held_out)

    def _shuffled(self, order: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._of.shuffle:
            return order
        places = np.arange(len(order))
        self._random.shuffle(places)
        return order[places]

    def _assess(self, course: Course, held_out: Given | None) -> None:
        """Judge the epoch by its training loss or, where rows are held out, by the score on them."""
        of, progress = self._of, self._progress
        self._print(say("Iteration {epoch}, loss = {loss:.8f}", epoch=self.n_iter, loss=self.loss))
        if held_out is None:
            progress.judge_loss(of.tol)
            return
        weights = course.weights
        outputs = forward(progress.task.network, weights, held_out.inputs)
        score = self._judge(held_out.y, outputs, held_out.weights) if np.isfinite(outputs).all() else np.nan
        progress.judge_score(score, weights, of.tol)
        self._print(say("Validation score: {score:.6f}", score=score))

    def _next_rate(self, rate: float) -> tuple[float, bool]:
        """The learning rate of the next epoch, and whether the search has converged."""
        of, progress = self._of, self._progress
        schedule = of.learning_rate if of.solver == "sgd" else "constant"
        if schedule == "invscaling":
            rate = of.learning_rate_init / (progress.seen + 1) ** of.power_t
        if progress.stalled <= of.n_iter_no_change:
            return rate, False
        self._print(
            say("No improvement of more than {tol:g} for {epochs} epochs.", tol=of.tol, epochs=of.n_iter_no_change)
        )
        if schedule != "adaptive" or rate <= SMALLEST_RATE:
            return rate, True
        progress.stalled = 0
        self._print(say("The learning rate is now {rate:.6g}.", rate=rate / 5))
        return rate / 5, False

    def _print(self, sentence: str) -> None:
        if self._of.verbose:
            print(sentence)

    def _warn_unconverged(self) -> None:
        warnings.warn(
            say("Training has not converged after max_iter = {epochs} epochs; raise max_iter, or tol.",
                epochs=self._of.max_iter), ConvergenceWarning, stacklevel=6,
        )  # fmt: skip


def batch_rows(estimator: Any, rows: int) -> int:
    """The rows of a batch, where there are so many rows."""
    if estimator.batch_size == "auto":
        return min(200, rows)
    if estimator.batch_size > rows:
        warnings.warn(
            say("batch_size is {given}, but there are {rows} rows; all rows are one batch.",
                given=estimator.batch_size, rows=rows), stacklevel=7,
        )  # fmt: skip
    return int(min(estimator.batch_size, rows))


def spec_of(estimator: Any) -> TrainingSpec:
    """The optimiser that the parameters of an estimator describe; rates and batches are data."""
    settings: dict[str, Any] = {
        name: float(getattr(estimator, name)) for name in ADAPTIVE if name in OPTIMIZERS[estimator.solver]
    }
    if estimator.solver == "sgd":
        settings = {"momentum": float(estimator.momentum), "nesterov": bool(estimator.nesterovs_momentum)}
    return TrainingSpec(estimator.solver, 1.0, **settings)
