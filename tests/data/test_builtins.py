from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from gradoscope.data import Dataset, catalogue, load
from gradoscope.data.builtins import Builtin
from gradoscope.data.fashion import DEBIAN, find_folder
from gradoscope.errors import DataError, UsageError

HERE = [each for each in catalogue() if each.name != "fashion-mnist"]


@pytest.mark.parametrize("builtin", HERE, ids=lambda builtin: builtin.name)
def test_the_catalogue_says_what_is_loaded(builtin: Builtin) -> None:
    dataset = load(builtin.name)
    assert (dataset.n_rows, len(dataset.input_names), dataset.task) == (builtin.rows, builtin.columns, builtin.task)
    assert dataset.name == builtin.name


@pytest.mark.parametrize("name", ["load_breast_cancer", "load_iris", "load_wine", "load_diabetes", "load_digits"])
def test_a_loader_gives_what_scikit_learn_gives(name: str) -> None:
    X, y = getattr(sklearn.datasets, name)(return_X_y=True)
    dataset = load(name)
    np.testing.assert_array_equal(dataset.inputs, X)
    np.testing.assert_array_equal(dataset.target, y)


def test_a_generator_takes_scikit_learns_arguments() -> None:
    options = {"n_samples": 60, "noise": 0.2, "random_state": 7}
    X, y = sklearn.datasets.make_moons(n_samples=60, noise=0.2, random_state=7)
    dataset = load("make_moons", options=options)
    np.testing.assert_array_equal(dataset.inputs, X)
    np.testing.assert_array_equal(dataset.target, y)


def test_a_generator_without_a_seed_gives_the_same_data_twice() -> None:
    first, second = (load("make_friedman1", options={"n_samples": 20}) for _ in range(2))
    np.testing.assert_array_equal(first.inputs, second.inputs)


@pytest.mark.parametrize(
    ("name", "task", "outputs"),
    [
        ("make_s_curve", "regression", 1),
        ("make_hastie_10_2", "binary", 1),
        ("make_gaussian_quantiles", "multiclass", 1),
        ("load_linnerud", "regression", 3),
        ("make_multilabel_classification", "regression", 5),
    ],
)
def test_other_data_of_scikit_learn(name: str, task: str, outputs: int) -> None:
    dataset = load(name)
    assert dataset.task == task
    assert len(dataset.target_names) == outputs


def test_names_ignore_case_and_dashes() -> None:
    assert load("Tumour_Size").n_rows == 400
    assert load("MAKE-MOONS").n_rows == 100


def test_classes_have_their_names() -> None:
    assert load("tumour").classes == ("malignant", "benign")
    assert load("iris").classes == ("setosa", "versicolor", "virginica")
    assert load("tumour").input_names[0] == "mean radius"


def test_tumour_size_follows_its_curve() -> None:
    """Logistic regression without penalty finds p = sigmoid(1.87 x - 5.47) again, within its standard error."""
    dataset = load("tumour-size", options={"n_samples": 200_000})
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf).fit(dataset.inputs, dataset.target)
    assert fitted.coef_[0, 0] == pytest.approx(1.87, abs=0.03)
    assert fitted.intercept_[0] == pytest.approx(-5.47, abs=0.1)
    assert dataset.classes == ("benign", "malignant")


def test_xor_is_the_exclusive_or_of_its_corners() -> None:
    dataset = load("xor", options={"noise": 0.0})
    X = np.asarray(dataset.inputs)
    np.testing.assert_array_equal(dataset.target, (X[:, 0] != X[:, 1]).astype(int))
    assert len(np.unique(X, axis=0)) == 4


def test_spirals_turn_as_they_should() -> None:
    """Without noise the angle of a point is 3 pi times its radius, plus pi on the second arm."""
    dataset = load("spirals", options={"noise": 0.0})
    X = np.asarray(dataset.inputs, dtype=float)
    angle = np.arctan2(X[:, 1], X[:, 0]) - 3 * np.pi * np.hypot(X[:, 0], X[:, 1]) - np.pi * dataset.target
    np.testing.assert_allclose(np.cos(angle), 1, atol=1e-12)
    assert np.bincount(dataset.target).tolist() == [200, 200]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("make_moons", {"nois": 0.1}, ["nois", "noise"]),
        ("make_moons", {"noise": "much"}, ["make_moons", "much"]),
        ("make_regression", {"coef": True}, ["make_regression", "coef"]),
        ("load_files", {}, ["load_files"]),
        ("make_low_rank_matrix", {}, ["make_low_rank_matrix"]),
        ("xor", {"samples": 3}, ["samples", "n_samples"]),
        ("fashion-mnist", {"n": 3}, ["fashion-mnist"]),
    ],
)
def test_options_that_do_not_fit(name: str, options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        load(name, options=options)
    assert all(word in str(caught.value) for word in words)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="tumour"):
        load("tumor")
    with pytest.raises(UsageError, match="make_moons"):
        load("make_mons")


def test_columns_cannot_be_named_for_built_in_data() -> None:
    with pytest.raises(UsageError, match="--drop"):
        load("iris", drop=["sepal length (cm)"])
    with pytest.raises(UsageError, match="--target"):
        load("iris", target="species")
    assert load("iris", target="y").n_rows == 150


def test_missing_fashion_mnist_says_what_to_do(tmp_path: Path) -> None:
    if DEBIAN.exists():
        assert find_folder({}) == DEBIAN
    else:
        with pytest.raises(DataError, match=r"dataset-fashion-mnist.*GRADOSCOPE_DATA"):
            find_folder({"GRADOSCOPE_DATA": str(tmp_path)})
    (tmp_path / "train-images-idx3-ubyte").touch()
    assert find_folder({"GRADOSCOPE_DATA": str(tmp_path)}) == tmp_path


def test_fashion_mnist() -> None:
    dataset = load("fashion-mnist")
    assert isinstance(dataset, Dataset)
    assert (dataset.n_rows, len(dataset.input_names), dataset.task) == (70000, 784, "multiclass")
    assert np.asarray(dataset.inputs).dtype == np.uint8
    assert dataset.test_rows is not None
    assert np.bincount(dataset.target[dataset.test_rows]).tolist() == [1000] * 10
    assert dataset.classes is not None
    assert dataset.classes[9] == "Ankle boot"
    assert dataset.target[0] == 9  # the first training picture is an ankle boot
