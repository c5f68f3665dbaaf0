"""An entry of the catalogue as a JSON document."""

import dataclasses
import math
from typing import Any

from gradoscope.functions.activation import Activation
from gradoscope.functions.loss import Loss
from gradoscope.functions.parameters import Parameter
from gradoscope.functions.wording.facts import Checked, checked, method_text
from gradoscope.functions.wording.formulas import formula_text


def summary(entry: Activation | Loss, words: frozenset[str]) -> dict[str, Any]:
    """One line of the list; `words` are the facts that hold of it."""
    return {
        "name": entry.name,
        "kind": "activation" if isinstance(entry, Activation) else "loss",
        "family": entry.family,
        "formula": formula_text(entry.formula),
        "use": entry.guidance.spoken().use,
        "words": sorted(words),
    }


def document(entry: Activation | Loss, words: frozenset[str]) -> dict[str, Any]:
    """Everything known of it. Infinite numbers are the strings "inf" and "-inf"; what is not a number is null.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> document(activations["tanh"], frozenset())["facts"][0]["low"]
    -1
    """
    guidance = entry.guidance.spoken()
    return {
        **summary(entry, words),
        "latex": entry.formula,
        "textbook": entry.textbook or None,
        "aliases": list(entry.aliases),
        "parameters": [_parameter(parameter) for parameter in entry.parameters.values()],
        **(_of_activation(entry) if isinstance(entry, Activation) else _of_loss(entry)),
        "facts": [_fact(each) for each in checked(entry)],
        "guidance": {
            "use": guidance.use,
            "strengths": list(guidance.strengths),
            "weaknesses": list(guidance.weaknesses),
            "pairs_with": list(guidance.pairs_with),
            "differs": guidance.differs,
        },
        "peers": {library: name or None for library, name in dataclasses.asdict(entry.peers).items()},
        "bound_in_ulp": entry.bound,
        "source": entry.source,
    }


def _of_activation(entry: Activation) -> dict[str, Any]:
    return {"elementwise": entry.elementwise, "initialiser": entry.initialiser}


def _of_loss(entry: Loss) -> dict[str, Any]:
    return {
        "tasks": list(entry.tasks),
        "inputs": list(entry.inputs),
        "targets": entry.targets.value,
        "matching_activation": entry.link,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "default": _plain(parameter.default),
        "domain": str(parameter.domain),
        "trainable": parameter.trainable,
    }


def _fact(each: Checked) -> dict[str, Any]:
    verdict = each.verdict
    numbers = {field: _plain(value) for field, value in vars(each.fact).items()}
    return {
        "fact": type(each.fact).__name__,
        **numbers,
        "sentence": each.sentence,
        "words": list(each.fact.words),
        "holds": bool(verdict.holds),
        "method": method_text(verdict),
        "worst_at": _plain(verdict.at),
        "margin": _plain(verdict.margin),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{value:g}"
    return value
