"""A trained network as a row of the study store, and back."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from gradoscope.comparison.arms import Arm
from gradoscope.comparison.judging import Judged
from gradoscope.comparison.study import MemberResult
from gradoscope.comparison.tuning import Choice
from gradoscope.comparison.units import Member
from gradoscope.networks import Experiment
from gradoscope.training import Curves, Outcome, Run, Signals, from_arrays, to_arrays

# NaN is NULL in SQLite; `arrays` is safetensors: curves, signals, parameters, what each test row adds to the score.
RUN_COLUMNS = {
    "learning_rate": "REAL NOT NULL",
    "seed": "INTEGER NOT NULL",
    "outcome": "TEXT NOT NULL",
    "epochs": "INTEGER NOT NULL",
    "best_epoch": "INTEGER NOT NULL",
    "run_train_score": "REAL",
    "run_validation_score": "REAL",
    "run_test_score": "REAL",
    "validation_loss": "REAL NOT NULL",
    "validation_score": "REAL",
    "test_scores": "TEXT NOT NULL",
    "seconds": "REAL NOT NULL",
    "experiment": "TEXT NOT NULL",
    "arrays": "BLOB NOT NULL",
}
ExperimentOf = Callable[[Arm, int, Choice], Experiment]


def member_to_list(member: Member, numbers: Mapping[Arm, int]) -> list[Any]:
    """A member of a unit: the number of its arm, its learning rate, and the rest of the choice if anything is tuned."""
    arm, (rate, *rest) = member
    return [numbers[arm], rate] if rest == [None] * len(rest) else [numbers[arm], rate, *rest]


def member_from_list(
    arms: Mapping[int, Arm],
    arm: int,
    rate: float,
    decay: float | None = None,
    start: str | None = None,
    hidden: Sequence[int] | None = None,
) -> Member:
    """What `member_to_list` wrote down."""
    return arms[arm], Choice(rate, decay, start, layers_of(hidden))


def layers_of(hidden: Sequence[int] | None) -> tuple[int, ...] | None:
    """Units per hidden layer, from a list; None where they are tuned, or not tuned."""
    return None if hidden is None else tuple(hidden)


def row_of_result(result: MemberResult) -> tuple[Any, ...]:
    """The values of `RUN_COLUMNS`."""
    run = result.run
    return (
        result.learning_rate,
        result.seed,
        run.outcome.name,
        run.epochs,
        run.best_epoch,
        run.train_score,
        run.validation_score,
        run.test_score,
        result.validation_loss,
        result.validation_score,
        json.dumps({name: None if math.isnan(score) else score for name, score in result.test.scores.items()}),
        run.seconds,
        run.experiment.to_toml(),
        save(_arrays(result)),
    )


def result_from_row(arm: Arm, choice: Choice, row: Sequence[Any], experiment_of: ExperimentOf) -> MemberResult:
    """What `row_of_result` wrote down."""
    named = dict(zip(RUN_COLUMNS, row, strict=True))
    arrays = load(named["arrays"])
    weights = _part("weights", arrays)
    params, moving = from_arrays(weights) if weights else ((), ())
    run = Run(
        experiment=experiment_of(arm, named["seed"], choice),
        params=params,
        moving=moving,
        curves=Curves(**_part("curves", arrays)),
        signals=Signals(**_part("signals", arrays)),
        outcome=Outcome[named["outcome"]],
        best_epoch=named["best_epoch"],
        train_score=_number(named["run_train_score"]),
        validation_score=_number(named["run_validation_score"]),
        test_score=_number(named["run_test_score"]),
        seconds=named["seconds"],
    )
    judged = _part("test", arrays)
    scores = {name: _number(score) for name, score in json.loads(named["test_scores"]).items()}
    test = Judged(scores, judged["shares"], judged.get("reliability"))
    return MemberResult(arm, named["seed"], choice, run, test, _number(named["validation_score"]))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _arrays(result: MemberResult) -> dict[str, NDArray[Any]]:
    run, test = result.run, {"shares": result.test.shares, "reliability": result.test.reliability}
    parts: dict[str, Mapping[str, Any]] = {
        "curves": run.curves._asdict(),
        "signals": run.signals._asdict(),
        "weights": to_arrays(run.params, run.moving),
        "test": {name: array for name, array in test.items() if array is not None},
    }
    return {f"{part}.{name}": np.ascontiguousarray(a) for part, named in parts.items() for name, a in named.items()}


def _part(name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
