from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradoscope.data import Dataset, load, split
from gradoscope.errors import DataError, UsageError


def labelled(counts: list[int]) -> Dataset:
    target = np.repeat(np.arange(len(counts)), counts)
    return Dataset(
        name="made",
        inputs=np.zeros((len(target), 1)),
        target=target,
        target_names=("y",),
        classes=tuple(str(label) for label in range(len(counts))),
        task="multiclass",
        scaling="raw",
        input_names=("x1",),
    )


@given(
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=6).filter(lambda counts: sum(counts) >= 10),
    seeds=st.tuples(st.integers(0, 2**32), st.integers(0, 2**32)),
)
def test_every_seed_divides_all_rows_into_parts_of_the_same_sizes(counts: list[int], seeds: tuple[int, int]) -> None:
    dataset = labelled(counts)
    first, second = (split(dataset, seed) for seed in seeds)
    for parts in (first, second):
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(sum(counts)))
        assert set(dataset.target[parts.train]) == set(range(len(counts)))  # every class can be learned
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(np.bincount(dataset.target[one]), np.bincount(dataset.target[other]))


@given(counts=st.lists(st.integers(5, 200), min_size=2, max_size=5))
def test_classes_keep_their_shares(counts: list[int]) -> None:
    dataset = labelled(counts)
    for part, share in zip(split(dataset, 0)[1:], (0.2, 0.2), strict=True):
        drawn = np.bincount(dataset.target[part], minlength=len(counts))
        assert np.all(np.abs(drawn - share * np.array(counts)) < 1.6)


def test_seeds_divide_differently_and_repeatably() -> None:
    dataset = load("iris")
    np.testing.assert_array_equal(split(dataset, 3).train, split(dataset, 3).train)
    assert not np.array_equal(split(dataset, 3).train, split(dataset, 4).train)


def test_each_row_is_as_likely_as_any_other_to_be_tested() -> None:
    """Over 400 seeds a row is in a test part of one fifth binomial(400, 0.2) times: mean 80, deviation 8."""
    dataset = load("diabetes")
    times = np.zeros(dataset.n_rows)
    for seed in range(400):
        times[split(dataset, seed).test] += 1
    assert times.mean() == pytest.approx(80, abs=0.5)
    assert times.std() == pytest.approx(8, abs=1)


def test_the_sources_own_test_rows_are_the_test_rows() -> None:
    dataset = replace(labelled([50, 50]), test_rows=np.array([3, 5, 99]))
    parts = split(dataset, 1, validation=0.25)
    np.testing.assert_array_equal(parts.test, [3, 5, 99])
    assert len(parts.validation) == 24
    assert not set(parts.test) & (set(parts.train) | set(parts.validation))


def test_a_number_of_rows() -> None:
    assert [len(part) for part in split(load("iris"), 0, validation=10, test=20)] == [120, 10, 20]


def test_no_test_rows_wanted() -> None:
    assert [len(part) for part in split(load("iris"), 0, test=0)] == [120, 30, 0]


@pytest.mark.parametrize("share", [1.0, -0.1, -3, True])
def test_shares_that_make_no_sense(share: float) -> None:
    with pytest.raises(UsageError, match="validation"):
        split(load("iris"), 0, validation=share)


def test_too_few_rows() -> None:
    with pytest.raises(DataError, match="2 rows"):
        split(labelled([1, 1]), 0)
    with pytest.raises(DataError, match="150 rows"):
        split(load("iris"), 0, validation=100, test=50)
