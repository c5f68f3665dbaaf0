"""The catalogue in words: formulas, facts, documents, HTML."""

import json
import re
from html.parser import HTMLParser

import pytest

from gradoscope.functions import Activation, Loss, activations, losses
from gradoscope.functions.facts import Verdict
from gradoscope.functions.wording import (
    checked,
    document,
    family_text,
    formula_lines,
    formula_text,
    html,
    method_text,
    sentence,
)
from gradoscope.language import speaking

ENTRIES = [*activations.values(), *losses.values()]
HANGUL = re.compile("[가-힣]")
FACTS = {repr(fact): fact for entry in ENTRIES for fact in entry.facts}
METHODS_FROM = ("sigmoid", "gelu", "relu", "huber", "binary_cross_entropy", "categorical_cross_entropy", "mse")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{a}{b}", "a/b"),
        (r"\frac{a + b}{2}", "(a + b)/2"),
        (r"\frac{x}{2} \left(1 + y\right)", "(x/2) (1 + y)"),
        (r"\frac{(a)(b)}{c}", "((a)(b))/c"),
        (r"e^{-x^2/2}", "e^(−x²/2)"),
        (r"e^{-x}", "e⁻ˣ"),
        (r"\sqrt{2 \pi} + \sqrt\pi", "√(2 π) + √π"),
        (r"\log \sum_j e^{x_j}", "log Σⱼ e^(xⱼ)"),
        (r"\hat{p} \le \bar{x}", "p̂ ≤ x̄"),
        (r"x\,\operatorname{erf}(x),\quad x \in \Delta", "x erf(x),  x ∈ Δ"),
    ],
)
def test_latex_in_letters(latex: str, text: str) -> None:
    assert formula_text(latex) == text


@pytest.mark.parametrize("entry", ENTRIES, ids=repr)
def test_no_formula_keeps_latex(entry: Activation | Loss) -> None:
    for text in (formula_text(entry.formula), *formula_lines(entry.formula)):
        assert "\\" not in text
        assert text.count("(") == text.count(")")
    assert not set("{}&") & set("".join(formula_lines(entry.formula)))


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_every_fact_has_a_sentence_in_each_language(fact: object) -> None:
    assert sentence(fact) != repr(fact)
    with speaking("ko"):
        assert HANGUL.search(sentence(fact))


def test_every_method_is_translated() -> None:
    for name in METHODS_FROM:
        for each in checked(activations[name] if name in activations else losses[name]):
            assert method_text(each.verdict) == each.verdict.method
            with speaking("ko"):
                assert HANGUL.search(method_text(each.verdict)), each.verdict.method
    assert method_text(Verdict(True, "by hand", 0.0, 0.0)) == "by hand"


def test_every_family_has_a_heading_in_each_language() -> None:
    with speaking("ko"):
        assert [entry.family for entry in ENTRIES if not HANGUL.search(family_text(entry.family))] == []


@pytest.mark.parametrize("name", ["step", "relu", "softmax", "gelu"])
def test_a_document_is_plain_json(name: str) -> None:
    page = document(activations[name], frozenset({"odd"}))
    assert json.loads(json.dumps(page, allow_nan=False)) == page


@pytest.mark.parametrize("entry", [activations["hard_tanh"], activations["glu"], losses["huber"]], ids=repr)
def test_html_is_well_formed_and_escaped(entry: Activation | Loss) -> None:
    opened, seen = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs) -> None:
            if tag != "br":
                opened.append(tag)

        def handle_endtag(self, tag) -> None:
            assert opened.pop() == tag

        def handle_data(self, data) -> None:
            seen.append(data)

    Reader().feed(entry._repr_html_())
    assert opened == []
    text = " ".join(seen)
    assert entry.guidance.use in text
    assert all(each.sentence in text for each in checked(entry))


def test_html_names_bound_parameters_and_keeps_markup_out() -> None:
    bound = activations["leaky_relu"].with_parameters(negative_slope=0.5)
    assert "leaky_relu(negative_slope=0.5)" in html(bound)
    assert "x &gt; 0" in html(bound)
