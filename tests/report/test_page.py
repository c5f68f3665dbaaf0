"""Every report is a sound, accessible page that needs nothing else."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from tests.report.conftest import Render
from tests.report.pages import Page

from gradoscope.comparison import Study
from gradoscope.data import Guess
from gradoscope.language import LANGUAGES
from gradoscope.plots.colours import COLOURS
from gradoscope.report import write_report

SECTIONS = [
    "ranking", "differences", "metrics", "learning", "rates", "calibration", "findings", "gradients",
    "guesses", "method", "reproduce",
]  # fmt: skip


def sections_of(study: Study) -> list[str]:
    left_out = {"differences"} if len(study.arms) == 1 else set()
    left_out |= {"calibration"} if study.task == "regression" else set()
    return [name for name in SECTIONS if name not in left_out]


KINDS = ["iris", "one_seed", "one_arm", "regression", "not_finite"]
POINTS_TO = re.compile(r"url\(#([^)]+)\)")
NASTY = """<b>&"'x".csv</style><script>{{ 7 * 7 }}</script>"""
GUESS = Guess("column <i>", "a & b", 'it says "yes"', "--drop")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KINDS)
def study(request: pytest.FixtureRequest) -> Study:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Study)
    return found


def test_every_section_is_there(study: Study, language: str, page: Render) -> None:
    read = page(study, language)
    assert [section.attributes["id"] for section in read.root.all("section")] == sections_of(study)
    for section in read.root.all("section"):
        assert len(section.text) > len(section.children[0].text) > 0, "a heading and something below it"
    assert next(read.root.all("html")).attributes["lang"] == language


def test_the_verdict_comes_first(study: Study, page: Render) -> None:
    header = next(page(study).root.all("header"))
    heading = next(header.all("h1"))
    assert study.verdict.startswith(heading.text.replace("\N{NO-BREAK SPACE}", " "))
    assert header.text.replace("\N{NO-BREAK SPACE}", " ").find(study.verdict) >= 0


def test_a_browser_is_told_what_it_needs(study: Study, language: str, page: Render) -> None:
    read = page(study, language)
    assert read.source.startswith("<!doctype html>")
    assert '<meta charset="utf-8">' in read.source[:200]
    metas = {meta.attributes.get("name"): meta.attributes.get("content") for meta in read.root.all("meta")}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert study.name in next(read.root.all("title")).text


def test_nothing_is_fetched_or_run(study: Study, page: Render) -> None:
    source = page(study).source.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert (
        re.findall(r"https?:|//[a-z]|@import|<script|<link|<img|<iframe|\bsrc=|\son[a-z]+=|javascript:", source) == []
    )
    assert set(re.findall(r"url\((.)", source)) <= {"#"}


def test_ids_are_unique_and_references_find_theirs(study: Study, page: Render) -> None:
    elements = list(page(study).root.all())
    ids = Counter(element.attributes["id"] for element in elements if "id" in element.attributes)
    assert [name for name, times in ids.items() if times > 1] == []
    for element in elements:
        for name, value in element.attributes.items():
            if name in ("aria-labelledby", "aria-describedby", "aria-label"):
                assert value
            if name in ("aria-labelledby", "aria-describedby"):
                assert set(value.split()) <= ids.keys()
            if name == "href":
                assert value.startswith("#")
                assert value[1:] in ids
            assert set(POINTS_TO.findall(value)) <= ids.keys()


def test_headings_are_in_order(study: Study, page: Render) -> None:
    levels = [int(element.tag[1]) for element in page(study).root.all() if re.fullmatch(r"h[1-6]", element.tag)]
    assert levels == [1] + [2] * len(sections_of(study))


def test_every_figure_says_what_it_is(study: Study, language: str, page: Render) -> None:
    read = page(study, language)
    pictures = list(read.root.all("svg"))
    assert len(pictures) >= 2 + 2 * len(study.arms)
    for picture in pictures:
        told = {child.attributes["id"]: child.text for child in picture.children if child.tag in ("title", "desc")}
        assert picture.attributes["role"] == "img"
        assert told[picture.attributes["aria-labelledby"]]
        assert told[picture.attributes["aria-describedby"]]
    for figure in read.root.all("figure"):
        assert figure.attributes["aria-label"]
    for table in read.root.all("table"):
        assert all(heading.attributes["scope"] in ("col", "row") for heading in table.all("th"))


def test_every_row_of_a_table_is_as_long_as_its_head(study: Study, language: str, page: Render) -> None:
    for table in page(study, language).root.all("table"):
        assert len({len(row.children) for row in table.all("tr")}) == 1


def test_korean_speaks_korean(study: Study, page: Render) -> None:
    """What stays in Latin letters are names, numbers and options (and the verdict, worded when the study was made)."""
    read = page(replace(study, verdict="좋습니다."), "ko")
    for element in read.root.all():
        if element.tag in ("h2", "p", "figcaption", "caption", "dt", "desc") and len(element.text.split()) > 3:
            assert re.search("[가-힣]", element.text), element.text


def test_names_are_escaped(iris: Study, page: Render) -> None:
    read = page(replace(iris, name=NASTY, source=NASTY, guesses=(GUESS,)), command=NASTY)
    assert [element.tag for element in read.root.all() if element.tag in ("b", "script")] == []
    assert next(read.root.all("pre")).text == NASTY
    assert NASTY in next(read.root.all("title")).text
    assert "column <i>" in read.section("guesses").text
    assert 'it says "yes"' in read.section("guesses").text


def test_a_long_name_does_not_widen_the_page(iris: Study, page: Render) -> None:
    name = "a" * 300
    read = page(replace(iris, name=name))
    assert name in next(read.root.all("header")).text
    assert "overflow-wrap: anywhere" in re.findall(r"\.subject \{([^}]*)\}", read.source)[0]


@pytest.mark.parametrize(("arms", "seeds"), [(8, 5), (40, 2)])
def test_size(widened: Callable[[int, int, int], Study], page: Render, arms: int, seeds: int) -> None:
    read: Page = page(widened(arms, seeds, 100))
    assert len(read.source.encode()) < 2_000_000
    assert len(list(read.section("ranking").all("tr"))) == 1 + arms


def test_the_same_study_gives_the_same_page(iris: Study, page: Render) -> None:
    assert page(replace(iris)).source == page(iris).source


def test_a_report_is_written_whole(iris: Study, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(iris, path, command="gradoscope compare iris", versions={})
    assert path.read_text("utf-8").endswith("</html>\n")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_leaves_nothing(iris: Study, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_report(iris, tmp_path / "missing" / "report.html", command="", versions={})
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_valid_html(study: Study, language: str, page: Render) -> None:
    """The parser of the HTML standard meets no error."""
    html5lib.HTMLParser(strict=True).parse(page(study, language).source)


def test_what_the_standard_forbids_is_seen() -> None:
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse("<!doctype html><title>x</title><p><table><p>stray</p></table>")


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out(theme: str) -> None:
    """WCAG 2.2 AA: text 4.5 : 1 to what is behind it (the tint of code, too), marks of a plot 3 : 1."""
    known = {colour.name: getattr(colour, theme) for colour in COLOURS}
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for name in ("ink", "muted", "series-1"):  # text, quiet text, links
        assert contrast(known[name], known["surface"]) >= 4.5, name
    assert contrast(known["ink"], known["grid"]) >= 4.5
    for name, value in known.items():
        if name.startswith("series"):
            assert contrast(value, known["surface"]) >= 3, name


def test_nothing_is_told_by_colour_alone(study: Study, page: Render) -> None:
    """What a legend tells apart by colour, it also tells apart by its mark or by its name."""
    for figure in page(study).root.all("figure"):
        keys = [key.text for key in figure.all("span") if key.attributes.get("class") == "key"]
        assert len(set(keys)) == len(keys)
        assert all(keys)


def test_a_page_can_be_used_without_a_mouse(study: Study, page: Render) -> None:
    """What scrolls can be reached by the keyboard, and has a name."""
    for element in page(study).root.all("div"):
        if element.attributes.get("class") == "scroll":
            assert element.attributes["tabindex"] == "0"
            assert element.attributes["aria-label"]
