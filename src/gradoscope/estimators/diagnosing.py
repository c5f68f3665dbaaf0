"""From a fitted estimator and its rows to an experiment, which diagnosis can train, judge and change."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from gradoscope.data import DataSpec
from gradoscope.diagnosis import Diagnosis, diagnose
from gradoscope.estimators.course import Task
from gradoscope.estimators.problem import Problem
from gradoscope.estimators.progress import Given
from gradoscope.estimators.search import batch_rows, spec_of
from gradoscope.estimators.starting import bounds
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec

FILE = "rows.npz"


def diagnosed(estimator: Any, task: Task, given: Given, seeds: int) -> Diagnosis:
    """What diagnosis says of a fitted estimator whose `task` is trained on the rows."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        data = _written(given, task.problem, estimator.validation_fraction, folder)
        return diagnose(_experiment(estimator, task, given, data), folder, seeds=seeds)


def _written(given: Given, problem: Problem, validation: float, folder: Path) -> DataSpec:
    """The [data] table of the rows, once they lie in a file."""
    one_of = problem.kind in ("binary", "multiclass")
    targets = given.targets
    if one_of:
        targets = (targets.argmax(1) if problem.units > 1 else targets[:, 0]).astype(np.int64)
    elif targets.shape[1] == 1:
        targets = targets[:, 0]
    np.savez(folder / FILE, X=given.inputs, y=targets)
    encoding = "one_hot" if one_of and problem.units > 1 else "raw"
    return DataSpec(FILE, task=problem.kind if one_of else "regression", validation=validation, targets=encoding)


def _experiment(estimator: Any, task: Task, given: Given, data: DataSpec) -> Experiment:
    """The estimator as an experiment: scikit-learn's scale of the loss goes into the learning rate and the penalty."""
    network = task.network
    scale, batch = task.problem.scales.minimised, batch_rows(estimator, len(given.inputs))
    rate = estimator.learning_rate_init * (scale if estimator.solver == "sgd" else 1.0)
    training = replace(
        spec_of(estimator),
        learning_rate=float(rate),
        batch_size=batch,
        epochs=estimator.n_iter_,
        shuffle=estimator.shuffle,
        class_weight=_by_name(estimator, signs=task.problem.signs),
    )
    layers = _layers(network, given.inputs.shape[1], 0.5 * estimator.alpha / batch / scale)
    return Experiment(data, replace(network, hidden=layers[:-1], output=layers[-1]), training)


def _by_name(estimator: Any, *, signs: bool) -> Mapping[str, float] | str | None:
    """The class weights, by the numbers that the classes have in the file."""
    given: Mapping[Any, float] | str | None = estimator.get_params().get("class_weight")
    if given is None or isinstance(given, str):
        return given
    names = ("-1", "1") if signs else map(str, range(len(estimator.classes_)))
    by_class = dict(zip(estimator.classes_.tolist(), names, strict=True))
    return {
        by_class[label]: float(weight) for label, weight in given.items() if weight
    }  # rows of weight 0 are left out


def _layers(network: NetworkSpec, n_inputs: int, l2: float) -> tuple[Layer, ...]:
    """The layers with their penalty, and starting weights drawn as those of the estimator are."""
    limits = bounds(network, n_inputs)
    if limits is None:
        return tuple(replace(layer, l2=l2) for layer in network.layers)
    starts = [Named.of("random_uniform", minval=-limit, maxval=limit) for limit in limits]
    return tuple(
        replace(layer, l2=l2, initialiser=start, bias_initialiser=start)
        for layer, start in zip(network.layers, starts, strict=True)
    )
