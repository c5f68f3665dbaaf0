"""Intervals, adjusted p-values and the power statement, against hand calculation, tables and simulation."""

import numpy as np
import pytest
from benchmarks.coverage import coverage
from scipy.stats import ttest_1samp, ttest_rel

from gradoscope.comparison.statistics import (
    Evidence,
    Interval,
    adjust,
    differences,
    evidence,
    holm,
    interval,
    quantile,
    residual_variance,
    runs_to_show,
)


def apart(scores: np.ndarray, rows: int | None = None) -> Evidence:
    """Runs that share no test rows."""
    return Evidence(scores, np.zeros((len(scores), len(scores))), rows)


def test_without_common_rows_it_is_students_interval(rng: np.random.Generator) -> None:
    values = rng.normal(0.9, 0.02, 12)
    low, high = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert interval(apart(values[None]))[:3] == pytest.approx((values.mean(), low, high))


def test_what_runs_share_by_hand() -> None:
    """Two runs of two rows each; row 1 is in both. Mean 0.5: row 1 adds (1 - 0.5) / 4 in the first, as in the second.

    Products of what a row adds in one run and in another, both orders: 2 * (0.125 * 0.125), times 3 / 2 for 3 rows.
    """
    known = evidence([np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])], [np.array([0, 1]), np.array([1, 2])])
    np.testing.assert_allclose(known.scores, [[0.5, 0.5]])
    assert known.shared[0, 0] == pytest.approx(2 * 0.125 * 0.125 * 3 / 2)


def test_groups_count_as_one_row(rng: np.random.Generator) -> None:
    """Rows of one group, all alike: as if the group were a single row, judged once."""
    alone = rng.normal(size=(3, 2, 8))
    tripled = [np.repeat(run, 3, axis=1) for run in alone]
    single = evidence(list(alone), [np.arange(8)] * 3)
    grouped = evidence(tripled, [np.repeat(np.arange(8), 3)] * 3)
    np.testing.assert_allclose(grouped.shared, single.shared)


def test_a_fixed_test_set_leaves_the_luck_of_its_rows(rng: np.random.Generator) -> None:
    """Many runs that agree on every row know no more than one: the interval is that of a mean over the rows."""
    row = (rng.random(200) < 0.9).astype(float)
    known = evidence([row[None]] * 50, [np.arange(200)] * 50)
    half = interval(known).half_width
    assert half == pytest.approx(
        2.0096 * np.sqrt(row.var(ddof=1) / 200 * 49 / 50), rel=1e-3
    )  # t with 49 degrees of freedom


def test_pairs_of_three_arms_by_the_published_table() -> None:
    # Residuals of this table (rows are arms): +-1 in a 2 x 2 corner, so SS = 4 * 1 over (3 - 1)(3 - 1) = 4: MSE = 1.
    table = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]) + np.array([[5.0], [3.0], [0.0]])
    # Tukey: q(3 means, 4 degrees of freedom) = 5.040 at 5 %; half width q sqrt(MSE / n). The pair of the second arm
    # spreads twice as much as the pooled 2 MSE, as chance allows: F(2, 4) reaches 2.47 in one case of five.
    first, second, third = differences(apart(table))
    assert third.half_width == second.half_width == pytest.approx(5.040 * np.sqrt(1 / 3), rel=1e-3)
    assert (first.mean, second.mean, third.mean) == (0, -2, -5)


def test_a_pair_that_spreads_more_than_chance_allows_has_its_own_spread(rng: np.random.Generator) -> None:
    table = rng.normal(size=(8, 10)) * np.array([1.0] * 7 + [20.0])[:, None]
    steady, wild = (differences(apart(table))[arm].half_width for arm in (1, 7))
    own = (table[7] - table[0]).var(ddof=1)
    pooled = 2 * residual_variance(table)
    assert wild / steady == pytest.approx(np.sqrt(own / pooled))
    assert own > 2 * pooled


def test_two_arms_are_a_paired_t_test(rng: np.random.Generator) -> None:
    table = rng.normal(size=(2, 7))
    right = ttest_rel(table[1], table[0])
    assert differences(apart(table))[1][1:3] == pytest.approx(right.confidence_interval(0.95), rel=1e-4)
    assert holm(apart(table))[0, 1] == pytest.approx(right.pvalue)


def test_holm_by_his_procedure() -> None:
    """p sorted .005 .01 .03 .04, times 4, 3, 2, 1, never falling: .02 .03 .06 .06."""
    np.testing.assert_allclose(adjust(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(adjust(np.array([0.6, 0.7])), [1, 1])


def test_equal_scores_are_not_certainty() -> None:
    """One of thirty test rows in each of two runs: an interval wider than that one row."""
    assert interval(apart(np.ones((1, 5)), rows=30)).half_width > 0.01
    known = apart(np.array([[29 / 30, 29 / 30], [28 / 30, 28 / 30]]), rows=30)
    assert interval(known).half_width > 1 / 30
    gap = differences(known)[1]
    assert gap.high is not None
    assert gap.high > 0


def test_an_arm_that_failed_leaves_the_others_as_they_are(rng: np.random.Generator) -> None:
    shares = [rng.normal(size=(3, 12)) for _ in range(5)]
    units = [rng.permutation(20)[:12] for _ in range(5)]
    failed = [np.vstack([run, np.full((1, 12), np.nan)]) for run in shares]
    whole, known = evidence(shares, units), evidence(failed, units)
    for gap, same in zip(differences(known), differences(whole), strict=False):
        assert gap == pytest.approx(same)
    assert differences(known)[3].low is None
    assert interval(known, 3).low is None
    np.testing.assert_allclose(holm(known)[:3, :3], holm(whole))
    assert np.isnan(holm(known)[3]).all()


def test_one_run_has_no_interval() -> None:
    assert interval(apart(np.array([[0.9]]))) == (0.9, None, None, 1, 0.0, 0.0)
    assert differences(apart(np.array([[0.9], [0.8]])))[1].low is None


def test_equivalence_is_an_interval_within_the_margin() -> None:
    gap = Interval(-0.001, -0.004, 0.002, 5)
    assert gap.is_within(0.005)
    assert not gap.is_within(0.004)
    assert not Interval(-0.001, None, None, 1).is_within(0.005)


def test_runs_to_show_is_the_least_number(rng: np.random.Generator) -> None:
    gap = differences(apart(rng.normal(0, 0.02, (4, 5))))[1]
    needed = runs_to_show(0.01, gap, arms=4)
    assert needed is not None
    spread = gap.half_width / quantile(12, 4) * np.sqrt(5)

    def reach(runs: int) -> float:
        return quantile(3 * (runs - 1), 4) * spread / np.sqrt(runs)

    assert reach(needed) <= 0.01 < reach(needed - 1)


def test_common_rows_put_a_floor_under_the_interval() -> None:
    gap = Interval(0.0, -0.02, 0.02, 5, between=0.005**2, shared=0.005**2)
    assert runs_to_show(0.001, gap, arms=4) is None
    assert runs_to_show(0.018, gap, arms=4) is not None


@pytest.mark.parametrize("spreads", [np.ones(8), np.array([1, 1, 1, 1, 1, 1, 1, 6.0])])
@pytest.mark.parametrize("runs", [5, 10])
def test_equal_arms_are_rarely_called_different(rng: np.random.Generator, spreads: np.ndarray, runs: int) -> None:
    """Eight equally good arms, also where one is unstable: at most 5 % of studies declare any below the best."""
    studies, declared = 600, 0
    for _ in range(studies):
        scores = rng.normal(size=(8, runs)) * spreads[:, None]
        ranked = scores[np.argsort(-scores.mean(1))]
        declared += any(gap.is_below(0) for gap in differences(apart(ranked))[1:])
    assert declared / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_a_real_difference_is_found(rng: np.random.Generator) -> None:
    """Two standard deviations between one arm and seven others, five runs: seen in most studies."""
    found = 0
    for _ in range(200):
        scores = rng.normal(size=(8, 5)) * 0.5 + np.array([1.0] + [0.0] * 7)[:, None] * 2
        found += all(gap.is_below(0) for gap in differences(apart(scores))[1:])
    assert found / 200 > 0.8


@pytest.mark.parametrize("own_start", [False, True])
def test_intervals_of_real_classifiers_hold_at_their_rate(own_start: bool) -> None:
    """The small edition of `python -m benchmarks.coverage`, whose docstring says what is simulated."""
    studies = 200
    for line in coverage("hold-out", own_start, studies, seed=5, numbers_of_runs=(10,)):
        assert abs(line.held - 0.95) <= 0.02 + 2 * np.sqrt(0.95 * 0.05 / studies)
        assert line.held_corrected >= line.held
        assert line.wider > 1.3
