"""Rules: one file each in `rules/`, whose docstring is its page."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import final

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.records import nearest

Examine = Callable[[Evidence], Finding | None]
Enter = Callable[[Examine], Examine]


@dataclass(frozen=True)
class Rule:
    """What looks for one fault.

    Parameters
    ----------
    fault
        Its name: the name of its file with hyphens.
    title
        The fault in words.
    measure
        Looks at the experiment, its run and full passes; trains nothing.
    attempt
        Trains a changed twin to be sure, or None; asked only while nothing else explains a failing run.
    before_training
        Whether `measure` also speaks about an experiment that has not been trained.
    of_scores
        Whether `measure` reads rows, curves and scores alone, and nothing of the layers.
    page
        Why the fault hurts, how it is seen, what to do, references.
    """

    fault: str
    title: Callable[[], str]
    measure: Examine
    attempt: Examine | None
    before_training: bool
    of_scores: bool
    page: str


_FOUND: dict[str, Rule] = {}


def rule(
    title: Callable[[], str],
    *,
    before_training: bool = False,
    of_scores: bool = False,
    attempt: Examine | None = None,
) -> Enter:
    """Decorator: the function of a rule's file that measures."""

    def enter(measure: Examine) -> Examine:
        module = inspect.getmodule(measure)
        assert module is not None
        fault = module.__name__.rpartition(".")[2].replace("_", "-")
        page = inspect.getdoc(module) or ""
        _FOUND[fault] = Rule(fault, title, measure, attempt, before_training, of_scores, page)
        return measure

    return enter


@final
class Rules(Mapping[str, Rule]):
    """The rules by fault."""

    def __getitem__(self, fault: str) -> Rule:
        known = _all_rules()
        if fault not in known:
            raise UsageError(say("There is no fault {fault!r}. {hint}", fault=fault, hint=nearest(fault, known)))
        return known[fault]

    def __contains__(self, fault: object) -> bool:
        return fault in _all_rules()

    def __iter__(self) -> Iterator[str]:
        return iter(_all_rules())

    def __len__(self) -> int:
        return len(_all_rules())


@cache
def _all_rules() -> Mapping[str, Rule]:
    folder = importlib.import_module("gradoscope.diagnosis.rules")
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{folder.__name__}.{module.name}")
    return dict(sorted(_FOUND.items()))


rules = Rules()
