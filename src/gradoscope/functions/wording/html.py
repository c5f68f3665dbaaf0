"""An entry of the catalogue as HTML, for notebooks."""

from collections.abc import Iterable, Iterator
from html import escape

from gradoscope.functions.activation import Activation
from gradoscope.functions.loss import Loss
from gradoscope.functions.wording.facts import checked, method_text
from gradoscope.functions.wording.formulas import formula_lines
from gradoscope.language import say

LEFT = ' style="text-align: left"'


def html(entry: Activation | Loss) -> str:
    """Name, formula, parameters, facts with how they were checked, and guidance; every text is escaped.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> html(activations["relu"]).startswith("<div><strong>relu</strong>")
    True
    """
    guidance = entry.guidance.spoken()
    rows: list[tuple[str, Iterable[str]]] = [
        (say("parameters"), (f"{p.name} = {p.default} ∈ {p.domain}" for p in entry.parameters.values())),
        (say("facts"), _facts(entry)),
        (say("use"), (guidance.use,)),
        (say("strengths"), guidance.strengths),
        (say("weaknesses"), guidance.weaknesses),
        (say("pairs with"), (", ".join(guidance.pairs_with),)),
        (say("elsewhere"), (guidance.differs,)),
        (say("source"), (entry.source,)),
    ]
    also = f" ({escape(', '.join(entry.aliases))})" if entry.aliases else ""
    formula = f"<pre>{escape(chr(10).join(formula_lines(entry.formula)))}</pre>"
    table = "".join(_row(label, tuple(filter(None, texts))) for label, texts in rows)
    return f"<div><strong>{escape(repr(entry))}</strong>{also}{formula}<table>{table}</table></div>"


def _facts(entry: Activation | Loss) -> Iterator[str]:
    for fact in checked(entry):
        mark = "✓" if fact.verdict.holds else "✗"
        yield f"{mark} {fact.sentence} — {method_text(fact.verdict)}"


def _row(label: str, texts: tuple[str, ...]) -> str:
    if not texts:
        return ""
    return f"<tr><th{LEFT}>{escape(label)}</th><td{LEFT}>{'<br>'.join(map(escape, texts))}</td></tr>"
