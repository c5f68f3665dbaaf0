"""The verdict of a study: one sentence with an interval, or that no difference can be detected."""

from collections.abc import Sequence

import numpy as np

from gradoscope.comparison.metrics import CLASSIFICATION, METRICS, decimal, title, worth
from gradoscope.comparison.statistics import Interval, runs_to_show
from gradoscope.comparison.study import ArmResult
from gradoscope.language import say

MOST_NAMES = 4  # that one sentence lists


def amount(metric: str, value: float) -> str:
    """A difference in words: shares in points (of 100), others as they are."""
    if METRICS[metric].share:
        return say("{value} points", value=decimal(metric, value))
    return say("{value} in {metric}", value=decimal(metric, value), metric=title(metric))


def names(arms: Sequence[ArmResult]) -> dict[int, str]:
    """The shortest name of each arm that tells it from the others: activation, and loss or depth where they differ."""
    several_losses = len({result.arm.loss for result in arms}) > 1
    several_depths = len({result.arm.hidden for result in arms}) > 1

    def name(result: ArmResult) -> str:
        parts = [result.arm.activation]
        if several_losses:
            parts.append(result.arm.loss)
        if several_depths:
            parts.append(result.arm.layers)
        return " / ".join(parts)

    return {id(result): name(result) for result in arms}


def verdict(arms: Sequence[ArmResult], metric: str, baseline: float, margin: float | None = None) -> str:
    """What the ranking (best first) says about the best arm, about the constant answer, and what is equivalent."""
    if not np.isfinite(arms[0].score.mean):
        return say("Nothing could be trained: every run became infinite or NaN; try smaller --learning-rates.")
    sentences = [
        _against_others(arms, metric, margin or worth(metric, baseline)),
        _equivalent(arms, metric, margin),
        _against_baseline(arms[0], metric, baseline),
        _failed(arms),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _against_others(arms: Sequence[ArmResult], metric: str, size: float) -> str:
    name = names(arms)
    best, others = arms[0], [result for result in arms[1:] if np.isfinite(result.score.mean)]
    if not others:
        return say("{name} is the only one that could be judged.", name=name[id(best)])
    if best.score.low is None:
        return say(
            "{name} scored best, but one run each cannot tell whether the difference is real; use --seeds 5.",
            name=name[id(best)],
        )
    beaten = [result for result in others if result.beaten]
    if len(beaten) == len(others):
        return _beats_all(best, others[0], metric, name)
    if not beaten:
        return _no_difference(best, others, metric, size, name)
    level = _listed([name[id(result)] for result in others if result not in beaten])
    return say(
        "{name} scored best; it beats {beaten}, but no difference from {level} can be detected.",
        name=name[id(best)],
        beaten=_listed([name[id(result)] for result in beaten]),
        level=level,
    )


def _listed(given: Sequence[str]) -> str:
    if len(given) <= MOST_NAMES:
        return ", ".join(given)
    return say(
        "{names} and {count} others", names=", ".join(given[: MOST_NAMES - 1]), count=len(given) - MOST_NAMES + 1
    )


def _beats_all(best: ArmResult, second: ArmResult, metric: str, name: dict[int, str]) -> str:
    gap = second.difference_from_best
    assert gap is not None
    assert gap.low is not None
    assert gap.high is not None
    low, high = sorted((abs(gap.low), abs(gap.high)))
    return say(
        "{name} beats all others, the next ({second}) by {mean}, 95 % interval {low} to {high}, {runs} paired runs.",
        name=name[id(best)],
        second=name[id(second)],
        mean=amount(metric, abs(gap.mean)),
        low=amount(metric, low),
        high=amount(metric, high),
        runs=gap.runs,
    )


def _no_difference(
    best: ArmResult,
    others: Sequence[ArmResult],
    metric: str,
    size: float,
    name: dict[int, str],
) -> str:
    gap = others[0].difference_from_best
    assert gap is not None
    if decimal(metric, gap.mean).strip("0.") == "":
        said = say(
            "No detectable difference: {name} and {second} scored best, and the same ({runs} paired runs).",
            name=name[id(best)],
            second=name[id(others[0])],
            runs=gap.runs,
        )
        return f"{said} {_power(gap, metric, size, len(others) + 1)}"
    said = say(
        "No detectable difference: {name} scored best, {mean} ahead of {second}, "
        "but the intervals reach zero ({runs} paired runs).",
        name=name[id(best)],
        second=name[id(others[0])],
        mean=amount(metric, abs(gap.mean)),
        runs=gap.runs,
    )
    return f"{said} {_power(gap, metric, size, len(others) + 1)}"


def _power(gap: Interval, metric: str, size: float, arms: int) -> str:
    needed = runs_to_show(size, gap, arms)
    if needed is None:
        return say("More runs on these rows would not show {worth}; more rows might.", worth=amount(metric, size))
    if needed <= gap.runs:
        return say("A difference of {worth} would have been seen.", worth=amount(metric, size))
    return say("About {needed} runs in all would show {worth}.", needed=needed, worth=amount(metric, size))


def _equivalent(arms: Sequence[ArmResult], metric: str, margin: float | None) -> str:
    """Which arms are as good as the best one for all practical purposes, where it is asked."""
    if margin is None or arms[0].score.low is None or len(arms) < 2:
        return ""
    name, size = names(arms), amount(metric, margin)
    same = [name[id(result)] for result in arms if result.equivalent]
    if not same:
        return say("None is shown to be equivalent to it within {margin}.", margin=size)
    return say(
        "Equivalent to {name} within {margin}: {names}.", name=name[id(arms[0])], margin=size, names=_listed(same)
    )


def _failed(arms: Sequence[ArmResult]) -> str:
    name = names(arms)
    failed = [name[id(result)] for result in arms if not np.isfinite(result.score.mean)]
    if not failed:
        return ""
    return say("Not judged, since runs became infinite or NaN at every learning rate: {names}.", names=_listed(failed))


def _against_baseline(best: ArmResult, metric: str, baseline: float) -> str:
    sign, known = (1 if METRICS[metric].rises else -1), best.score.low is not None
    if best.score.is_below(baseline, -sign) if known else sign * (best.score.mean - baseline) > 0:
        return ""
    if metric in CLASSIFICATION:
        return say("None of them is reliably better than always answering the commonest class.")
    return say("None of them is reliably better than always answering the mean.")
