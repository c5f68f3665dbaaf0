"""What a study store shows, finished or not: how far it is, which arms lead, and every run as a table."""

import json
import math
from pathlib import Path
from typing import NamedTuple

import polars as pl

from gradoscope.comparison.metrics import METRICS
from gradoscope.comparison.store import FILE, being_written, read_store

RUNS = """
SELECT activation, loss, hidden, learning_rate, runs.seed AS seed, validation_loss, validation_score,
    run_train_score AS train_score, epochs, best_epoch, outcome, test_scores, runs.seconds AS seconds, versions,
    experiment
FROM runs JOIN arms ON runs.arm = arms.id
    JOIN units ON runs.unit = units.id JOIN sessions ON units.session = sessions.id
ORDER BY unit, place
"""
LEADERS = """
SELECT activation, loss, hidden, learning_rate, COUNT(*), AVG(validation_loss), AVG(validation_score)
FROM runs JOIN arms ON runs.arm = arms.id GROUP BY arm, learning_rate
"""


class Leader(NamedTuple):
    """An arm at the rate with the smallest mean validation loss so far, with its mean validation score."""

    activation: str
    loss: str
    hidden: tuple[int, ...]
    learning_rate: float
    runs: int
    validation_loss: float
    validation_score: float | None


class Progress(NamedTuple):
    """How far a study is: populations and networks trained, of all that are planned; arms, best first.

    `complete` says whether every seed that was asked for is planned and trained: beaten arms are planned step by step.
    """

    source: str
    units: int
    planned: int
    networks: int
    seconds: float
    running: bool
    complete: bool
    leaders: tuple[Leader, ...]


def progress_of(folder: Path) -> Progress:
    """How far the study in `folder` is, also while it runs. Test scores are not looked at.

    Raises
    ------
    UsageError
        There is no study.
    """
    with read_store(folder) as store:
        request = store.request
        units, planned, seeds = store.rows("SELECT COUNT(session), COUNT(*), COUNT(DISTINCT seed) FROM units")[0]
        (networks,) = store.rows("SELECT COUNT(*) FROM runs")[0]
        found = [Leader(a, loss, tuple(json.loads(hidden)), *rest) for a, loss, hidden, *rest in store.rows(LEADERS)]
        seconds = store.seconds()
    best: dict[object, Leader] = {}
    for each in sorted(found, key=lambda leader: (-leader.runs, leader.validation_loss)):
        best.setdefault(each[:3], each)
    metric = request.settings.metric if request else None
    sign = -1 if metric is None or METRICS[metric].rises else 1
    ranked = sorted(best.values(), key=lambda leader: _rank(leader, sign))
    return Progress(
        source=request.origin.source if request else "",
        units=units,
        planned=planned,
        networks=networks,
        seconds=seconds,
        running=being_written(folder),
        complete=request is not None and units == planned and seeds == len(request.settings.seeds),
        leaders=tuple(ranked),
    )


def _rank(leader: Leader, sign: int) -> float:
    return math.inf if leader.validation_score is None else sign * leader.validation_score


def table_of(folder: Path) -> pl.DataFrame:
    """One row per trained network of the study in `folder`, its experiment included.

    Raises
    ------
    UsageError
        There is no study.
    """
    with read_store(folder) as store:
        table = store.table(RUNS)
    scores = pl.DataFrame([json.loads(text) for text in table["test_scores"]]).select(pl.all().name.prefix("test_"))
    return table.drop("test_scores").hstack(scores)


def studies_in(folder: Path) -> list[Path]:
    """The folder itself if it is a study, else the studies that lie in it."""
    if (folder / FILE).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{FILE}"))
