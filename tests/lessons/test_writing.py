"""Lessons on the terminal, in files, without fonts and without Fashion-MNIST."""

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib import font_manager

import gradoscope.data.fashion
from gradoscope.cli import main
from gradoscope.language import speaking
from gradoscope.lessons import find, lessons
from gradoscope.plots import style
from gradoscope.plots.figure import label_language


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_list_has_one_line_each(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", language, "lesson") == 0
    lines = capsys.readouterr().out.splitlines()
    for lesson in lessons():
        with speaking(language):
            (line,) = [line for line in lines if line.startswith(f"{lesson.name} ")]
            assert lesson.summary() in line
    assert max(map(columns, lines)) <= 80


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", ["cross-entropy", "saturation", "regression-losses"])
def test_it_fits_a_terminal_of_80_columns(name: str, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", language, "lesson", name) == 0
    out = capsys.readouterr().out
    assert max(map(columns, out.splitlines())) <= 80
    assert "…" not in out
    assert "\x1b" not in out
    for table in find(name).run().tables:  # no number is broken or cut
        for row in table.written():
            assert [cell for cell, spec in zip(row, table.formats, strict=True) if spec and cell not in out] == []


def test_one_json_document_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lesson", "cross-entropy", "--json", "--out", str(tmp_path / "here"), "--offset", "1e-3") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["parameters"] == {"offset": 0.001, "seed": 0}
    assert [claim["number"] for claim in document["claims"]] == [14, 15, 16]
    written = {path.name: path for path in (tmp_path / "here").iterdir()}
    assert sorted(written) == ["cross-entropy.png", "cross-entropy.svg", "result.json"]
    assert json.loads(written["result.json"].read_text("utf-8")) == document
    assert not re.search(rb"<dc:date>|<text", written["cross-entropy.svg"].read_bytes())


def test_parameters_become_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lesson", "backpropagation", "--help") == 0
    out = capsys.readouterr().out
    assert all(option in out for option in ("--activation", "--depth", "--learning-rate", "--seed", "--out", "--json"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lesson", "nothing-like-it"], "There is no lesson"),
        (["lesson", "softmax", "--epochs", "0"], "--epochs is 0"),
        (["lesson", "softmax", "--nope", "0"], "No such option"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err


@pytest.fixture
def no_hangul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kept = [font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", kept)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    style.fonts.cache_clear()
    yield
    style.fonts.cache_clear()


@pytest.mark.usefixtures("no_hangul")
def test_without_a_font_labels_are_english_not_boxes() -> None:
    result = find("cross-entropy").run()
    with speaking("ko"):
        assert label_language() == "en"
        with speaking(label_language()):
            assert result.figures[0].plot.plots[0].title == "Cross-entropy of the right class"  # type: ignore[attr-defined]
    assert label_language() == "en"


def test_without_its_files_fashion_mnist_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADOSCOPE_DATA", raising=False)
    monkeypatch.setattr(gradoscope.data.fashion, "DEBIAN", tmp_path)
    result = find("digits").run(epochs=3)
    assert "dataset-fashion-mnist" in result.measurement.missing
    assert result.measurement.missing in result.claims[0].condition
    assert len(result.measurement.beside) == 1
