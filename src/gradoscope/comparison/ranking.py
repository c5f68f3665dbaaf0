"""From members to arms, best first: tuned inside every resample, scores with intervals, differences paired."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mode

import numpy as np
from numpy.typing import NDArray

from gradoscope.comparison.arms import Arm
from gradoscope.comparison.judging import constant
from gradoscope.comparison.metrics import METRICS
from gradoscope.comparison.statistics import Interval, differences, evidence, holm, interval
from gradoscope.comparison.study import ArmResult, MemberResult, Rows, Settings
from gradoscope.data import Dataset, prepare

Units = NDArray[np.int64]


def resamples(dataset: Dataset, settings: Settings, metric: str, targets: str) -> tuple[Rows, float, list[Units]]:
    """The mean sizes of the parts over the seeds, the mean score of the constant answer, and who is tested per seed."""
    parts = [settings.split(dataset, seed) for seed in settings.seeds]
    train, validation, test = (round(float(np.mean([len(rows) for rows in part]))) for part in zip(*parts, strict=True))
    inputs = prepare(dataset, parts[-1].train, targets=targets).n_inputs
    floor = float(np.mean([constant(dataset, part.train, part.test)[metric] for part in parts]))
    tested = [part.test if dataset.groups is None else dataset.groups[part.test] for part in parts]
    return Rows(train, validation, test, inputs), floor, tested


def ranked(
    arms: Sequence[Arm],
    members: Sequence[MemberResult],
    settings: Settings,
    metric: str,
    tested: Sequence[Units],
    rows: Rows,
) -> tuple[ArmResult, ...]:
    """The arms, best first.

    Parameters
    ----------
    members
        Every network trained.
    metric
        What ranks.
    tested
        Who the test rows of every seed are (`resamples`).
    """
    sign, margin = (1 if METRICS[metric].rises else -1), settings.equivalence
    tuned = [_tuned(arm, [m for m in members if m.arm == arm], settings, metric) for arm in arms]
    tuned.sort(key=lambda result: -sign * result.score.mean if np.isfinite(result.score.mean) else np.inf)
    shares = [np.stack([result.members[run].test.shares for result in tuned]) for run in range(len(tested))]
    known = evidence(shares, tested, rows.test if metric == "accuracy" else None)
    judged = [replace(each, score=interval(known, arm)) for arm, each in enumerate(tuned)]
    compared = zip(judged[1:], differences(known)[1:], holm(known)[0, 1:].tolist(), strict=True)
    others = (
        replace(
            each,
            difference_from_best=gap,
            beaten=gap.is_below(0, sign),
            equivalent=margin is not None and gap.is_within(margin),
            p_value=p if np.isfinite(p) else None,
        )
        for each, gap, p in compared
    )
    return (judged[0], *others)


def _tuned(arm: Arm, members: Sequence[MemberResult], settings: Settings, metric: str) -> ArmResult:
    """The arm, for every seed at the choice with the smallest validation loss; not judged yet."""
    grid = settings.learning_rates
    best: dict[tuple[int, float], MemberResult] = {}
    for member in members:
        place = member.seed, member.learning_rate
        if place not in best or member.validation_loss < best[place].validation_loss:
            best[place] = member
    own = [min((m for m in members if m.seed == seed), key=lambda m: m.validation_loss) for seed in settings.seeds]
    by_rate = [[best[seed, rate].validation_score for seed in settings.seeds] for rate in grid]
    usual = mode([member.learning_rate for member in own])
    return ArmResult(
        arm=arm,
        learning_rate=usual,
        members=tuple(own),
        metric=metric,
        score=Interval(float(np.mean([member.test.scores[metric] for member in own])), None, None, len(own)),
        difference_from_best=None,
        beaten=False,
        equivalent=False,
        p_value=None,
        by_rate=np.array([np.mean(scores) for scores in by_rate]),
        at_edge=len(grid) > 1 and usual in (min(grid), max(grid)),
    )
