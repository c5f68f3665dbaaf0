import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from gradoscope.data import Dataset, Preparation, load, prepare, split
from gradoscope.errors import DataError, UsageError

TABLE = pl.DataFrame(
    {
        "age": [20.0, None, 40.0, 60.0, 30.0, None, 90.0, 10.0],
        "member": [True, False, True, True, False, False, True, False],
        "city": ["Seoul", "Busan", None, "Seoul", "Daegu", "Busan", "Jeju", None],
        "flat": [3.0] * 8,
    }
)
TRAIN = np.array([0, 1, 2, 3, 4, 5])


def table_dataset(table: pl.DataFrame = TABLE) -> Dataset:
    return Dataset(
        name="people.csv",
        inputs=table,
        target=np.arange(table.height, dtype=float) ** 2,
        target_names=("income",),
        classes=None,
        task="regression",
        scaling="standard",
        input_names=tuple(table.columns),
    )


def array_dataset(values: np.ndarray, **fields: object) -> Dataset:
    names = tuple(f"x{column}" for column in range(values.shape[1]))
    dataset = replace(table_dataset(), inputs=values, input_names=names, target=np.arange(len(values), dtype=float))
    return replace(dataset, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("scaling", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())])
def test_a_table_becomes_what_scikit_learn_makes_of_it(scaling: str, scaler: StandardScaler | MinMaxScaler) -> None:
    preparation = prepare(table_dataset(), TRAIN, inputs=scaling)
    objects = np.array([list(row) for row in TABLE.rows()], dtype=object)
    objects[:, [0, 3]] = TABLE.select("age", "flat").to_numpy()  # null becomes nan
    peer = ColumnTransformer(
        [
            ("age", make_pipeline(SimpleImputer(strategy="median"), scaler), [0]),
            ("member", "passthrough", [1]),
            ("city", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [2]),
            ("flat", scaler, [3]),
        ]
    ).fit(objects[TRAIN])
    np.testing.assert_allclose(preparation.inputs(TABLE), peer.transform(objects).astype(float), rtol=1e-6)


def test_names_of_inputs() -> None:
    preparation = prepare(table_dataset(), TRAIN)
    names = ("age", "member", "city=Busan", "city=Daegu", "city=Seoul", "city=missing", "flat")
    assert preparation.input_names == names
    assert preparation.n_inputs == 7


def test_an_unseen_category_gives_zeros_and_missing_is_a_category() -> None:
    inputs = prepare(table_dataset(), TRAIN).inputs(TABLE)
    np.testing.assert_array_equal(inputs[6, 2:6], [0, 0, 0, 0])  # Jeju stands in no training row
    np.testing.assert_array_equal(inputs[7, 2:6], [0, 0, 0, 1])


def test_only_training_rows_teach() -> None:
    changed = TABLE.with_columns(
        age=pl.Series([20.0, None, 40.0, 60.0, 30.0, None, 1e6, None]),
        city=pl.Series(["Seoul", "Busan", None, "Seoul", "Daegu", "Busan", "Paris", "Rome"]),
    )
    one, other = (prepare(table_dataset(table), TRAIN) for table in (TABLE, changed))
    assert one.to_json() == other.to_json()


def test_a_constant_column_is_only_shifted() -> None:
    for scaling in ("standard", "minmax"):
        inputs = prepare(table_dataset(), TRAIN, inputs=scaling).inputs(TABLE.with_columns(flat=pl.lit(5.0)))
        np.testing.assert_array_equal(inputs[:, 6], 2)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
@pytest.mark.parametrize(("scaling", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())])
def test_an_array_becomes_what_scikit_learn_makes_of_it(
    dtype: type, scaling: str, scaler: StandardScaler | MinMaxScaler, rng: np.random.Generator
) -> None:
    values: NDArray[np.generic] = rng.integers(0, 200, (9000, 3)).astype(dtype)  # more rows than are scaled at a time
    rows = np.sort(rng.permutation(9000)[:6000])
    expected = scaler.fit(values[rows].astype(float)).transform(values.astype(float))
    found = prepare(array_dataset(values), rows, inputs=scaling).inputs(values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_large_numbers_with_a_small_spread_keep_their_spread() -> None:
    values = (1e9 + np.arange(4.0))[:, None]
    found = prepare(array_dataset(values), np.arange(4), inputs="standard").inputs(values)
    np.testing.assert_allclose(found[:, 0], (np.arange(4) - 1.5) / np.sqrt(1.25), rtol=1e-6)


def test_images_are_scaled_by_their_known_range() -> None:
    values = np.array([[0, 10], [51, 20], [255, 30]], dtype=np.uint8)
    dataset = array_dataset(values, input_range=(0.0, 255.0), scaling="minmax")
    np.testing.assert_array_equal(
        prepare(dataset, np.array([0, 1])).inputs(values),
        np.array([[0, 10 / 255], [0.2, 20 / 255], [1, 30 / 255]], dtype=np.float32),
    )


def test_missing_numbers_of_an_array_become_the_median() -> None:
    values = np.array([[1.0], [np.nan], [3.0], [11.0], [np.nan]])
    found = prepare(array_dataset(values), np.array([0, 1, 2, 3]), inputs="raw").inputs(values)
    np.testing.assert_array_equal(found[:, 0], [1, 3, 3, 11, 3])


def test_a_column_missing_in_every_training_row_becomes_zero() -> None:
    values = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, 5.0]])
    found = prepare(array_dataset(values), np.array([0, 1])).inputs(values)
    np.testing.assert_array_equal(found[:2, 1], [0, 0])
    table = pl.DataFrame({"a": values[:, 0], "b": [None, None, 5.0]})
    assert prepare(table_dataset(table), np.array([0, 1])).inputs(table)[0, 1] == 0


def test_missing_where_nothing_was_missing() -> None:
    values = np.array([[1.0, 2.0], [2.0, 4.0], [np.nan, 1.0]])
    with pytest.raises(DataError, match=r"row 3.*'x0'"):
        prepare(array_dataset(values), np.array([0, 1])).inputs(values)


def test_too_large_for_single_precision() -> None:
    values = np.array([[1.0], [1e300]])
    with pytest.raises(DataError, match=r"row 2.*single precision"):
        prepare(array_dataset(values), np.array([0, 1]), inputs="raw").inputs(values)


@pytest.mark.parametrize("scaling", ["standard", "minmax", "raw"])
def test_targets_scale_and_come_back(scaling: str) -> None:
    dataset = load("load_linnerud")
    rows = split(dataset, 0).train
    preparation = prepare(dataset, rows, targets=scaling)
    scalers = {"standard": StandardScaler(), "minmax": MinMaxScaler()}
    expected = (
        scalers[scaling].fit(dataset.target[rows]).transform(dataset.target) if scaling in scalers else dataset.target
    )
    targets = preparation.targets(dataset)
    np.testing.assert_allclose(targets, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(preparation.original_targets(targets), dataset.target, rtol=1e-5)
    assert (preparation.n_targets, preparation.target_names) == (3, ("Weight", "Waist", "Pulse"))


def test_targets_of_one_column() -> None:
    dataset = load("diabetes")
    preparation = prepare(dataset, split(dataset, 0).train, targets="standard")
    targets = preparation.targets(dataset)
    assert targets.shape == (442, 1)
    np.testing.assert_allclose(preparation.original_targets(targets[:, 0])[:, 0], dataset.target, rtol=1e-5)


def test_targets_of_classes() -> None:
    dataset = load("iris")
    rows = split(dataset, 0).train
    one_hot = prepare(dataset, rows, targets="one_hot")
    np.testing.assert_array_equal(one_hot.targets(dataset), dataset.target[:, None] == np.arange(3))
    assert (one_hot.n_targets, one_hot.one_hot, one_hot.classes) == (3, True, dataset.classes)
    np.testing.assert_array_equal(prepare(dataset, rows).targets(dataset)[:, 0], dataset.target)


def test_raw_targets_of_classes_keep_their_numbers_and_codes_do_not() -> None:
    dataset = load("make_hastie_10_2", options={"n_samples": 50})
    rows = split(dataset, 0).train
    assert set(prepare(dataset, rows, targets="raw").targets(dataset)[:, 0]) == {-1, 1}
    assert set(prepare(dataset, rows, targets="codes").targets(dataset)[:, 0]) == {0, 1}
    assert set(prepare(dataset, rows).targets(dataset)[:, 0]) == {0, 1}
    assert set(prepare(dataset, rows, targets="minmax").targets(dataset)[:, 0]) == {0, 1}


@pytest.mark.parametrize("name", ["tumour-korean", "digits", "load_linnerud", "tumour"])
def test_a_preparation_survives_json(name: str) -> None:
    dataset = load(name)
    preparation = prepare(dataset, split(dataset, 0).train, targets="raw" if dataset.classes is None else "one_hot")
    again = Preparation.from_json(json.loads(json.dumps(preparation.to_json())))
    np.testing.assert_array_equal(again.inputs(dataset.inputs), preparation.inputs(dataset.inputs))
    np.testing.assert_array_equal(again.targets(dataset), preparation.targets(dataset))
    assert (again.input_names, again.classes, again.task) == (
        preparation.input_names,
        preparation.classes,
        preparation.task,
    )


def test_an_array_with_missing_numbers_survives_json() -> None:
    values = np.array([[1.0], [np.nan], [3.0], [11.0]])
    preparation = prepare(array_dataset(values), np.arange(4))
    again = Preparation.from_json(json.loads(json.dumps(preparation.to_json())))
    np.testing.assert_array_equal(again.inputs(values), preparation.inputs(values))


def test_unknown_choices() -> None:
    dataset = load("diabetes")
    with pytest.raises(UsageError, match="standard"):
        prepare(dataset, np.arange(10), inputs="standrd")
    with pytest.raises(UsageError, match="minmax"):
        prepare(dataset, np.arange(10), targets="min_max")
    with pytest.raises(UsageError, match="one_hot"):
        prepare(dataset, np.arange(10), targets="one_hot")
