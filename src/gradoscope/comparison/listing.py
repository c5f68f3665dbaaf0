"""What a study store shows, finished or not: how far it is, which arms lead, and every run as a table."""

import json
import math
from pathlib import Path
from typing import NamedTuple

import polars as pl

from gradoscope.comparison.lock import being_written
from gradoscope.comparison.metrics import METRICS
from gradoscope.comparison.store import FILE, read_store

RUNS = """
SELECT activation, loss, COALESCE(json_extract(members, '$[' || place || '][4]'), hidden) AS hidden, learning_rate,
    json_extract(members, '$[' || place || '][2]') AS weight_decay,
    json_extract(members, '$[' || place || '][3]') AS initialiser, runs.seed AS seed, validation_loss, validation_score,
    run_train_score AS train_score, epochs, best_epoch, outcome, test_scores, runs.seconds AS seconds, versions,
    experiment
FROM runs JOIN arms ON runs.arm = arms.id
    JOIN units ON runs.unit = units.id JOIN sessions ON units.session = sessions.id
ORDER BY unit, place
"""
LEADERS = """
SELECT arm, activation, loss, COALESCE(json_extract(choice, '$[4]'), hidden), learning_rate, COUNT(*),
    AVG(validation_loss), AVG(validation_score)
FROM (SELECT runs.*, json_extract(members, '$[' || place || ']') AS choice FROM runs JOIN units ON unit = units.id)
    JOIN arms ON arm = arms.id GROUP BY arm, choice
"""


class Leader(NamedTuple):
    """An arm at the choice with the smallest mean validation loss so far, with its mean validation score."""

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
        found = [
            (arm, Leader(activation, loss, tuple(json.loads(hidden)), *rest))
            for arm, activation, loss, hidden, *rest in store.rows(LEADERS)
        ]
        seconds = store.seconds()
    best: dict[int, Leader] = {}
    for arm, leader in sorted(found, key=lambda each: (-each[1].runs, each[1].validation_loss)):
        best.setdefault(arm, leader)
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
        table, request = store.table(RUNS), store.request
    tuned = request.settings.tune.names if request else ()
    table = table.drop([name for name in ("weight_decay", "initialiser") if name not in tuned])
    scores = pl.DataFrame([json.loads(text) for text in table["test_scores"]]).select(pl.all().name.prefix("test_"))
    return table.drop("test_scores").hstack(scores)


def studies_in(folder: Path) -> list[Path]:
    """The folder itself if it is a study, else the studies that lie in it."""
    if (folder / FILE).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{FILE}"))
