import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_circles
from sklearn.preprocessing import StandardScaler

from gradoscope.data import DataSpec, Prepared, prepare_experiment
from gradoscope.errors import DataError, UsageError
from gradoscope.records import read, write


def spec(text: str) -> DataSpec:
    return read(DataSpec, tomllib.loads(text), "experiment.toml, [data]")


def prepared(text: str, n_outputs: int = 1, seed: int = 0, folder: Path = Path()) -> Prepared:
    return prepare_experiment(spec(text), n_outputs, seed, folder)


CIRCLES = """
source = "make_circles"
options = { n_samples = 100, noise = 0.1, random_state = 6 }
task = "binary"
validation = 0.25
shuffle = false
inputs = "raw"
targets = "raw"
"""


def test_unshuffled_rows_stand_as_they_were_and_the_last_ones_validate() -> None:
    X, y = make_circles(n_samples=100, noise=0.1, random_state=6)
    data = prepared(CIRCLES)
    np.testing.assert_array_equal(data.train.inputs, X[:75].astype(np.float32))
    np.testing.assert_array_equal(data.validation.inputs, X[75:].astype(np.float32))
    np.testing.assert_array_equal(data.train.targets, y[:75, None].astype(np.float32))
    assert data.test is None
    assert data.train.targets.dtype == np.float32


def test_several_outputs_imply_one_hot() -> None:
    _, y = make_circles(n_samples=100, noise=0.1, random_state=6)
    np.testing.assert_array_equal(prepared(CIRCLES, n_outputs=2).train.targets, np.eye(2)[y[:75]])


def test_shuffled_rows_depend_on_the_seed_alone() -> None:
    text = 'source = "load_digits"\nvalidation = 0.25\nshuffle = true\ninputs = "minmax"\ntargets = "one_hot"'
    first, again, other = (prepared(text, 10, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    assert not np.array_equal(first.train.inputs, other.train.inputs)
    assert len(first.validation.inputs) == 449
    both = np.concatenate([first.train.inputs, first.validation.inputs])
    X = load_digits().data
    low, high = X.min(axis=0), X.max(axis=0)
    assert both.shape == X.shape
    assert set(np.unique(first.train.inputs[:, high == low])) == {0}
    assert first.train.inputs.max() == 1


def test_scaling_is_measured_on_the_training_rows() -> None:
    X, _ = make_circles(n_samples=100, noise=0.1, random_state=6)
    data = prepared(CIRCLES.replace('inputs = "raw"', 'inputs = "standard"'))
    scaler = StandardScaler().fit(X[:75])
    np.testing.assert_allclose(data.validation.inputs, scaler.transform(X[75:]), rtol=1e-5, atol=1e-6)


def test_validation_as_a_number_of_rows() -> None:
    assert len(prepared(CIRCLES.replace("0.25", "30")).validation.inputs) == 30


def test_an_array_file_with_several_targets(tmp_path: Path) -> None:
    X, y = np.arange(20.0).reshape(10, 2), np.arange(30.0).reshape(10, 3)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    text = 'source = "data.npz"\ntask = "regression"\nvalidation = 0.2\nshuffle = false\ninputs = "raw"\ntargets = "{}"'
    raw = prepared(text.format("raw"), 3, folder=tmp_path)
    np.testing.assert_array_equal(raw.validation.targets, y[8:])
    scaled = prepared(text.format("minmax"), 3, folder=tmp_path)
    np.testing.assert_allclose(scaled.train.targets, np.repeat(np.arange(8)[:, None] / 7, 3, axis=1), atol=1e-6)
    standard = prepared(text.format("standard"), 3, folder=tmp_path)
    np.testing.assert_allclose(standard.train.targets.std(axis=0), 1, rtol=1e-6)


def test_a_few_rows_and_targets_that_teach_nothing_are_taken_as_written(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", X=np.eye(4), y=np.zeros(4))
    data = prepared('source = "data.npz"\ntask = "binary"\nvalidation = 2\nshuffle = false', folder=tmp_path)
    np.testing.assert_array_equal(data.train.targets, [[0], [0]])


def test_a_label_without_a_row_has_its_output(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", X=np.eye(6), y=np.array([0, 2, 2, 0, 2, 0]))
    data = prepared('source = "data.npz"\ntask = "multiclass"\nvalidation = 2\nshuffle = false', 4, folder=tmp_path)
    np.testing.assert_array_equal(data.train.targets, np.eye(4)[[0, 2, 2, 0]])


def test_target_columns_of_classes_are_trained_on_as_they_stand(tmp_path: Path) -> None:
    soft = np.array([[0.9, 0.1], [0.2, 0.8], [1, 1], [0, 1], [0, 0], [1, 0]])
    np.savez(tmp_path / "data.npz", X=np.eye(6), y=soft)
    text = 'source = "data.npz"\ntask = "multiclass"\nvalidation = 2\nshuffle = false\ntargets = "{}"'
    for targets in ("raw", "one_hot"):
        data = prepared(text.format(targets), 2, folder=tmp_path)
        np.testing.assert_array_equal(data.train.targets, soft[:4].astype(np.float32))
        assert data.dataset.target.tolist() == [0, 1, 0, 1, 0, 0]


def test_several_classes_on_one_output_keep_their_numbers(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", X=np.eye(6), y=np.array([1, 2, 5, 1, 2, 5]))
    data = prepared('source = "data.npz"\ntask = "multiclass"\nvalidation = 2\nshuffle = false', folder=tmp_path)
    np.testing.assert_array_equal(data.train.targets[:, 0], [1, 2, 5, 1])


def test_every_column_of_a_table_is_an_input(tmp_path: Path) -> None:
    rows = "".join(f"{row},1,{row * row},{row % 2}\n" for row in range(1, 13))
    (tmp_path / "data.csv").write_text("id,one,x,kind\n" + rows)
    text = 'source = "data.csv"\ntarget = "kind"\nvalidation = 4\nshuffle = false'
    data = prepared(text, folder=tmp_path)
    np.testing.assert_array_equal(data.train.inputs[:, 0], np.arange(1, 9))
    assert data.preparation.input_names == ("id", "one", "x")
    assert prepared(text + '\ndrop = ["id", "one"]', folder=tmp_path).preparation.input_names == ("x",)


def test_rows_for_a_final_test() -> None:
    data = prepared(CIRCLES + "test = 0.2")
    X, _ = make_circles(n_samples=100, noise=0.1, random_state=6)
    assert data.test is not None
    np.testing.assert_array_equal(data.test.inputs, X[80:].astype(np.float32))
    np.testing.assert_array_equal(data.validation.inputs, X[55:80].astype(np.float32))


def test_a_spec_survives_its_table() -> None:
    for text in (CIRCLES, 'source = "a.csv"\ntarget = "y"\ndrop = ["id"]\nvalidation = 7\nencoding = "cp949"'):
        assert read(DataSpec, tomllib.loads(_toml(write(spec(text)))), "data") == spec(text)


def _toml(table: dict[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(table)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('inputs = "standart"', ["inputs", "standart", "standard"]),
        ('targets = "onehot"', ["targets", "onehot", "one_hot"]),
        ('task = "multi"', ["task", "multi", "multiclass"]),
        ("validation = 1.5", ["validation", "1.5"]),
        ("validation = -1", ["validation", "-1"]),
        ('validaton = "0.2"', ["validaton", "validation"]),
        ('shuffle = "yes"', ["shuffle"]),
        ("options = { nois = 0.1 }", ["nois", "noise"]),
    ],
)
def test_values_that_the_format_does_not_know(line: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        prepared(f'source = "make_moons"\n{line}')
    assert all(word in str(caught.value) for word in words)


def test_nothing_left_to_train_on() -> None:
    with pytest.raises(DataError, match="100 rows"):
        prepared(CIRCLES.replace("0.25", "100"))


def test_a_missing_file_beside_the_experiment(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.csv"):
        prepared('source = "data.csv"', folder=tmp_path)
