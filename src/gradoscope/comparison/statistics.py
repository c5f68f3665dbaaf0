"""How sure one can be of scores and of differences between arms, from runs that judge and train on the same rows.

A score is a mean over runs (splits, starts, batch orders) and over test rows, and both are samples: another run would
score otherwise, and so would other rows of the same kind. Runs that test the same row share its luck, so that more of
them do not average it away. The variance of a mean over `n` runs is therefore

    s^2 / n + c,

s^2 the variance between runs, and c the covariance between runs through the rows that several of them test: the sum
over rows of the products of what a row adds in one run and in another (two-way clustering by runs and rows; Cameron,
Gelbach and Miller 2011, Journal of Business & Economic Statistics 29; Owen 2007, Annals of Applied Statistics 1, for
crossed rows and columns). Rows of one group count as one. Degrees of freedom are Satterthwaite's (1946), for
two parts that are known equally well. The usual correction for overlapping training sets, which
takes c = s^2 test rows / training rows instead (Nadeau and Bengio 2003, Machine Learning 52), holds no less often but
is far too wide for many runs: `python -m benchmarks.coverage` measures both.

Differences are paired by seed: arms and seeds are a two-way table, and s^2 comes from its residuals, pooled over all
arms (randomised blocks). The best arm is known only after looking, so all pairs count as one family, by the quantile of
the studentized range (Tukey 1953); p-values adjusted by Holm (1979) for the same family stand beside it, and are never
more liberal for the largest difference. Where a pair's own differences spread more than the pooled ones, and more than
chance gives to four pairs of five, its own spread counts. Equal scores are no certainty: the spread of a score counts
at least as much as drawing the test rows alone gives, that of a difference at least a tenth of it (few runs differ by
chance less than they should, and more would make intervals hold too often).

Where all runs share one small test set, intervals of differences hold somewhat less often than they say (91 to 95 %
with 20 rows): the training rows that the runs share spread the mean difference too, and nothing in a study shows it.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import f, studentized_range, t

CONFIDENCE = 0.95
WIDER = 0.8  # quantile of F beyond which a pair spreads more than the others
LEAST = 0.1  # of the variance that drawing test rows gives to a difference
Scores = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean over runs with its 95 % interval; low and high are None where one run cannot tell.

    between is the part of the variance of the mean that more runs would lower, shared the part that they would not.
    """

    mean: float
    low: float | None
    high: float | None
    runs: int
    between: float = 0.0
    shared: float = 0.0

    @property
    def half_width(self) -> float:
        """Half the width of the interval; infinite where there is none."""
        return math.inf if self.low is None or self.high is None else (self.high - self.low) / 2

    def is_below(self, value: float, sign: int = 1) -> bool:
        """Whether all of the interval lies below `value`; above it for sign -1, where less is better."""
        if self.low is None or self.high is None:
            return False
        return self.high < value if sign == 1 else self.low > value

    def is_within(self, margin: float) -> bool:
        """Whether all of the interval lies between -margin and margin: equivalent, by two one-sided tests."""
        return self.low is not None and self.high is not None and -margin < self.low and self.high < margin


class Evidence(NamedTuple):
    """What runs say about arms.

    Parameters
    ----------
    scores
        Shape (arms, runs), runs paired by seed.
    shared
        The covariance of the means of arms through rows that several runs test, shape (arms, arms).
    rows
        Test rows of a run where a score is a share of rows that are right; None for other scores.
    """

    scores: Scores
    shared: Scores
    rows: int | None = None


def evidence(
    shares: Sequence[NDArray[np.floating]], units: Sequence[NDArray[np.int64]], rows: int | None = None
) -> Evidence:
    """What the test rows of every run say.

    Parameters
    ----------
    shares
        For each run what its test rows add to each arm's score, shape (arms, test rows).
    units
        For each run who its test rows are: equal numbers in several runs are one row (or one group).
    rows
        As in `Evidence`.

    Examples
    --------
    >>> same = np.array([[1.0, 0.0, 1.0, 1.0]])
    >>> evidence([same, same], [np.arange(4), np.arange(4)]).scores
    array([[0.75, 0.75]])
    """
    scores = np.stack([run.mean(1, dtype=np.float64) for run in shares], axis=1)
    means, runs = scores.mean(1, keepdims=True), len(shares)
    cells = [_summed((run - means) / (run.shape[1] * runs), unit) for run, unit in zip(shares, units, strict=True)]
    apart = np.concatenate([sums for sums, _ in cells], axis=1)
    together, seen = _summed(apart, np.concatenate([found for _, found in cells]))
    few = len(seen) / max(len(seen) - 1, 1)  # residuals from their own mean are that much too small
    return Evidence(scores, few * (together @ together.T - apart @ apart.T), rows)


def _summed(values: Scores, units: NDArray[np.int64]) -> tuple[Scores, NDArray[np.int64]]:
    """The values (arms, rows) summed over equal units, and these units."""
    found, place = np.unique(units, return_inverse=True)
    ones = csr_array((np.ones(len(units)), (place, np.arange(len(units)))), shape=(len(found), len(units)))
    return (ones @ values.T).T, found


def interval(known: Evidence, arm: int = 0) -> Interval:
    """The mean of one arm's scores with its 95 % interval.

    Examples
    --------
    >>> interval(Evidence(np.array([[0.9, 0.92, 0.94]]), np.zeros((1, 1))))[:3]
    (0.92, 0.870..., 0.969...)
    """
    scores = known.scores[arm]
    mean, runs = float(scores.mean()), len(scores)
    if runs < 2 or not math.isfinite(mean):
        return Interval(mean, None, None, runs)
    spread = max(float(scores.var(ddof=1)), _sampling(mean, known.rows))
    return _interval(mean, runs, 2, spread / runs, float(known.shared[arm, arm]))


def _sampling(share: float, rows: int | None) -> float:
    """The variance of a share of rows, with one right and one wrong row more than were seen (Laplace)."""
    if rows is None:
        return 0.0
    likely = (share * rows + 1) / (rows + 2)
    return likely * (1 - likely) / rows


def differences(known: Evidence) -> list[Interval]:
    """The mean difference of every arm from the first, with intervals that hold for all pairs of arms at once.

    An arm with a score that is not finite gets no interval and counts in no other one.
    """
    scores = known.scores
    judged = _judged(scores)
    gaps = scores - scores[0]
    arms, runs = int(judged.sum()), scores.shape[1]
    if runs < 2 or arms < 2:
        return [Interval(float(gap.mean()), None, None, runs) for gap in gaps]
    between, shared = _spreads(known, judged) / runs, _shared(known.shared)
    return [
        _interval(float(gap.mean()), runs, arms, float(between[0, arm]), float(shared[0, arm]))
        if judged[arm]
        else Interval(math.nan, None, None, runs)
        for arm, gap in enumerate(gaps)
    ]


def holm(known: Evidence) -> Scores:
    """The p-value of every pair's difference, shape (arms, arms), adjusted for all pairs by Holm (1979); else NaN."""
    judged = _judged(known.scores)
    arms, runs = known.scores.shape
    adjusted = np.full((arms, arms), np.nan)
    finite = np.flatnonzero(judged)
    if runs < 2 or len(finite) < 2:
        return adjusted
    first, second = (finite[place] for place in np.triu_indices(len(finite), 1))
    means = known.scores.mean(1)
    between, shared = (_spreads(known, judged) / runs)[first, second], _shared(known.shared)[first, second]
    variance = between + shared
    distance = np.abs(means[first] - means[second])
    standard = np.divide(distance, np.sqrt(variance), out=np.zeros_like(distance), where=variance > 0)
    p = 2 * t.sf(standard, (runs - 1) * (len(finite) - 1) * _equally_known(between, shared))
    adjusted[first, second] = adjusted[second, first] = adjust(p)
    return adjusted


def adjust(p: Scores) -> Scores:
    """P-values adjusted by Holm's step-down procedure.

    Examples
    --------
    >>> adjust(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    out = np.empty_like(p)
    out[order] = np.minimum(stepped, 1)
    return out


def _judged(scores: Scores) -> NDArray[np.bool_]:
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(scores).all(axis=1))
    return finite


def residual_variance(scores: Scores) -> float:
    """The variance of scores (arms, runs) that neither the arm nor the run explains."""
    arms, runs = scores.shape
    residuals = scores - scores.mean(1, keepdims=True) - scores.mean(0, keepdims=True) + scores.mean()
    return float((residuals**2).sum() / ((arms - 1) * (runs - 1)))


def _spreads(known: Evidence, judged: NDArray[np.bool_]) -> Scores:
    """The variance between runs of every pair's difference; of shares, a tenth of that of rows that disagree."""
    own = _shared(np.cov(known.scores))
    means = known.scores.mean(1)
    disagreeing = np.abs(means[:, None] - means) / known.rows if known.rows else np.zeros_like(own)
    pooled, runs = 2 * residual_variance(known.scores[judged]), known.scores.shape[1]
    by_chance = pooled * f.ppf(WIDER, runs - 1, (runs - 1) * (judged.sum() - 1))
    return np.maximum(np.where(own > by_chance, own, pooled), LEAST * disagreeing)


def _shared(covariance: Scores) -> Scores:
    """The variance of every pair's difference; below zero, which happens by chance, counts as none."""
    own = np.diag(covariance)
    return np.maximum(own[:, None] + own - 2 * covariance, 0)


def _equally_known(between: Any, shared: Any) -> Any:
    """By how much the sum of two variances has more degrees of freedom than each: 1 (one is 0) to 2 (equal)."""
    squares = between**2 + shared**2
    return np.divide((between + shared) ** 2, squares, out=np.ones_like(squares), where=squares > 0)


def _interval(mean: float, runs: int, arms: int, between: float, shared: float) -> Interval:
    known = max(shared, 0.0)
    half = _reach(runs, arms, between, known)
    return Interval(mean, mean - half, mean + half, runs, between, known)


def _reach(runs: int, arms: int, between: float, shared: float) -> float:
    """Half the width of an interval."""
    more = float(_equally_known(np.asarray(between), np.asarray(shared)))
    return quantile((runs - 1) * (arms - 1) * more, arms) * math.sqrt(between + shared)


def quantile(freedom: float, arms: int) -> float:
    """How many standard errors an interval reaches that holds for all pairs of `arms` arms (two: Student's t)."""
    return float(t.ppf((1 + CONFIDENCE) / 2, freedom)) if arms == 2 else _range_quantile(int(freedom), arms)


@cache
def _range_quantile(freedom: int, arms: int) -> float:
    return float(studentized_range.ppf(CONFIDENCE, arms, freedom)) / math.sqrt(2)


def runs_to_show(size: float, gap: Interval, arms: int, most: int = 2000) -> int | None:
    """How many runs in all would make the interval of a difference like `gap` narrower than +-`size`; None for never.

    The spread is taken to stay as measured. More than `most` runs counts as never: what runs share through their rows
    is a floor under the interval that only more rows can lower.
    """
    floor = gap.shared / (1 - 1 / gap.runs)  # runs share rows in pairs: n (n - 1) of n^2

    def narrow(runs: int) -> bool:
        return _reach(runs, arms, gap.between * gap.runs / runs, floor * (1 - 1 / runs)) <= size

    if not narrow(most):
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if narrow(middle) else (middle, high)
    return high
