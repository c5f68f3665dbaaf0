"""gradoscope show: pages, lists and searches of the catalogue."""

import json
import re

import pytest
from rich.cells import cell_len

from gradoscope.functions import activations, losses


def test_a_page_under_any_alias_in_any_spelling(gradoscope) -> None:
    pages = {gradoscope("show", name).out for name in ("leaky_relu", "LeakyReLU", "leaky-relu", "Leaky ReLU", "lrelu")}
    assert len(pages) == 1
    page = pages.pop()
    for part in ("negative_slope = 0.01", "nn.LeakyReLU", "0.2 in the Keras", "Maas", "strictly increasing", "lrelu"):
        assert part in page
    assert re.search("[\u2801-\u28ff]{3}", page), "no plot of dots"
    assert "⎩ a x  if x ≤ 0" in page


def test_every_fact_names_how_it_was_checked(gradoscope) -> None:
    page = gradoscope("show", "sigmoid").out
    assert re.search("✓ values from 0 to 1 ¹", page)
    assert re.search("¹ evaluated on a grid", page)
    assert "prove" not in page


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_and_lists_fit_the_terminal(gradoscope, monkeypatch, columns: int, language: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for arguments in (["gelu"], ["categorical_cross_entropy"], ["softmax"], ["huber"], [], ["rectifiers"]):
        ended = gradoscope("show", *arguments, "--lang", language)
        assert ended.code == 0
        assert max(map(cell_len, ended.out.splitlines())) <= columns


def test_a_page_in_korean(gradoscope) -> None:
    page = gradoscope("show", "huber", "--lang", "ko").out
    for part in ("손실, 회귀", "매개변수", "기울기가 최대 1", "무작위 예측"):
        assert part in page
    assert gradoscope("--lang", "ko", "show", "huber").out == page


def test_colours_only_on_a_terminal(gradoscope, monkeypatch) -> None:
    assert "\x1b" not in gradoscope("show", "tanh").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = gradoscope("show", "tanh").out
    assert re.search(r"\x1b\[[0-9;]*3[56]m", coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", gradoscope("show", "tanh").out)


def test_json_is_one_document_with_everything(gradoscope) -> None:
    document = json.loads(gradoscope("show", "ELU", "--json").out)
    assert list(document) == ["activation"]
    page = document["activation"]
    assert page["name"] == "elu"
    (alpha,) = page["parameters"]
    assert (alpha["name"], alpha["default"], alpha["domain"]) == ("alpha", 1.0, "[0, inf)")
    limits = next(fact for fact in page["facts"] if fact["fact"] == "Limits")
    assert (limits["left"], limits["right"]) == (-1, "inf")
    assert all(fact["holds"] and fact["method"] for fact in page["facts"])
    assert page["guidance"]["use"]
    assert page["peers"]["torch"] == "nn.ELU"


def test_a_loss_as_json(gradoscope) -> None:
    page = json.loads(gradoscope("show", "BCEWithLogitsLoss", "--json").out)["loss"]
    assert page["name"] == "binary_cross_entropy"
    assert page["matching_activation"] == "sigmoid"
    assert page["inputs"][0] == "logits"
    assert "probabilities" in page["inputs"]


def test_an_unknown_name_is_told_the_nearest_of_both_catalogues(gradoscope) -> None:
    ended = gradoscope("show", "sigmoyd")
    assert (ended.code, ended.out) == (2, "")
    assert "sigmoid" in ended.err
    assert "huber" in gradoscope("show", "hubber").err
    assert gradoscope("show", "huber", "--activations").code == 2
    assert gradoscope("show", "zzzzqqqq").code == 2


def test_a_family_is_listed_and_a_name_that_is_also_a_family_says_so(gradoscope) -> None:
    family = gradoscope("show", "regression").out
    assert "mean_squared_error" in family
    assert "relu" not in family.split()
    both = gradoscope("show", "gelu").out
    assert "Hendrycks" in both
    assert re.search("family.*quick_gelu", both)
    assert list(json.loads(gradoscope("show", "gelu", "--json").out)) == ["activation", "family"]


def test_the_list_holds_every_function_once(gradoscope) -> None:
    first_words = [line.split()[0] for line in gradoscope("show").out.splitlines() if line.startswith("  ")]
    assert sorted(first_words) == sorted([*activations, *losses])
    entries = json.loads(gradoscope("show", "--json", "--losses").out)
    assert [entry["name"] for entry in entries] == list(losses)


def test_the_list_is_filtered_by_facts(gradoscope) -> None:
    names = {entry["name"] for entry in json.loads(gradoscope("show", "--where", "odd and bounded", "--json").out)}
    assert {"tanh", "sign", "softsign", "sine"} <= names
    assert not {"relu", "sigmoid", "identity", "gelu"} & names
    shown = gradoscope("show", "--where", "zero-centred and not smooth", "--activations").out
    assert "hard_tanh" in shown
    assert " tanh " not in shown


def test_a_filter_that_nothing_meets_prints_nothing(gradoscope) -> None:
    ended = gradoscope("show", "--where", "odd and even and not lipschitz")
    assert (ended.code, ended.out) == (0, "")
    assert "odd and even" in ended.err
    assert json.loads(gradoscope("show", "--where", "odd and even and not lipschitz", "--json").out) == []


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("smoth", "smooth"),
        ("bounded and zero_centered", "zero_centred"),
        ("smooth and", "--where"),
        ("__import__('os')", "--where"),
        ("", "--where"),
    ],
)
def test_a_filter_that_cannot_be_read(gradoscope, where: str, expected: str) -> None:
    ended = gradoscope("show", "--where", where)
    assert (ended.code, ended.out) == (2, "")
    assert expected in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_name_and_a_filter_exclude_each_other(gradoscope) -> None:
    assert gradoscope("show", "relu", "--where", "smooth").code == 2


@pytest.mark.parametrize("command", ["show", "plot", "compare"])
def test_help_keeps_the_lines_of_examples(gradoscope, command: str) -> None:
    page = gradoscope(command, "--help").out
    assert "\\b" not in page
    assert len([line for line in page.splitlines() if line.startswith(f"  gradoscope {command} ")]) >= 2
