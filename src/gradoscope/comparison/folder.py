"""A study on disk: a folder that says everything about itself."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gradoscope.comparison.arms import Arm
from gradoscope.comparison.metrics import metrics_of
from gradoscope.comparison.statistics import Interval
from gradoscope.comparison.study import ArmResult, MemberResult, Study
from gradoscope.comparison.tuning import Tune
from gradoscope.data import Dataset, prepare
from gradoscope.files import write_text
from gradoscope.training import Model


def document(study: Study, folder: Path) -> dict[str, Any]:
    """The JSON document of a study that lies in `folder`."""
    return {
        "task": study.task,
        "metric": study.metric,
        "verdict": study.verdict,
        "arms": [_arm(study, result) for result in study.arms],
        "beaten_early": [_named(arm) for arm in study.beaten_early],
        "baseline": study.baseline,
        "study": str(folder),
        "report": str(folder / "report.html"),
        "seconds": round(study.seconds, 3),
    }


def _arm(study: Study, result: ArmResult) -> dict[str, Any]:
    gap, tuned = result.difference_from_best, study.settings.tune.names
    chosen = {name: [getattr(member.choice, name) for member in result.members] for name in tuned}
    return {
        **_named(result.arm),
        "learning_rate": result.learning_rate,
        "score": {**_bounds(result.score), "runs": result.score.runs},
        "difference_from_best": None if gap is None else _bounds(gap),
        "beaten": result.beaten,
        "equivalent": result.equivalent,
        "p_value": result.p_value,
        "findings": [{"fault": each.fault, "severity": each.severity.value} for each in result.findings],
        "learning_rates": [member.learning_rate for member in result.members],
        **({"tuned": chosen} if tuned else {}),
        "scores": {name: _mean(result, name) for name in metrics_of(study.task)},
    }


def _named(arm: Arm) -> dict[str, Any]:
    return {
        "activation": arm.activation,
        "loss": arm.loss,
        "hidden": None if arm.hidden is None else list(arm.hidden),
    }


def _mean(result: ArmResult, metric: str) -> float | None:
    """The mean of a metric over the seeds; None where a run has none."""
    mean = float(np.mean([member.test.scores[metric] for member in result.members]))
    return mean if math.isfinite(mean) else None


def _bounds(interval: Interval) -> dict[str, float | None]:
    values = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return {name: None if value is None or not math.isfinite(value) else value for name, value in values.items()}


def results(study: Study) -> pl.DataFrame:
    """One row per network trained."""
    names, tune = metrics_of(study.task), study.settings.tune
    table = pl.DataFrame(
        [{**_about(member, tune), **_outcome(member, study.metric, names)} for member in study.all_members]
    )
    if not tune.names:
        return table
    chosen = {id(member) for result in study.arms for member in result.members}
    return table.with_columns(chosen=pl.Series([id(member) in chosen for member in study.all_members]))


def _about(member: MemberResult, tune: Tune) -> dict[str, Any]:
    """What a network was; what else is tuned has columns of its own."""
    arm, choice = member.arm, member.choice
    others = [name for name in tune.names if name != "hidden"]
    return {
        "activation": arm.activation,
        "loss": arm.loss,
        "hidden": arm.layers if choice.hidden is None else "-".join(map(str, choice.hidden)),
        "learning_rate": member.learning_rate,
        **{name: getattr(choice, name) for name in others},
        "seed": member.seed,
    }


def _outcome(member: MemberResult, metric: str, names: Iterable[str]) -> dict[str, Any]:
    run = member.run
    return {
        "validation_loss": member.validation_loss,
        "validation_score": member.validation_score,
        "train_score": run.train_score,
        "test_score": member.test.scores[metric],
        "epochs": run.epochs,
        "best_epoch": run.best_epoch,
        "outcome": run.outcome.value,
        **{f"test_{name}": member.test.scores[name] for name in names},
    }


def curves(study: Study) -> pl.DataFrame:
    """One row per epoch of the networks at their arm's chosen rate, with the gradient norm of every layer."""
    frames = [_curve(member, study.settings.tune) for result in study.arms for member in result.members]
    return pl.concat(frames, how="diagonal")


def _curve(member: MemberResult, tune: Tune) -> pl.DataFrame:
    run = member.run
    norms = {f"gradient_norm_{n}": layer for n, layer in enumerate(run.signals.gradient_norm.T, 1)}
    table = pl.DataFrame({"epoch": range(1, run.epochs + 1), **run.curves._asdict(), **norms})
    return table.select(*(pl.lit(value).alias(name) for name, value in _about(member, tune).items()), pl.all())


def best_model(study: Study, dataset: Dataset) -> Model:
    """Of the best arm, the network with the smallest validation loss."""
    member = min(study.arms[0].members, key=lambda member: member.validation_loss)
    parts = study.settings.split(dataset, member.seed)
    preparation = prepare(dataset, parts.train, targets=member.arm.head.targets)
    return Model(member.run.experiment, member.run.params, member.run.moving, preparation)


def write_study(study: Study, dataset: Dataset, folder: Path, final: Path) -> None:
    """Write study.json, results.csv, curves.csv, the best arm's experiment.toml and the best model into `folder`.

    `final` is where the folder will lie in the end, for the paths in study.json.
    """
    model = best_model(study, dataset)
    write_text(folder / "study.json", json.dumps(document(study, final), ensure_ascii=False, indent=2) + "\n")
    results(study).write_csv(folder / "results.csv")
    curves(study).write_csv(folder / "curves.csv")
    write_text(folder / "experiment.toml", model.experiment.to_toml())
    (folder / "model").mkdir()
    model.save(folder / "model")
