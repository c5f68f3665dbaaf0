"""Several data sets, against the worked example of Demšar (2006), JMLR 7, 1-30, section 3.2.2 and table 6."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from gradoscope.comparison import Settings, across, compare
from gradoscope.comparison.several import friedman, wilcoxon_holm
from gradoscope.data import load
from gradoscope.errors import UsageError
from gradoscope.plots.critical_difference import CriticalDifference, critical_difference

# AUC of C4.5, and with m, cf and both tuned, on 14 data sets; `voting` has a digit more, to tell equal ones apart.
AUC = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip
SMALL = Settings(hidden=((4,),), learning_rates=(0.01,), seeds=(0, 1), epochs=3)


def test_friedman_and_nemenyi_as_published() -> None:
    ranks = np.stack([rankdata(-row) for row in AUC])
    np.testing.assert_allclose(ranks.mean(0), [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    found = friedman(ranks)
    assert found.chi_squared == pytest.approx(9.28, abs=0.005)
    assert found.f == pytest.approx(3.69, abs=0.005)
    assert found.p_value < 0.05  # the critical value of F(3, 39) at 5 % is 2.85
    assert found.critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), rel=1e-3)  # 1.25
    assert friedman(ranks[:, :3]).critical_difference == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 14)), rel=1e-3)


def test_wilcoxon_as_published() -> None:
    """C4.5 against C4.5 with m tuned: R- = 12, its own p-value times Holm's factor."""
    gaps = AUC[:, 1] - AUC[:, 0]
    right = wilcoxon(np.round(gaps, 3), zero_method="zsplit")
    assert right.statistic == 12
    pairs = wilcoxon_holm(np.round(AUC[:, :2], 3))
    assert pairs[0, 1] == pytest.approx(wilcoxon(gaps, zero_method="zsplit").pvalue)
    assert np.isnan(pairs[0, 0])


def test_equal_arms_have_no_p_value_below_one() -> None:
    np.testing.assert_array_equal(wilcoxon_holm(np.ones((5, 2)))[0, 1], 1.0)


def test_three_data_sets_together() -> None:
    studies = [
        compare(load(name), activations=["relu", "tanh", "sigmoid"], settings=SMALL)
        for name in ("iris", "wine", "diabetes")
    ]
    found = across(studies)
    assert found.metrics == ("accuracy", "accuracy", "r2")
    assert sorted(found.average_ranks.tolist()) == found.average_ranks.tolist()
    for study, scores, ranks in zip(studies, found.scores, found.ranks, strict=True):
        means = {arm.arm.activation: arm.score.mean for arm in study.arms}
        assert scores.tolist() == [means[arm] for arm in found.arms]
        np.testing.assert_array_equal(ranks, rankdata([-means[arm] for arm in found.arms]))
    assert found.friedman.critical_difference == pytest.approx(2.343 * np.sqrt(12 / 18), rel=1e-3)
    assert "3 data sets" in found.verdict
    plot = critical_difference(found)
    assert plot.ranks == tuple(found.average_ranks)
    assert len(plot.draw().axes) == 1


def test_a_metric_that_falls_ranks_the_smallest_first() -> None:
    studies = [
        compare(load(name), activations=["relu", "tanh"], settings=replace(SMALL, metric="log_loss"))
        for name in ("iris", "wine")
    ]
    found = across(studies)
    for scores, ranks in zip(found.scores, found.ranks, strict=True):
        assert scores[ranks.argmin()] == scores.min()


def test_bars_join_what_is_not_told_apart() -> None:
    """Demšar, figure 1(a): with CD 1.25, the best two join with each other, and from 2.000 on to 3.143."""
    plot = critical_difference_of((1.964, 2.0, 2.893, 3.143), 1.25)
    assert plot.groups == ((1.964, 3.143),)  # 1.179 apart: no pair of all four is told apart
    assert critical_difference_of((1.0, 2.0, 2.8, 4.0), 1.25).groups == ((1.0, 2.0), (2.0, 2.8), (2.8, 4.0))
    assert critical_difference_of((1.0, 3.0), 1.0).groups == ()


def critical_difference_of(ranks: tuple[float, ...], critical: float) -> CriticalDifference:
    from gradoscope.plots.critical_difference import _groups

    return CriticalDifference(("a", "b", "c", "d")[: len(ranks)], ranks, critical, _groups(list(ranks), critical))


def test_different_arms_are_refused() -> None:
    first = compare(load("iris"), activations=["relu", "tanh"], settings=SMALL)
    second = compare(load("iris"), activations=["relu", "gelu"], settings=SMALL)
    with pytest.raises(UsageError, match="same two or more arms"):
        across([first, second])
    with pytest.raises(UsageError, match="same two or more arms"):
        across([first])
