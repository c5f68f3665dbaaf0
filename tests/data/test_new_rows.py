from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gradoscope.data import Preparation, load, load_new_rows, prepare, split
from gradoscope.errors import DataError

Writer = Callable[[str, str | bytes], str]
HEADER = "id,height,city,smoker,ill\n"
CITIES, ANSWERS = ("Seoul", "Busan", ""), ("yes", "no")
ROWS = [
    f"p{row},{150 + row * 1.5 if row % 7 else ''},{CITIES[row % 3]},{ANSWERS[row % 2]},{row % 2}\n" for row in range(24)
]


@pytest.fixture
def people(file: Writer) -> Preparation:
    dataset = load(file("people.csv", HEADER + "".join(ROWS)))
    return prepare(dataset, np.arange(24))


def test_the_rows_that_trained_come_back(file: Writer, people: Preparation) -> None:
    path = file("people.csv", HEADER + "".join(ROWS))
    found = load_new_rows(path, people)
    np.testing.assert_array_equal(people.inputs(found.inputs), people.inputs(load(path).inputs))
    assert found.rows.tolist() == list(range(2, 26))
    assert [guess.what for guess in found.guesses] == ["encoding", "separator"]


def test_neither_the_target_nor_the_order_of_columns_matters(file: Writer, people: Preparation) -> None:
    found = load_new_rows(file("new.csv", "more,smoker,city,height\n1,no,Jeju,160\n2,YES,,\n"), people)
    inputs = people.inputs(found.inputs)
    assert people.input_names == ("height", "city=Busan", "city=Seoul", "city=missing", "smoker")
    np.testing.assert_array_equal(inputs[:, 1:], [[0, 0, 0, 0], [0, 0, 1, 1]])
    medians = np.median([150 + row * 1.5 for row in range(24) if row % 7])
    assert isinstance(people, Preparation)
    expected = people.inputs(pl.DataFrame({"height": [medians], "city": ["Jeju"], "smoker": [False]}))
    assert inputs[1, 0] == expected[0, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heigth,city,smoker\n160,Seoul,no\n", ["new.csv", "'height'", "heigth"]),
        ("height,city,smoker\n160,Seoul,no\ntall,Seoul,no\n", ["row 3", "new.csv", "'tall'", "'height'"]),
        ("height,city,smoker\n160,Seoul,no\n160,Seoul,maybe\n", ["row 3", "'maybe'", "'smoker'"]),
        ("height,city,smoker\n160,Seoul,\n", ["row 2", "'smoker'"]),
        ("height,city,smoker\ninf,Seoul,no\n", ["row 2", "infinite"]),
        ("height,city,smoker\n", ["no rows"]),
        ("height,city,smoker\n1,2\n", ["row 2"]),
    ],
)
def test_rows_that_do_not_fit(file: Writer, people: Preparation, text: str, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        load_new_rows(file("new.csv", text), people)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_parquet_with_its_own_types(people: Preparation, tmp_path: Path) -> None:
    new = pl.DataFrame({"height": [160, None], "city": ["Busan", None], "smoker": [True, False]})
    new.write_parquet(tmp_path / "new.parquet")
    inputs = people.inputs(load_new_rows(str(tmp_path / "new.parquet"), people).inputs)
    np.testing.assert_array_equal(inputs[:, 1:], [[1, 0, 0, 1], [0, 0, 1, 0]])


def test_a_table_for_a_network_trained_on_an_array(file: Writer) -> None:
    dataset = load("iris")
    preparation = prepare(dataset, split(dataset, 0).train)
    X = np.asarray(dataset.inputs, dtype=float)
    header = ";".join(dataset.input_names) + "\n"
    text = header + "".join(";".join(map(str, row)) + "\n" for row in X[:5].tolist())
    found = load_new_rows(file("new.csv", text), preparation)
    np.testing.assert_array_equal(preparation.inputs(found.inputs), preparation.inputs(X[:5]))


def test_arrays_and_images(tmp_path: Path, file: Writer, idx_bytes: Callable[..., bytes]) -> None:
    dataset = load("digits")
    preparation = prepare(dataset, split(dataset, 0).train)
    X = np.asarray(dataset.inputs)[:6].astype(np.uint8)
    np.savez(tmp_path / "new.npz", X=X)
    expected = preparation.inputs(X)
    for source in (str(tmp_path / "new.npz"), file("new-images", idx_bytes(X.reshape(6, 8, 8)))):
        np.testing.assert_array_equal(preparation.inputs(load_new_rows(source, preparation).inputs), expected)
    with pytest.raises(DataError, match=r"30 inputs .* 64"):
        load_new_rows("tumour", preparation)


def test_an_array_for_a_network_trained_on_a_table(file: Writer, tmp_path: Path, people: Preparation) -> None:
    text = "a,b,y\n" + "".join(f"{row * row},{row % 5},{row % 2}\n" for row in range(24))
    preparation = prepare(load(file("a.csv", text)), np.arange(24))
    np.savez(tmp_path / "new.npz", X=np.array([[4, 2], [np.nan, 0]]))
    inputs = preparation.inputs(load_new_rows(str(tmp_path / "new.npz"), preparation).inputs)
    table = pl.DataFrame({"a": [4.0, None], "b": [2.0, 0.0]})
    np.testing.assert_array_equal(inputs, preparation.inputs(table))
    np.savez(tmp_path / "new.npz", X=np.ones((2, 3)))
    with pytest.raises(DataError, match="'city'"):
        load_new_rows(str(tmp_path / "new.npz"), people)


def test_built_in_data() -> None:
    dataset = load("tumour")
    preparation = prepare(dataset, split(dataset, 0).train)
    assert len(load_new_rows("tumour", preparation).inputs) == 569
