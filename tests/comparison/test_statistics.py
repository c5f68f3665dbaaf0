"""Intervals and the power statement, against hand calculation, tables and simulation."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from gradoscope.comparison.statistics import difference, interval, quantile, runs_to_show


def test_without_overlap_it_is_students_interval(rng: np.random.Generator) -> None:
    values = rng.normal(0.9, 0.02, 12)
    low, high = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert interval(values, 0.0)[:3] == pytest.approx((values.mean(), low, high))


def test_overlap_widens_by_the_factor_of_nadeau_and_bengio(rng: np.random.Generator) -> None:
    values = rng.normal(0.9, 0.02, 10)
    # Ten runs, test rows one ninth of training rows: variance s^2 (1/10 + 1/9) instead of s^2 / 10.
    wider = interval(values, 1 / 9).half_width / interval(values, 0.0).half_width
    assert wider == pytest.approx(((1 / 10 + 1 / 9) / (1 / 10)) ** 0.5)


def test_all_pairs_share_the_error() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])  # s = sqrt(2.5), s / sqrt(5) = sqrt(0.5)
    # Five arms are ten pairs: the two-sided 0.5 % point of t with 4 degrees of freedom, 5.598 in published tables.
    assert difference(values, 0.0, 5).half_width == pytest.approx(5.598 * np.sqrt(0.5), rel=1e-3)


def test_one_run_has_no_interval() -> None:
    assert interval(np.array([0.9]), 0.3) == (0.9, None, None, 1)


def test_runs_to_show_is_the_least_number(rng: np.random.Generator) -> None:
    values = rng.normal(0, 0.02, 5)
    needed = runs_to_show(0.01, values, 0.0, arms=4)
    assert needed is not None

    def reach(runs: int) -> float:
        return quantile(runs, 4) * values.std(ddof=1) / np.sqrt(runs)

    assert reach(needed) <= 0.01 < reach(needed - 1)


def test_overlapping_rows_put_a_floor_under_the_interval(rng: np.random.Generator) -> None:
    assert runs_to_show(0.001, rng.normal(0, 0.02, 5), overlap=0.33, arms=4) is None


def test_identical_arms_are_rarely_called_different(rng: np.random.Generator) -> None:
    """Eight equal arms, ten runs: in at most 5 % of studies any pair is declared different (here within 3 sigma)."""
    studies, arms, runs = 400, 8, 10
    scores = rng.normal(size=(studies, runs, arms))
    reach = quantile(runs, arms) / np.sqrt(runs)
    gaps = scores[:, :, :, None] - scores[:, :, None, :]
    spread = gaps.std(axis=1, ddof=1) + np.eye(arms)
    declared = (np.abs(gaps.mean(axis=1)) > reach * spread).any(axis=(1, 2))
    assert declared.mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
