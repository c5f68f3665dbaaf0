"""How sure one can be of scores and of differences between arms, from repeated splits of the same rows.

Training sets of repeated splits overlap, so that scores are not independent: the variance of a mean over runs is taken
as s^2 (1/n + test rows / training rows) instead of s^2 / n (Nadeau & Bengio 2003, Machine Learning 52).

Differences are paired by seed: arms and seeds are a two-way table, and s^2 comes from its residuals, pooled over all
arms (randomised blocks). The best arm is known only after looking, so all pairs count as one family, by the quantile of
the studentized range (Tukey 1953). Where a pair's own differences spread more than the pooled ones, its own spread
counts. No spread is taken as less than what drawing the test rows alone gives: equal scores are no certainty.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import studentized_range, t

CONFIDENCE = 0.95
Scores = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean over runs with its 95 % interval; low and high are None where one run cannot tell."""

    mean: float
    low: float | None
    high: float | None
    runs: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval; infinite where there is none."""
        return math.inf if self.low is None or self.high is None else (self.high - self.low) / 2


def interval(scores: Scores, overlap: float, rows: int | None = None) -> Interval:
    """The mean of one arm's scores with its 95 % interval (corrected resampled t).

    Parameters
    ----------
    scores
        Shape (runs,).
    overlap
        Test rows over training rows; 0 where the runs share one fixed test set.
    rows
        Test rows of a run, where the score is a share of them that are right; None for other scores.

    Examples
    --------
    >>> interval(np.array([0.9, 0.92, 0.94]), overlap=0.0)
    Interval(mean=0.92, low=0.870..., high=0.969..., runs=3)
    """
    mean, runs = float(scores.mean()), len(scores)
    if runs < 2:
        return Interval(mean, None, None, runs)
    sampling = mean * (1 - mean) / rows if rows else 0.0
    spread = max(float(scores.var(ddof=1)), sampling)
    return _interval(mean, runs, float(t.ppf((1 + CONFIDENCE) / 2, runs - 1)), spread, overlap)


def differences(scores: Scores, overlap: float, rows: int | None = None) -> list[Interval]:
    """The mean difference of every arm from the first, with intervals that hold for all pairs of arms at once.

    Parameters
    ----------
    scores
        Shape (arms, runs), runs paired by seed; an arm with a score that is not finite gets no interval and counts
        in no other one.
    overlap, rows
        As for `interval`.
    """
    judged: NDArray[np.bool_] = np.asarray(np.isfinite(scores).all(axis=1))
    gaps = scores - scores[0]
    arms, runs = int(judged.sum()), scores.shape[1]
    if runs < 2 or arms < 2:
        return [Interval(float(gap.mean()), None, None, runs) for gap in gaps]
    pooled, reach = 2 * residual_variance(scores[judged]), quantile(runs, arms)
    return [
        _interval(float(gap.mean()), runs, reach, _spread(gap, pooled, rows), overlap)
        if finite
        else Interval(math.nan, None, None, runs)
        for gap, finite in zip(gaps, judged.tolist(), strict=True)
    ]


def residual_variance(scores: Scores) -> float:
    """The variance of scores (arms, runs) that neither the arm nor the run explains."""
    arms, runs = scores.shape
    residuals = scores - scores.mean(1, keepdims=True) - scores.mean(0, keepdims=True) + scores.mean()
    return float((residuals**2).sum() / ((arms - 1) * (runs - 1)))


def _spread(gap: Scores, pooled: float, rows: int | None) -> float:
    """The variance of one paired difference; of shares of test rows, at least that of the rows that must disagree."""
    disagreeing = abs(float(gap.mean())) / rows if rows else 0.0
    return max(pooled, float(gap.var(ddof=1)), disagreeing)


def _interval(mean: float, runs: int, reach: float, variance: float, overlap: float) -> Interval:
    half = reach * math.sqrt(variance * (1 / runs + overlap))
    return Interval(mean, mean - half, mean + half, runs)


@cache
def quantile(runs: int, arms: int) -> float:
    """How many standard errors an interval reaches that holds for all pairs of `arms` arms (two: Student's t)."""
    return float(studentized_range.ppf(CONFIDENCE, arms, (runs - 1) * (arms - 1))) / math.sqrt(2)


def runs_to_show(size: float, gap: Interval, overlap: float, arms: int, most: int = 2000) -> int | None:
    """How many runs in all would make the interval of a difference like `gap` narrower than +-`size`; None for never.

    The spread is taken to stay as measured. More than `most` runs counts as never: with overlapping training sets the
    interval has a floor that only more rows can lower.
    """
    spread = gap.half_width / quantile(gap.runs, arms) / math.sqrt(1 / gap.runs + overlap)

    def narrow(runs: int) -> bool:
        return quantile(runs, arms) * spread * math.sqrt(1 / runs + overlap) <= size

    if not narrow(most):
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if narrow(middle) else (middle, high)
    return high
