"""How sure one can be of scores and of differences between arms, from repeated splits of the same rows.

Training sets of repeated splits overlap, so that scores are not independent: the variance of their mean is taken as
s^2 (1/n + test rows / training rows) instead of s^2 / n (Nadeau & Bengio 2003, Inference for the generalization error).
Differences are paired by seed. All pairs of arms count as one family (Bonferroni), since the best arm is known only
after looking; each pair keeps its own spread, since one unstable arm says nothing about the others.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

CONFIDENCE = 0.95


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


def standard_error(values: NDArray[np.float64], overlap: float) -> float:
    """Standard error of the mean of scores from repeated splits.

    Parameters
    ----------
    values
        One value per run, shape (runs,), at least two.
    overlap
        Test rows over training rows; 0 where the runs share one fixed test set.
    """
    return float(values.std(ddof=1)) * math.sqrt(1 / len(values) + overlap)


def interval(values: NDArray[np.float64], overlap: float) -> Interval:
    """The mean of one arm's scores with its 95 % interval (corrected resampled t).

    Examples
    --------
    >>> interval(np.array([0.9, 0.92, 0.94]), overlap=0.0)
    Interval(mean=0.92, low=0.870..., high=0.969..., runs=3)
    """
    return difference(values, overlap, arms=2)


def difference(values: NDArray[np.float64], overlap: float, arms: int) -> Interval:
    """The mean of paired differences with an interval that holds for all pairs of `arms` arms at once."""
    mean, runs = float(values.mean()), len(values)
    if runs < 2:
        return Interval(mean, None, None, runs)
    reach = quantile(runs, arms) * standard_error(values, overlap)
    return Interval(mean, mean - reach, mean + reach, runs)


def quantile(runs: int, arms: int) -> float:
    """How many standard errors an interval reaches, for all pairs of `arms` arms at once (two arms: Student's t)."""
    return float(t.ppf(1 - (1 - CONFIDENCE) / 2 / math.comb(arms, 2), runs - 1))


def runs_to_show(size: float, values: NDArray[np.float64], overlap: float, arms: int, most: int = 2000) -> int | None:
    """How many runs in all would make the interval of a paired difference narrower than +-`size`; None for never.

    The spread of the differences is taken to stay as measured. Beyond `most` runs counts as never: with overlapping
    training sets the interval has a floor that only more rows can lower.
    """
    spread = float(values.std(ddof=1))

    def reach(runs: int) -> float:
        return quantile(runs, arms) * spread * math.sqrt(1 / runs + overlap)

    if reach(most) > size:
        return None
    low, high = 1, most  # reach(low) > size >= reach(high); one run shows nothing
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reach(middle) <= size else (middle, high)
    return high
