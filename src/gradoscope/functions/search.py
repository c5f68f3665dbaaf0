"""Finding entries: by name in both catalogues, or by what holds of them.

A condition is made of words with `and`, `or`, `not` and brackets: "zero_centred and (smooth or not bounded)". The words
are those that facts lend to their function, the tasks of losses, and "elementwise" and "trainable" of activations.
A word holds of an entry where a fact says so; `not convex` is met by all that are not known to be convex.
"""

import ast
import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gradoscope.errors import UsageError
from gradoscope.functions.activation import Activation
from gradoscope.functions.activations import activations
from gradoscope.functions.catalogue import Catalogue, normalised
from gradoscope.functions.loss import Loss
from gradoscope.functions.losses import losses
from gradoscope.language import say

Entry = Activation | Loss
Condition = Callable[[frozenset[str]], bool]
KINDS = ("activation", "loss")
HYPHEN = re.compile(r"(?<=\w)-(?=\w)")  # zero-centred is one word
LONGEST = 500  # characters of a condition


class Found(NamedTuple):
    """What a name stands for: entries (at most one of each catalogue), and the members of a family."""

    entries: tuple[Entry, ...]
    family: tuple[Entry, ...]


def find(name: str, *, kinds: tuple[str, ...] = KINDS) -> Found:
    """What a name, an alias or a family in any spelling stands for.

    Raises
    ------
    UsageError
        Nothing has that name; the message names the nearest ones.

    Examples
    --------
    >>> find("LeakyReLU").entries
    (leaky_relu,)
    >>> losses["binary_cross_entropy"] in find("binary").family
    True
    """
    found = tuple(catalogue[name] for catalogue in _catalogues(kinds) if name in catalogue)
    family = tuple(entry for entry in entries(kinds=kinds) if normalised(entry.family) == normalised(name))
    if not found and not family:
        raise UsageError(_unknown(name, kinds))
    return Found(found, family)


def named(name: str, *, kinds: tuple[str, ...] = KINDS) -> Entry:
    """The one entry that a name or alias stands for.

    Raises
    ------
    UsageError
        Nothing has that name, or both an activation and a loss have it.

    Examples
    --------
    >>> named("BCEWithLogitsLoss")
    binary_cross_entropy
    """
    found: list[Entry] = [catalogue[name] for catalogue in _catalogues(kinds) if name in catalogue]
    if not found:
        raise UsageError(_unknown(name, kinds))
    if len(found) > 1:
        raise UsageError(say("{name} is an activation and a loss; add --activations or --losses.", name=name))
    return found[0]


def entries(*, kinds: tuple[str, ...] = KINDS, where: str | None = None) -> tuple[Entry, ...]:
    """Every entry of both catalogues, family by family; with `where`, those that meet the condition.

    Raises
    ------
    UsageError
        The condition cannot be read, or has a word that no entry knows.

    Examples
    --------
    >>> entries(kinds=("activation",), where="even and non_negative and not bounded")
    (lisht,)
    """
    everything = tuple(entry for catalogue in _catalogues(kinds) for entry in catalogue.values())
    if where is None:
        return everything
    meets = condition(where, frozenset().union(*map(words, everything)))
    return tuple(entry for entry in everything if meets(words(entry)))


def words(entry: Entry) -> frozenset[str]:
    """What holds of an entry, as words.

    Examples
    --------
    >>> sorted(words(losses["huber"]))
    ['convex', 'lipschitz', 'non_negative', 'regression', 'robust']
    """
    from_facts = {word for fact in entry.facts for word in fact.words}
    if isinstance(entry, Loss):
        return frozenset(from_facts | set(entry.tasks))
    trainable = any(parameter.trainable for parameter in entry.parameters.values())
    more = {"elementwise": entry.elementwise, "trainable": trainable}
    return frozenset(from_facts | {word for word, holds in more.items() if holds})


def condition(text: str, vocabulary: Iterable[str]) -> Condition:
    """Read a condition; it is parsed, never evaluated as Python.

    Examples
    --------
    >>> meets = condition("odd and not (bounded or convex)", ("odd", "bounded", "convex"))
    >>> meets(frozenset({"odd"})), meets(frozenset({"odd", "bounded"}))
    (True, False)
    """
    try:
        tree = ast.parse(HYPHEN.sub("_", text.strip())[: LONGEST + 1], mode="eval")
    except (SyntaxError, ValueError):
        raise UsageError(_unreadable(text)) from None
    if len(text) > LONGEST:
        raise UsageError(_unreadable(f"{text[:40]} …"))
    return _condition(tree.body, text, tuple(sorted(vocabulary)))


def _condition(node: ast.expr, text: str, vocabulary: tuple[str, ...]) -> Condition:
    match node:
        case ast.Name(id=word):
            known = _known(word, vocabulary)
            return lambda words: known in words
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            meets = _condition(inner, text, vocabulary)
            return lambda words: not meets(words)
        case ast.BoolOp(op=operation, values=values):
            parts = [_condition(value, text, vocabulary) for value in values]
            joined = all if isinstance(operation, ast.And) else any
            return lambda words: joined(part(words) for part in parts)
    raise UsageError(_unreadable(text))


def _known(word: str, vocabulary: tuple[str, ...]) -> str:
    spelt = {normalised(known): known for known in vocabulary}
    if normalised(word) in spelt:
        return spelt[normalised(word)]
    near = difflib.get_close_matches(normalised(word), spelt, n=3, cutoff=0.6)
    if near:
        nearest = ", ".join(spelt[each] for each in near)
        raise UsageError(say("no fact is called {word}; did you mean {nearest}?", word=word, nearest=nearest))
    raise UsageError(say("no fact is called {word}; there are: {known}.", word=word, known=", ".join(vocabulary)))


def _unreadable(text: str) -> str:
    return say("--where is {text!r}; expected facts joined by and, or, not and brackets, as in "
               "--where \"zero_centred and not bounded\".", text=text)  # fmt: skip


def _catalogues(kinds: tuple[str, ...]) -> list[Catalogue[Any]]:
    return [catalogue for catalogue in (activations, losses) if catalogue.kind in kinds]


def _unknown(name: str, kinds: tuple[str, ...]) -> str:
    spelt = {
        normalised(spelling): entry.name
        for catalogue in _catalogues(kinds)
        for entry in catalogue.values()
        for spelling in (entry.name, *entry.aliases)
    }
    near = difflib.get_close_matches(normalised(name), spelt, n=6, cutoff=0.6)
    nearest = ", ".join(list(dict.fromkeys(spelt[each] for each in near))[:3])
    if nearest:
        return say("nothing in the catalogue is called {name}; did you mean {nearest}?", name=name, nearest=nearest)
    return say("nothing in the catalogue is called {name}; gradoscope show lists it all.", name=name)
