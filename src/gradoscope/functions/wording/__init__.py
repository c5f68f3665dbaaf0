"""The catalogue in words: facts as sentences, formulas as plain text, entries as documents and as HTML."""

from gradoscope.functions.wording.document import document, summary
from gradoscope.functions.wording.facts import Checked, checked, method_text, number_text, sentence
from gradoscope.functions.wording.families import family_text
from gradoscope.functions.wording.formulas import formula_lines, formula_text
from gradoscope.functions.wording.html import html

__all__ = [
    "Checked",
    "checked",
    "document",
    "family_text",
    "formula_lines",
    "formula_text",
    "html",
    "method_text",
    "number_text",
    "sentence",
    "summary",
]
