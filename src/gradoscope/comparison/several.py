"""Several data sets: which arm ranks best across them, by the tests of Demšar (2006), JMLR 7, 1-30.

Data sets are independent samples, so that average ranks are compared by Friedman's test in the form of Iman and
Davenport, by Nemenyi's critical difference, and pair by pair by Wilcoxon's signed ranks with Holm's adjustment.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f, rankdata, studentized_range, wilcoxon

from gradoscope.comparison.metrics import METRICS
from gradoscope.comparison.statistics import CONFIDENCE, adjust
from gradoscope.comparison.study import Study
from gradoscope.comparison.verdict import names
from gradoscope.errors import UsageError
from gradoscope.language import say

Numbers = NDArray[np.float64]


class Friedman(NamedTuple):
    """Friedman's statistic, that of Iman and Davenport with its p-value, and Nemenyi's critical difference."""

    chi_squared: float
    f: float
    p_value: float
    critical_difference: float


class Across(NamedTuple):
    """Arms over several data sets.

    Parameters
    ----------
    datasets, arms
        Names; arms best first.
    metrics
        What ranks on each data set.
    scores, ranks
        Shape (datasets, arms); rank 1 is the best, equal scores share their ranks.
    friedman
        The test that all arms are equal.
    pairs
        P-values of Wilcoxon's signed-rank test, adjusted by Holm, shape (arms, arms).
    verdict
        One or two sentences.
    """

    datasets: tuple[str, ...]
    arms: tuple[str, ...]
    metrics: tuple[str, ...]
    scores: Numbers
    ranks: Numbers
    friedman: Friedman
    pairs: Numbers
    verdict: str

    @property
    def average_ranks(self) -> Numbers:
        """Shape (arms,)."""
        mean: Numbers = self.ranks.mean(0)
        return mean


def friedman(ranks: Numbers) -> Friedman:
    """The test that all arms are equal, and how far apart two average ranks must be.

    Parameters
    ----------
    ranks
        Shape (datasets, arms).

    Examples
    --------
    >>> round(friedman(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])).chi_squared, 3)
    4.667
    """
    datasets, arms = ranks.shape
    mean = ranks.mean(0)
    chi_squared = 12 * datasets / (arms * (arms + 1)) * float((mean**2).sum() - arms * (arms + 1) ** 2 / 4)
    rest = datasets * (arms - 1) - chi_squared
    ratio = (datasets - 1) * chi_squared / rest if rest > 1e-9 else math.inf
    p_value = float(f.sf(ratio, arms - 1, (arms - 1) * (datasets - 1)))
    q = float(studentized_range.ppf(CONFIDENCE, arms, math.inf)) / math.sqrt(2)
    return Friedman(chi_squared, ratio, p_value, q * math.sqrt(arms * (arms + 1) / (6 * datasets)))


def wilcoxon_holm(scores: Numbers) -> Numbers:
    """P-values of every pair of arms (datasets, arms), adjusted by Holm; NaN on the diagonal."""
    arms = scores.shape[1]
    first, second = np.triu_indices(arms, 1)
    raw = [_signed_ranks(scores[:, one] - scores[:, other]) for one, other in zip(first, second, strict=True)]
    out = np.full((arms, arms), np.nan)
    out[first, second] = out[second, first] = adjust(np.array(raw))
    return out


def _signed_ranks(gaps: Numbers) -> float:
    """Wilcoxon's p-value; the ranks of equal scores are divided between the sides, as Demšar does."""
    return float(wilcoxon(gaps, zero_method="zsplit").pvalue) if gaps.any() else 1.0


def across(studies: Sequence[Study]) -> Across:
    """What several studies of the same arms say together.

    Raises
    ------
    UsageError
        Their arms differ, or there are fewer than two arms or data sets.
    """
    called = [_by_name(study) for study in studies]
    arms = list(called[0])
    if len(studies) < 2 or len(arms) < 2 or any(set(each) != set(arms) for each in called):
        raise UsageError(
            say("Several data sets are compared by the same two or more arms; name --activations and --losses for all.")
        )
    signs = np.array([1 if METRICS[study.metric].rises else -1 for study in studies])[:, None]
    scores = np.array([[each[arm] for arm in arms] for each in called])
    known = np.where(np.isfinite(scores), np.round(signs * scores, 9), -np.inf)  # rounding must not break a tie
    ranks = np.stack([rankdata(-row) for row in known])
    order = np.argsort(ranks.mean(0), kind="stable")
    scores, ranks, found = scores[:, order], ranks[:, order], tuple(arms[place] for place in order)
    result = friedman(ranks)
    return Across(
        tuple(study.name for study in studies),
        found,
        tuple(study.metric for study in studies),
        scores,
        ranks,
        result,
        wilcoxon_holm(-ranks if len(set(signs.flat)) > 1 or len({s.metric for s in studies}) > 1 else scores),
        _verdict(found, ranks.mean(0), result, len(studies)),
    )


def _by_name(study: Study) -> Mapping[str, float]:
    called = names(study.arms)
    return {called[id(result)]: result.score.mean for result in study.arms}


def _verdict(arms: Sequence[str], ranks: Numbers, result: Friedman, datasets: int) -> str:
    critical = f"{result.critical_difference:.2f}"
    best = {"best": arms[0], "rank": f"{ranks[0]:.2f}", "datasets": datasets}
    beaten = [arm for arm, rank in zip(arms, ranks, strict=True) if rank - ranks[0] > result.critical_difference]
    if result.p_value < 1 - CONFIDENCE and beaten:
        return say(
            "{best} ranks best over {datasets} data sets (average rank {rank}), and better than {beaten} for sure: "
            "their ranks differ by more than {critical}.",
            **best, beaten=", ".join(beaten), critical=critical,
        )  # fmt: skip
    return say(
        "No detectable difference over {datasets} data sets: {best} has the best average rank ({rank}), but ranks must "
        "differ by more than {critical}.",
        **best, critical=critical,
    )  # fmt: skip
