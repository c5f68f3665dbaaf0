"""What the data allow: plain models of other kinds on the same rows, to compare a network with.

Without them "is 80 % good?" has no answer. None of them is tuned: they are what anybody would try first.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from gradoscope.data import Rows
from gradoscope.diagnosis.merits import Merits, codes, merits, merits_of_codes
from gradoscope.language import say

LARGEST = 3000  # training rows beyond it are thinned out: a reference is a lower bound of what the data allow
FOLDS = 3
LINEAR, KERNEL, FOREST = "linear model", "kernel machine", "random forest"


@dataclass(frozen=True, eq=False)
class Reference:
    """A plain model: what it reaches on the validation rows, and the means to ask it about the training rows."""

    name: str
    validation: Merits
    out_of_fold: Callable[[], Merits]

    @property
    def title(self) -> str:
        """Its name in words."""
        return {LINEAR: say("linear model"), KERNEL: say("kernel machine"), FOREST: say("random forest")}[self.name]


def references(metric: str, train: Rows, validation: Rows, seed: int) -> list[Reference]:
    """A linear model, a kernel machine (RBF), and a random forest."""
    found = []
    for name, make in _models(metric, seed).items():
        judged = _merits_of(metric, make, train, validation)
        found.append(Reference(name, judged, partial(_out_of_fold, metric, make, train, seed)))
    return found


def _models(metric: str, seed: int) -> dict[str, Callable[[], Any]]:
    kinds: dict[str, Callable[[], Any]]
    if metric == "accuracy":
        kinds = {
            LINEAR: lambda: LogisticRegression(max_iter=300, tol=1e-3),
            KERNEL: lambda: SVC(C=3.0),
            FOREST: lambda: RandomForestClassifier(100, random_state=seed),
        }
    else:
        kinds = {
            LINEAR: lambda: Ridge(1.0),
            KERNEL: lambda: KernelRidge(alpha=0.1, kernel="rbf"),
            FOREST: lambda: RandomForestRegressor(100, max_features=1 / 3, random_state=seed),
        }
    return {name: partial(_scaled, make) for name, make in kinds.items()}


def _scaled(make: Callable[[], Any]) -> Any:
    return make_pipeline(StandardScaler(), make())


def _merits_of(metric: str, make: Callable[[], Any], train: Rows, rows: Rows) -> Merits:
    with warnings.catch_warnings():
        # A reference that stops before it converged is still a lower bound.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _judged(metric, make, train, rows)


def _judged(metric: str, make: Callable[[], Any], train: Rows, rows: Rows) -> Merits:
    chosen = np.unique(np.linspace(0, len(train.inputs) - 1, LARGEST).astype(np.int64))
    inputs, targets = _finite(train.inputs[chosen]), train.targets[chosen].astype(np.float64)
    if metric == "accuracy":
        known, truth = codes(targets), codes(rows.targets)
        if len(np.unique(known)) == 1:
            return merits_of_codes(np.full(truth.shape, known[0]), truth)
        return merits_of_codes(make().fit(inputs, known).predict(_finite(rows.inputs)), truth)
    center, scale = targets.mean(0), np.where(targets.std(0) > 0, targets.std(0), 1.0)
    fitted = make().fit(inputs, _column((targets - center) / scale))
    guesses = fitted.predict(_finite(rows.inputs)).reshape(rows.targets.shape)
    return merits(metric, guesses * scale + center, rows.targets)


def _column(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    return targets[:, 0] if targets.shape[1] == 1 else targets


def _finite(inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.nan_to_num(inputs.astype(np.float64))


def _out_of_fold(metric: str, make: Callable[[], Any], train: Rows, seed: int) -> Merits:
    """Merits on the training rows, each answered by a model that has not seen it."""
    order = np.random.default_rng(seed).permutation(len(train.inputs))
    found = np.empty(len(order))
    for fold in np.array_split(order, min(FOLDS, len(order))):
        rest = np.setdiff1d(order, fold)
        if len(rest):
            parts = (Rows(train.inputs[rows], train.targets[rows]) for rows in (rest, fold))
            found[fold] = _merits_of(metric, make, *parts)
        else:
            found[fold] = 0.0
    return found


def balanced_out_of_fold(train: Rows, seed: int) -> Merits:
    """Merits on the training rows of the plain model with balanced class weights that does best over all classes."""
    kinds: list[Callable[[], Any]] = [
        lambda: LogisticRegression(max_iter=300, tol=1e-3, class_weight="balanced"),
        lambda: SVC(C=3.0, class_weight="balanced"),
    ]
    found = [_out_of_fold("accuracy", partial(_scaled, make), train, seed) for make in kinds]
    return max(found, key=lambda right: balanced_accuracy(right, codes(train.targets)))


def balanced_accuracy(right: Merits, of_row: NDArray[Any]) -> float:
    """The mean over the classes of the share of their rows that is right."""
    return float(np.mean([right[of_row == each].mean() for each in np.unique(of_row)]))
