"""Lessons: runnable experiments that show well-known claims about activations and losses, and measure them.

Examples
--------
>>> result = find("cross-entropy").run()
>>> result.claims[0].number, result.claims[0].verdict.value
(14, 'holds')
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from gradoscope.errors import UsageError
from gradoscope.functions.catalogue import normalised
from gradoscope.language import say
from gradoscope.lessons import pages
from gradoscope.lessons.lesson import Claim, Figure, Lesson, LessonResult, Table, Verdict
from gradoscope.lessons.parameters import Parameter
from gradoscope.records import nearest

__all__ = ["Claim", "Figure", "Lesson", "LessonResult", "Parameter", "Table", "Verdict", "find", "lessons"]


@cache
def lessons() -> tuple[Lesson[Any], ...]:
    """Every lesson, in the order of the claims that they show."""
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    found = [importlib.import_module(f"{pages.__name__}.{name}").LESSON for name in names]
    return tuple(sorted(found, key=lambda lesson: lesson.numbers))


def find(name: str) -> Lesson[Any]:
    """The lesson of that name; case, `_` and `-` do not matter.

    Raises
    ------
    UsageError
        There is none.
    """
    for lesson in lessons():
        if normalised(name) in map(normalised, (lesson.name, *lesson.aliases)):
            return lesson
    hint = nearest(name, [lesson.name for lesson in lessons()])
    raise UsageError(say("There is no lesson {name!r}. {hint}", name=name, hint=hint))
