"""Groups, time order and folds: what would leak from the training rows into the test rows is caught."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradoscope.data import Dataset, DataSpec, load, prepare_experiment, split
from gradoscope.errors import DataError, UsageError


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Twelve patients with five visits each; an outcome that only the patient decides; visits in disorder."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(12), 5)
    table = pl.DataFrame(
        {
            "patient": [f"p{number}" for number in patient],
            "day": [f"2024-{1 + day // 28:02}-{1 + day % 28:02}" for day in rng.permutation(60) // 2],
            "size": rng.normal(size=60),
            "outcome": np.where(patient % 3 == 0, "ill", "well"),
        }
    )
    table.write_csv(tmp_path / "visits.csv")
    return tmp_path / "visits.csv"


def nearest_neighbour_score(dataset: Dataset, marks: np.ndarray, seed: int) -> float:
    """What a model that only remembers the marks (a patient's number) scores on test rows; 0 where it knows none."""
    parts = split(dataset, seed)
    known = dict(zip(marks[parts.train], dataset.target[parts.train], strict=True))
    said = np.array([known.get(mark, -1) for mark in marks[parts.test]])
    return float(np.mean(said == dataset.target[parts.test]))


def test_a_patient_that_could_be_remembered_is_on_one_side_only(visits: Path) -> None:
    grouped = load(str(visits), group="patient")
    assert grouped.groups is not None
    leaking = replace(grouped, groups=None)
    assert nearest_neighbour_score(leaking, grouped.groups, 0) > 0.9, "the planted leak works where groups are ignored"
    for seed in range(20):
        assert nearest_neighbour_score(grouped, grouped.groups, seed) == 0
        parts = [set(grouped.groups[rows]) for rows in split(grouped, seed)]
        assert all(parts)
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_neither_the_group_nor_the_time_is_an_input(visits: Path) -> None:
    assert load(str(visits), target="outcome", group="patient", time="day").input_names == ("size",)
    kept = load(str(visits), target="outcome", group="patient", keep=["patient"], drop=["day"])
    assert kept.input_names == ("patient", "size")


def test_time_runs_from_training_over_validation_to_test(visits: Path) -> None:
    dataset = load(str(visits), time="day", drop=["patient"])
    times = dataset.times
    assert times is not None
    tested: list[int] = []
    for seed in range(4):
        parts = split(dataset, seed, validation=0.1, test=0.1)
        assert times[parts.train].max() < times[parts.validation].min()
        assert times[parts.validation].max() < times[parts.test].min()
        tested += parts.test.tolist()
    assert len(set(tested)) == len(tested), "windows do not overlap"
    assert times[split(dataset, 0, validation=0.1, test=0.1).test].max() == times.max(), "the first one is the latest"


@given(
    values=st.lists(st.integers(0, 30), min_size=40, max_size=80).filter(lambda v: len(set(v)) >= 20),
    seed=st.integers(0, 2),
)
def test_equal_times_are_never_divided(values: list[int], seed: int) -> None:
    dataset = replace(_bare(len(values)), times=np.array(values), time_name="t")
    try:
        parts = split(dataset, seed, validation=0.2, test=0.2)
    except DataError:  # too many rows of one time
        return
    seen = [set(np.array(values)[rows]) for rows in parts]
    assert max(seen[0]) < min(seen[1])
    assert max(seen[1]) < min(seen[2])


def _bare(rows: int, classes: int = 2) -> Dataset:
    return replace(load("iris"), inputs=np.zeros((rows, 1)), target=np.arange(rows) % classes)


@given(rows=st.integers(12, 80), folds=st.integers(2, 6), classes=st.integers(1, 4), repeat=st.integers(0, 3))
def test_folds_test_every_row_once(rows: int, folds: int, classes: int, repeat: int) -> None:
    dataset = _bare(rows, classes)
    parts = [split(dataset, repeat * folds + fold, folds=folds) for fold in range(folds)]
    np.testing.assert_array_equal(np.sort(np.concatenate([part.test for part in parts])), np.arange(rows))
    for part in parts:
        np.testing.assert_array_equal(np.sort(np.concatenate(part)), np.arange(rows))
        assert rows // folds <= len(part.test) <= -(-rows // folds)
    counts = np.array([np.bincount(dataset.target[part.test], minlength=classes) for part in parts])
    assert np.all(np.ptp(counts, axis=0) <= 1), "classes are dealt evenly"


def test_repeats_fold_differently() -> None:
    dataset = load("iris")
    assert not np.array_equal(split(dataset, 0, folds=5).test, split(dataset, 5, folds=5).test)


@pytest.mark.parametrize("folds", [None, 4])
def test_groups_keep_shares_of_rows_and_classes(folds: int | None) -> None:
    rng = np.random.default_rng(1)
    dataset = replace(_bare(600), groups=rng.integers(0, 60, 600))
    for seed in range(8):
        test = split(dataset, seed, folds=folds).test
        assert len(test) == pytest.approx(600 * (0.25 if folds else 0.2), rel=0.25)
        assert dataset.target[test].mean() == pytest.approx(0.5, abs=0.1)


def test_an_experiment_divides_as_its_groups_and_times_say(visits: Path) -> None:
    spec = DataSpec(source=visits.name, target="outcome", group="patient", test=0.2, drop=("day",))
    prepared = prepare_experiment(spec, 1, 3, visits.parent)
    assert len(prepared.train.inputs) + len(prepared.validation.inputs) + len(prepared.test.inputs) == 60
    np.testing.assert_array_equal(
        prepared.test.inputs[:, 0],
        prepared.dataset.inputs["size"].to_numpy()[split(prepared.dataset, 3).test].astype(np.float32),
    )


def test_what_cannot_be_divided_is_said(visits: Path) -> None:
    few = replace(_bare(30), groups=np.arange(30) % 2)
    with pytest.raises(DataError, match="2 groups"):
        split(few, 0)
    timed = replace(_bare(30), times=np.arange(30), time_name="day")
    with pytest.raises(DataError, match="test window 5"):
        split(timed, 4)
    with pytest.raises(DataError, match="too few different times"):
        split(replace(timed, times=np.zeros(30, np.int64)), 0)
    with pytest.raises(UsageError, match="--time"):
        split(timed, 0, folds=3)
    with pytest.raises(UsageError, match="folds"):
        split(few, 0, folds=1)
    with pytest.raises(UsageError, match="test rows of its own"):
        split(replace(_bare(30), test_rows=np.arange(5)), 0, folds=3)
    with pytest.raises(UsageError, match="--group"):
        load("iris", group="patient")
    with pytest.raises(UsageError, match="no column 'pateint'"):
        load(str(visits), group="pateint")
    with pytest.raises(UsageError, match="cannot also be"):
        load(str(visits), target="outcome", group="outcome")
    with pytest.raises(DataError, match=r"row 2 of visits.csv has 'p0'"):
        load(str(visits), time="patient")
