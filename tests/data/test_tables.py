import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gradoscope.data import Dataset, load
from gradoscope.data.separated import read_separated
from gradoscope.errors import UsageError

Writer = Callable[[str, str | bytes], str]


def table(dataset: Dataset) -> pl.DataFrame:
    assert isinstance(dataset.inputs, pl.DataFrame)
    return dataset.inputs


def told(dataset: Dataset) -> dict[str, str]:
    return {guess.what: guess.value for guess in dataset.guesses}


def flags(dataset: Dataset) -> dict[str, str | None]:
    return {guess.what: guess.flag for guess in dataset.guesses}


def body(cell: Callable[[int], str], rows: int = 24) -> str:
    return "".join(f"{cell(row)}\n" for row in range(rows))


PEOPLE = "height,city,smoker,ill\n" + body(
    lambda row: f"{150 + row * 1.5},{('Seoul', 'Busan', 'Daegu')[row % 3]},{('yes', 'no')[row % 2]},{row % 2}"
)


def test_numbers_categories_and_booleans(file: Writer) -> None:
    dataset = load(file("people.csv", PEOPLE))
    assert dict(table(dataset).schema) == {"height": pl.Float64, "city": pl.String, "smoker": pl.Boolean}
    assert table(dataset)["smoker"].to_list() == [True, False] * 12
    assert (dataset.task, dataset.classes, dataset.target_names) == ("binary", ("0", "1"), ("ill",))
    assert dataset.target.tolist() == [0, 1] * 12
    assert (dataset.name, dataset.scaling) == ("people.csv", "standard")


def test_every_guess_is_told_with_its_flag(file: Writer) -> None:
    dataset = load(file("people.csv", PEOPLE))
    assert told(dataset) == {
        "encoding": "utf-8",
        "separator": "comma",
        "target": "ill",
        "categories": "city",
        "yes or no": "smoker",
        "task": "binary",
    }
    assert set(flags(dataset).values()) == {"--encoding", "--separator", "--target", "--drop", "--task"}
    assert all(guess.reason for guess in dataset.guesses)


def test_what_the_user_says_is_not_guessed(file: Writer) -> None:
    path = file("people.csv", PEOPLE)
    dataset = load(path, target="city", task="multiclass", separator=",", encoding="utf-8", drop=["smoker"])
    assert told(dataset) == {}
    assert dataset.classes == ("Busan", "Daegu", "Seoul")
    assert table(dataset).columns == ["height", "ill"]
    assert dataset.dropped == ("smoker",)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_guessed(file: Writer, mark: str) -> None:
    dataset = load(file("people.txt", PEOPLE.replace(",", mark)))
    np.testing.assert_array_equal(table(dataset)["height"], 150 + np.arange(24) * 1.5)


@pytest.mark.parametrize("said", ["tab", "\\t", "\t", "TAB"])
def test_a_separator_may_be_said_in_words(file: Writer, said: str) -> None:
    assert load(file("a.txt", PEOPLE.replace(",", "\t")), separator=said).n_rows == 24


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_encoding_is_guessed(file: Writer, encoding: str, line_end: str) -> None:
    text = PEOPLE.replace("height", "키").replace("Seoul", "서울").replace("\n", line_end)
    dataset = load(file("people.csv", text.encode(encoding)))
    assert table(dataset).columns[0] == "키"
    assert table(dataset)["city"][0] == "서울"
    assert told(dataset)["encoding"] == encoding.removesuffix("-sig")


def test_latin_1_on_request(file: Writer) -> None:
    text = PEOPLE.replace("Seoul", "Orléans").encode("latin-1")
    assert table(load(file("people.csv", text), encoding="latin-1"))["city"][0] == "Orléans"


def test_quoted_cells_hold_separators_quotes_and_line_ends(file: Writer) -> None:
    text = 'note,x,y\n"a, ""b""\nc",1,0\n' + body(lambda row: f"plain,{row},{row % 2}")
    dataset = load(file("a.csv", text))
    assert table(dataset)["note"][0] == 'a, "b"\nc'
    assert dataset.n_rows == 25


def test_a_blank_before_a_quoted_cell(file: Writer) -> None:
    cells = read_separated(b'"a", "b"\n"1", "x, y"\n', "a.csv", None)
    assert cells.table.to_dicts() == [{"a": "1", "b": "x, y"}]


def test_blank_lines_are_skipped_and_still_counted() -> None:
    cells = read_separated(b"a,b\n\n1,2\n\n3,4\n\n", "a.csv", None)
    assert cells.rows.tolist() == [3, 5]
    assert cells.table["b"].to_list() == ["2", "4"]


@pytest.mark.parametrize("word", ["", "NA", "N/A", "nan", "null", "?", " ", "None", "#N/A", "-"])
def test_words_for_missing(file: Writer, word: str) -> None:
    text = "x,city,y\n" + body(lambda row: f"{row * 7},{'AB'[row // 12]},{row % 2}") + f"{word},{word},1\n"
    dataset = load(file("a.csv", text))
    assert table(dataset).null_count().row(0) == (1, 1)
    assert told(dataset)["missing cells"] == "x 1, city 1"


def test_a_boolean_with_missing_cells_becomes_a_category(file: Writer) -> None:
    text = "x,member,y\n" + body(lambda row: f"{row * 7},{('yes', 'no', '')[row % 3]},{row % 2}")
    assert table(load(file("a.csv", text)))["member"][:3].to_list() == ["yes", "no", None]


def test_columns_that_say_nothing_are_left_out(file: Writer) -> None:
    header = "PassengerId,name,one,empty,age,ticket,y\n"
    rows = body(lambda row: f"{row + 7},person {row},5,,{row * row},T{row // 2 * 2 if row < 4 else row},{row % 2}", 60)
    dataset = load(file("a.csv", header + rows))
    assert table(dataset).columns == ["age"]
    assert dataset.dropped == ("PassengerId", "name", "one", "empty", "ticket")
    assert flags(dataset)["column 'name'"] == "--keep"


def test_a_column_may_be_kept(file: Writer) -> None:
    text = "id,one,x,y\n" + body(lambda row: f"{row},5,{row * row},{row % 2}")
    assert table(load(file("a.csv", text), keep=["id", "one"])).columns == ["id", "one", "x"]


def test_an_even_grid_is_no_row_number(file: Writer) -> None:
    text = "x,y\n" + body(lambda row: f"{row},{row * row + 0.5}")
    dataset = load(file("a.csv", text))
    assert table(dataset).columns == ["x"]
    assert dataset.task == "regression"


def test_rows_without_a_target_are_left_out(file: Writer) -> None:
    text = "x,y\n" + body(lambda row: f"{row * row},{row % 2 if row % 5 else ''}")
    dataset = load(file("a.csv", text))
    assert dataset.n_rows == 19
    assert told(dataset)["rows left out"] == "5"
    assert table(dataset)["x"][0] == 1


@pytest.mark.parametrize("name", ["target", "Label", "CLASS", "y", "라벨"])
def test_the_target_is_known_by_its_name(file: Writer, name: str) -> None:
    text = f"{name},x\n" + body(lambda row: f"{row % 2},{row * row}")
    assert load(file("a.csv", text)).target_names == (name,)


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        (["0", "1"], "binary"),
        (["yes", "no"], "binary"),
        (["1.0", "2.0"], "binary"),
        (["0", "1", "2"], "multiclass"),
        (["a", "b", "c"], "multiclass"),
        ([str(row) for row in range(12)], "regression"),
        (["0.5", "1.5", "2.5"], "regression"),
    ],
)
def test_the_task_is_guessed(file: Writer, cells: list[str], task: str) -> None:
    text = "x,y\n" + body(lambda row: f"{row * row},{cells[row % len(cells)]}")
    assert load(file("a.csv", text)).task == task


def test_the_task_may_be_said(file: Writer) -> None:
    path = file("a.csv", "x,y\n" + body(lambda row: f"{row * row},{row % 3}"))
    assert load(path, task="regression").classes is None
    assert load(path, task="classification").task == "multiclass"


def test_few_repeated_codes_are_categories_though_most_are_numbers(file: Writer) -> None:
    codes = ["0"] * 20 + ["1"] * 20 + ["2"] * 10 + ["3+"] * 4
    text = "children,x,y\n" + body(lambda row: f"{codes[row]},{row * row},{row % 2}", 54)
    assert table(load(file("a.csv", text)))["children"].dtype == pl.String


def test_a_file_without_a_header(file: Writer) -> None:
    text = body(lambda row: f"{5.1 + row},{3.5 * row},{row % 2}")
    dataset = load(file("a.csv", text))
    assert (dataset.n_rows, table(dataset).columns) == (24, ["column_1", "column_2"])
    assert told(dataset)["header"] == "none"


def test_numbers_as_column_names(file: Writer) -> None:
    text = "0,1,2,label\n" + body(lambda row: f"{row * 2},{row * row},{row % 7},{row % 2}")
    assert table(load(file("a.csv", text))).columns == ["0", "1", "2"]


def test_a_gzipped_table(file: Writer) -> None:
    assert load(file("people.csv.gz", gzip.compress(PEOPLE.encode()))).n_rows == 24


def test_parquet(tmp_path: Path) -> None:
    made = pl.DataFrame(
        {
            "small": pl.Series(range(24), dtype=pl.Int16) * 3,
            "city": pl.Series(["A", "B", None] * 8, dtype=pl.Categorical),
            "member": [True, False] * 12,
            "day": pl.Series(range(24)).cast(pl.Date),
            "y": [0.5 * row for row in range(24)],
        }
    )
    made.write_parquet(tmp_path / "a.parquet")
    dataset = load(str(tmp_path / "a.parquet"))
    assert dict(table(dataset).schema) == {"small": pl.Float64, "city": pl.String, "member": pl.Boolean}
    assert dataset.dropped == ("day",)
    np.testing.assert_array_equal(dataset.target, made["y"])


def test_a_file_goes_before_nothing_but_built_in_names(file: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(file("digits", PEOPLE)).parent)
    assert load("digits").n_rows == 1797
    assert load("./digits").n_rows == 24


def test_options_are_for_built_in_data(file: Writer) -> None:
    with pytest.raises(UsageError, match=r"people.csv"):
        load(file("people.csv", PEOPLE), options={"noise": 1})


def test_the_korean_example() -> None:
    dataset = load("tumour-korean")
    assert told(dataset)["encoding"] == "cp949"
    assert dataset.dropped == ("환자번호",)
    assert dataset.classes == ("악성", "양성")
    assert np.bincount(dataset.target).tolist() == [212, 357]  # as in scikit-learn's data
    assert table(dataset)["윤곽"].null_count() > 0
    assert table(dataset)["오목점"].dtype == pl.Boolean
