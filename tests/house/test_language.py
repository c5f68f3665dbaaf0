"""Every sentence that Gradoscope says exists in every language it speaks."""

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gradoscope.language import LANGUAGES

TRANSLATED = [name for name in LANGUAGES if name != "en"]
SCRIPT = {"ko": re.compile("[가-힣]")}
SAID_IN_TEMPLATE = re.compile(r"""\bsay\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


def calls_of_say(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield node


def guidance(tree: ast.Module) -> Iterator[str]:
    """What the catalogue's pages say of a function: written in English there, translated where it is shown."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Guidance":
            shown = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg != "pairs_with")]
            constants = (part for value in shown for part in ast.walk(value) if isinstance(part, ast.Constant))
            yield from (constant.value for constant in constants if isinstance(constant.value, str))


def literal(call: ast.Call) -> str | None:
    match call.args:
        case [ast.Constant(value=str(sentence))]:
            return sentence
    return None


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.fixture(scope="module")
def said(modules: Mapping[str, ast.Module], source: Path) -> set[str]:
    in_code = {sentence for tree in modules.values() for call in calls_of_say(tree) if (sentence := literal(call))}
    in_catalogue = {sentence for tree in modules.values() for sentence in guidance(tree)}
    templates = [path.read_text("utf-8") for ending in ("html", "svg", "js") for path in source.rglob(f"*.{ending}")]
    in_templates = {one or other for text in templates for one, other in SAID_IN_TEMPLATE.findall(text)}
    return in_code | in_catalogue | in_templates


@pytest.fixture(scope="module", params=TRANSLATED)
def pages(request: pytest.FixtureRequest, source: Path) -> tuple[str, list[tuple[str, str]]]:
    """A language, and every (sentence, translation) pair of its pages."""
    files = sorted((source / "locale" / request.param).glob("*.toml"))
    return request.param, [pair for file in files for pair in tomllib.loads(file.read_text("utf-8")).items()]


def test_a_sentence_is_a_literal(modules: Mapping[str, ast.Module]) -> None:
    for name, tree in modules.items():
        assert [f"{name}:{call.lineno}" for call in calls_of_say(tree) if literal(call) is None] == []


def test_a_sentence_is_given_the_values_it_names(modules: Mapping[str, ast.Module]) -> None:
    for name, tree in modules.items():
        for call in calls_of_say(tree):
            given = {keyword.arg for keyword in call.keywords}
            if None not in given:  # `say("...", **values)` is known only when it runs
                assert placeholders(literal(call) or "") == given, f"{name}:{call.lineno}"


def test_every_sentence_is_translated_and_no_translation_is_left_over(
    said: set[str], pages: tuple[str, list[tuple[str, str]]]
) -> None:
    translated = {sentence for sentence, _ in pages[1]}
    assert sorted(said - translated) == [], "not translated"
    assert sorted(translated - said) == [], "translated, but never said"


def test_a_sentence_is_translated_once(pages: tuple[str, list[tuple[str, str]]]) -> None:
    assert [sentence for sentence, times in Counter(sentence for sentence, _ in pages[1]).items() if times > 1] == []


def test_a_translation_keeps_the_placeholders(pages: tuple[str, list[tuple[str, str]]]) -> None:
    for sentence, translation in pages[1]:
        assert placeholders(translation) == placeholders(sentence), sentence


def test_a_translation_is_in_its_language(pages: tuple[str, list[tuple[str, str]]]) -> None:
    language, pairs = pages
    for sentence, translation in pairs:
        words = "".join(text for text, *_ in string.Formatter().parse(sentence))
        if re.search(r"[a-z]{4}", words):  # not a bare formula, unit or name
            assert SCRIPT[language].search(translation), sentence
