"""Intervals and the power statement, against hand calculation, tables and simulation."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from gradoscope.comparison.statistics import differences, interval, quantile, runs_to_show


def test_without_overlap_it_is_students_interval(rng: np.random.Generator) -> None:
    values = rng.normal(0.9, 0.02, 12)
    low, high = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert interval(values, 0.0)[:3] == pytest.approx((values.mean(), low, high))


def test_overlap_widens_by_the_factor_of_nadeau_and_bengio(rng: np.random.Generator) -> None:
    values = rng.normal(0.9, 0.02, 10)
    # Ten runs, test rows one ninth of training rows: variance s^2 (1/10 + 1/9) instead of s^2 / 10.
    wider = interval(values, 1 / 9).half_width / interval(values, 0.0).half_width
    assert wider == pytest.approx(((1 / 10 + 1 / 9) / (1 / 10)) ** 0.5)


def test_pairs_of_three_arms_by_the_published_table() -> None:
    # Residuals of this table (rows are arms): +-1 in a 2 x 2 corner, so SS = 4 * 1 over (3 - 1)(3 - 1) = 4: MSE = 1.
    table = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]) + np.array([[5.0], [3.0], [0.0]])
    # Tukey: q(3 means, 4 degrees of freedom) = 5.040 at 5 %; half width q sqrt(MSE / n). The pair of the third arm
    # spreads less than the pooled 2 MSE; that of the second more: its own variance, 4, counts.
    first, second, third = differences(table, overlap=0.0)
    assert third.half_width == pytest.approx(5.040 * np.sqrt(1 / 3), rel=1e-3)
    assert second.half_width == pytest.approx(5.040 / np.sqrt(2) * np.sqrt(4 / 3), rel=1e-3)
    assert (first.mean, second.mean, third.mean) == (0, -2, -5)


def test_two_arms_are_a_paired_t_test(rng: np.random.Generator) -> None:
    table = rng.normal(size=(2, 7))
    low, high = ttest_rel(table[1], table[0]).confidence_interval(0.95)
    assert differences(table, 0.0)[1][1:3] == pytest.approx((low, high), rel=1e-4)


def test_equal_scores_are_not_certainty() -> None:
    """One of thirty test rows in each of two runs: an interval wider than that one row."""
    table = np.array([[29 / 30, 29 / 30], [28 / 30, 28 / 30]])
    assert interval(table[0], 0.0, rows=30).half_width > 1 / 30
    gap = differences(table, 0.0, rows=30)[1]
    assert gap.high is not None
    assert gap.high > 0


def test_an_arm_that_failed_leaves_the_others_as_they_are(rng: np.random.Generator) -> None:
    table = rng.normal(size=(3, 5))
    failed = np.vstack([table, np.full(5, np.nan)])
    assert differences(failed, 0.3)[:3] == differences(table, 0.3)
    assert differences(failed, 0.3)[3].low is None


def test_one_run_has_no_interval() -> None:
    assert interval(np.array([0.9]), 0.3) == (0.9, None, None, 1)


def test_runs_to_show_is_the_least_number(rng: np.random.Generator) -> None:
    table = rng.normal(0, 0.02, (4, 5))
    gap = differences(table, 0.0)[1]
    needed = runs_to_show(0.01, gap, 0.0, arms=4)
    assert needed is not None
    spread = gap.half_width / quantile(5, 4) * np.sqrt(5)

    def reach(runs: int) -> float:
        return quantile(runs, 4) * spread / np.sqrt(runs)

    assert reach(needed) <= 0.01 < reach(needed - 1)


def test_overlapping_rows_put_a_floor_under_the_interval(rng: np.random.Generator) -> None:
    gap = differences(rng.normal(0, 0.02, (4, 5)), 0.33)[1]
    assert runs_to_show(0.001, gap, overlap=0.33, arms=4) is None


@pytest.mark.parametrize("spreads", [np.ones(8), np.array([1, 1, 1, 1, 1, 1, 1, 6.0])])
@pytest.mark.parametrize("runs", [5, 10])
def test_equal_arms_are_rarely_called_different(rng: np.random.Generator, spreads: np.ndarray, runs: int) -> None:
    """Eight equally good arms, also where one is unstable: at most 5 % of studies declare any below the best."""
    studies, declared = 600, 0
    for _ in range(studies):
        scores = rng.normal(size=(8, runs)) * spreads[:, None]
        ranked = scores[np.argsort(-scores.mean(1))]
        declared += any(gap.high is not None and gap.high < 0 for gap in differences(ranked, 0.0)[1:])
    assert declared / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_a_real_difference_is_found(rng: np.random.Generator) -> None:
    """Two standard deviations between one arm and seven others, five runs: seen in most studies."""
    found = 0
    for _ in range(200):
        scores = rng.normal(size=(8, 5)) * 0.5 + np.array([1.0] + [0.0] * 7)[:, None] * 2
        found += all(gap.high is not None and gap.high < 0 for gap in differences(scores, 0.0)[1:])
    assert found / 200 > 0.8
