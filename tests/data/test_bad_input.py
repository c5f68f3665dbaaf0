"""Whatever is wrong with the data, one sentence says what, where, and what to do."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradoscope.data import load, prepare, split
from gradoscope.errors import DataError, GradoscopeError, UsageError

Writer = Callable[[str, str | bytes], str]
NOBODY = 65534


def body(cell: Callable[[int], str], rows: int = 24) -> str:
    return "".join(f"{cell(row)}\n" for row in range(rows))


def with_cell(row: int, cell: str, rows: int = 24) -> str:
    """A table of numbers with another cell in the column `size`; rows count as in a spreadsheet."""
    return "age,size,ill\n" + body(lambda at: f"{at * at},{cell if at + 2 == row else at * 1.5},{at % 2}", rows)


GOOD = with_cell(0, "")

TABLES: dict[str, tuple[str | bytes, dict[str, Any], list[str]]] = {
    "empty": ("", {}, ["a.csv", "empty"]),
    "only blank lines": ("\n\n  \n", {}, ["a.csv"]),
    "only a header": ("age,size,ill\n", {}, ["a.csv", "header", "no rows"]),
    "a short row": (GOOD + "1,2\n", {}, ["row 26", "a.csv", "2", "3", "--separator"]),
    "a long row": (GOOD + "1,2,0,9\n" + "1,2,0\n", {}, ["row 26", "4", "3"]),
    "a mark that does not pair up": (GOOD + '1,"2,0\n', {}, ["row 26", "quotation mark"]),
    "one class": ("x,y\n" + body(lambda row: f"{row * row},A"), {}, ["'y'", "'A'", "every row", "--target"]),
    "one value": ("x,y\n" + body(lambda row: f"{row * row},2.5"), {"task": "regression"}, ["'y'", "2.5", "--target"]),
    "no target values": ("x,y\n" + body(lambda row: f"{row * row},"), {}, ["'y'", "missing in every row"]),
    "a typing error": (with_cell(9, "twelve"), {}, ["row 9", "a.csv", "'twelve'", "'size'", "--drop"]),
    "a number with its unit": (with_cell(25, "12cm"), {}, ["row 25", "'12cm'", "'size'"]),
    "a word for missing that is not known": (
        "x,y\n" + body(lambda row: f"{'unknown' if row % 3 == 1 else row * row},{row % 2}", 60),
        {},
        ["row 3", "'unknown'", "'x'", "empty"],
    ),
    "a typing error in the target": (
        "x,y\n" + body(lambda row: f"{row * row},{'1O' if row == 3 else row * 7}"),
        {},
        ["row 5", "'1O'", "'y'"],
    ),
    "decimal commas": (
        "x;y\n" + body(lambda row: f"{row},5;{row % 2}"),
        {},
        ["row 2", "'0,5'", "'x'", "decimal point"],
    ),
    "infinity": (with_cell(4, "inf"), {}, ["row 4", "infinite", "'size'"]),
    "minus infinity": (with_cell(5, "-Infinity"), {}, ["row 5", "infinite", "'size'"]),
    "too large a number": (with_cell(6, "1e999"), {}, ["row 6", "infinite", "'size'"]),
    "an infinite target": (
        "x,y\n" + body(lambda row: f"{row * row},{'inf' if row == 2 else row}"),
        {},
        ["row 4", "infinite", "'y'"],
    ),
    "two columns of one name": ("age,age,ill\n" + body(lambda row: f"{row},1,{row % 2}"), {}, ["'age'", "1 and 2"]),
    "two rows": (with_cell(0, "", 2), {}, ["2 rows", "10"]),
    "more classes than rows can show": (
        "x,name\n" + body(lambda row: f"{row * row},person {row}"),
        {},
        ["'name'", "24 classes", "24 rows", "--target"],
    ),
    "a class with a single row": (
        "x,kind\n" + body(lambda row: f"{row * row},{'Aa' if row == 20 else 'AB'[row % 2]}"),
        {},
        ["'Aa'", "'kind'", "single row", "row 22"],
    ),
    "one column": ("x\n" + body(str), {}, ["a.csv", "single column", "--separator"]),
    "nothing left as input": (
        "name,y\n" + body(lambda row: f"p{row},{row % 2}"),
        {},
        ["no column left", "'y'", "--keep"],
    ),
    "text to regress on": (
        "x,y\n" + body(lambda row: f"{row * row},{'AB'[row % 2]}"),
        {"task": "regression"},
        ["row 2", "'A'", "'y'", "a.csv"],
    ),
    "three classes for two": (
        "x,y\n" + body(lambda row: f"{row * row},{row % 3}"),
        {"task": "binary"},
        ["3 classes", "--task multiclass"],
    ),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(200), {}, ["a.csv", "not a text file", "Parquet"]),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), {}, ["Excel", "CSV"]),
    "a workbook": (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", {}, ["Excel", "CSV"]),
    "a torn Parquet file": (b"PAR1" + bytes(50), {}, ["a.csv", "Parquet"]),
    "a torn archive": (b"PK\x03\x04" + bytes(50), {}, ["a.csv", "NPZ"]),
    "a torn packed file": (b"\x1f\x8b\x08" + bytes(50), {}, ["a.csv", "damaged"]),
    "neither UTF-8 nor CP949": ("x,y\n1,é\xff\n".encode("latin-1"), {}, ["row 2", "--encoding"]),
    "not the encoding said": ("x,y\n1,é\n".encode(), {"encoding": "ascii"}, ["row 2", "ascii", "--encoding"]),
}  # fmt: skip

REQUESTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no such target": ({"target": "ilness"}, ["'ilness'", "a.csv", "ill"]),
    "no such column to drop": ({"drop": ["sise"]}, ["'sise'", "size"]),
    "no such column to keep": ({"keep": ["agee"]}, ["'agee'", "age"]),
    "target dropped": ({"target": "ill", "drop": ["ill"]}, ["'ill'", "both"]),
    "dropped and kept": ({"keep": ["age"], "drop": ["age"]}, ["'age'", "both"]),
    "no such task": ({"task": "regresion"}, ["'regresion'", "regression"]),
    "no such encoding": ({"encoding": "utf-9"}, ["'utf-9'", "cp949"]),
    "an encoding of bytes": ({"encoding": "base64"}, ["'base64'"]),
    "no separator": ({"separator": "::"}, ["'::'", "tab"]),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_that_cannot_be_used(file: Writer, what: str) -> None:
    content, said, words = TABLES[what]
    with pytest.raises(DataError) as caught:
        load(file("a.csv", content), **said)
    assert_says(caught.value, words)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("what", REQUESTS)
def test_a_request_that_makes_no_sense(file: Writer, what: str) -> None:
    said, words = REQUESTS[what]
    with pytest.raises(UsageError) as caught:
        load(file("a.csv", GOOD), **said)
    assert_says(caught.value, words)
    assert caught.value.exit_code == 2


def assert_says(error: GradoscopeError, words: list[str]) -> None:
    sentence = str(error)
    assert [word for word in words if word not in sentence] == [], sentence
    assert "\n" not in sentence
    assert "{" not in sentence


def test_a_missing_file_suggests_its_neighbour(file: Writer) -> None:
    path = file("patients.csv", GOOD)
    with pytest.raises(DataError, match=r"there is no file .*patient\.csv\. Did you mean .*patients\.csv\?"):
        load(path.replace("patients", "patient"))
    with pytest.raises(DataError, match=r"there is no file nowhere/at/all\.csv"):
        load("nowhere/at/all.csv")


def test_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(DataError, match=r"there is no file .*link\.csv"):
        load(str(tmp_path / "link.csv"))


def test_a_folder_without_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder without image files"):
        load(str(tmp_path))


def test_a_device() -> None:
    with pytest.raises(DataError, match="/dev/null is a device"):
        load("/dev/null")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Whoever runs the tests, root included: act as a user who owns nothing."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(user)


def test_a_file_that_may_not_be_read(file: Writer, tmp_path: Path) -> None:
    path = Path(file("closed/a.csv", GOOD))
    images = Path(file("images/train-images", b""))
    for parent in (*path.parents[: len(path.parents) - 1],):
        if tmp_path.is_relative_to(parent) and parent.owner() == tmp_path.owner():
            parent.chmod(0o755)
    path.chmod(0)
    images.chmod(0)
    with as_nobody(), pytest.raises(DataError, match=r"a\.csv may not be read: permission denied"):
        load(str(path))
    with as_nobody(), pytest.raises(DataError, match="train-images may not be read"):
        load(str(images.parent))
    path.parent.chmod(0)
    with as_nobody(), pytest.raises(DataError, match=r"a\.csv may not be read"):
        load(str(path))
    path.parent.chmod(0o755)


def test_a_target_of_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"x": range(12), "y": [[1, 2]] * 12}).write_parquet(path)
    with pytest.raises(DataError, match=r"'y' of a\.parquet holds List"):
        load(str(path))


def test_an_infinite_number_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"x": [1.0, np.inf, *range(10)], "y": [0, 1] * 6}).write_parquet(path)
    with pytest.raises(DataError, match=r"row 2 of a\.parquet has an infinite number in the column 'x'"):
        load(str(path))


def test_a_parquet_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"x": [], "y": []}).write_parquet(path)
    with pytest.raises(DataError, match="no rows"):
        load(str(path))


CELLS = st.sampled_from(
    ["", "1", "2.5", "-3", "x", "é", "서울", "inf", "NA", "true", '"a,b"', '"', "1,5", " ", "\x00", "\ufeff"]
)
TEXTS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=20).map("\n".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=300), TEXTS.map(str.encode), TEXTS.map(lambda text: ("a,b\n" + text).encode()))
)
@example(content=b"\n\xef\xbb\xbf")
def test_any_bytes_give_data_or_a_sentence(file: Writer, content: bytes) -> None:
    path = file("any.csv", content)
    for as_written in (False, True):
        try:
            dataset = load(path, as_written=as_written)
            rows = split(dataset, 0, test=0).train
            inputs = prepare(dataset, rows, targets="raw").inputs(dataset.inputs)
        except GradoscopeError as error:
            assert_says_one_sentence(error)
        else:
            assert np.isfinite(inputs).all()
            assert inputs.shape[0] == dataset.n_rows == len(dataset.target)


def assert_says_one_sentence(error: GradoscopeError) -> None:
    assert str(error)
    assert len(str(error)) < 400
