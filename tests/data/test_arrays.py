import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradoscope.data import load
from gradoscope.errors import DataError

Writer = Callable[[str, str | bytes], str]
X = np.arange(24.0).reshape(12, 2)
Y = np.arange(12) % 2


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_arrays_keep_their_type(file: Writer) -> None:
    dataset = load(file("a.npz", npz(X=X.astype(np.uint8), y=Y)))
    assert np.asarray(dataset.inputs).dtype == np.uint8
    assert (dataset.task, dataset.input_names, dataset.target_names) == ("binary", ("x1", "x2"), ("y",))
    assert [guess.what for guess in dataset.guesses] == ["task"]


def test_texts_as_classes(file: Writer) -> None:
    dataset = load(file("a.npz", npz(X=X, y=np.array(["cat", "dog"])[Y])))
    assert dataset.classes == ("cat", "dog")


def test_one_input_and_several_outputs(file: Writer) -> None:
    dataset = load(file("a.npz", npz(X=X[:, 0], y=X)))
    assert np.asarray(dataset.inputs).shape == (12, 1)
    assert (dataset.task, dataset.target_names) == ("regression", ("y1", "y2"))


def test_one_hot_targets_are_classes(file: Writer) -> None:
    dataset = load(file("a.npz", npz(X=X, y=np.eye(3)[np.arange(12) % 3])))
    assert dataset.task == "multiclass"
    assert dataset.target.tolist() == [0, 1, 2] * 4
    assert len(dataset.target_names) == 1


def test_images_become_rows(file: Writer) -> None:
    assert len(load(file("a.npz", npz(X=np.ones((12, 4, 5)), y=Y))).input_names) == 20


def test_missing_numbers_are_told_and_rows_without_a_target_left_out(file: Writer) -> None:
    inputs, target = X.copy(), X[:, 0].copy()
    inputs[3, 1] = target[5] = np.nan
    dataset = load(file("a.npz", npz(X=inputs, y=target)))
    assert dataset.n_rows == 11
    assert {guess.what: guess.value for guess in dataset.guesses}["missing cells"] == "1"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": X, "y": np.eye(3)[[1] * 12]}, ["'y2'", "every row"]),
        ({"X": X}, ["'y'"]),
        ({"x": X, "y": Y}, ["'X'", "x"]),
        ({"X": X, "y": Y[:5]}, ["12 rows", "5"]),
        ({"X": X.astype(complex), "y": Y}, ["X", "complex"]),
        ({"X": X, "y": X[:, :, None]}, ["y", "(12, 2, 1)"]),
        ({"X": np.empty((12, 0)), "y": Y}, ["X", "(12, 0)"]),
        ({"X": X.astype(object), "y": Y}, ["a.npz", "pickle"]),
        ({"X": np.where(X == 7, np.inf, X), "y": Y}, ["row 4", "column 2"]),
        ({"X": X, "y": np.where(X[:, 0] == 4, np.inf, X[:, 0])}, ["row 3", "inf"]),
        ({"X": X, "y": np.full(12, np.nan)}, ["every row"]),
        ({"X": X, "y": np.full(12, 3.0)}, ["3.0 in every row"]),
    ],
)
def test_arrays_that_do_not_fit(file: Writer, arrays: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        load(file("a.npz", npz(**arrays)), task="regression" if "inf" in words or "3.0 in" in words[0] else None)
    assert all(word in str(caught.value) for word in words)


def test_a_damaged_file(file: Writer) -> None:
    content = npz(X=X, y=Y)
    for broken in (content[:100], content[: len(content) // 2], content[:60] + b"xxxx" + content[64:]):
        with pytest.raises(DataError, match=r"a.npz"):
            load(file("a.npz", broken))
