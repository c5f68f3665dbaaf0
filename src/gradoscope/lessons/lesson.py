"""What a lesson is: claims, parameters to play with, a measurement, and what is read off it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import isfinite
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.lessons.parameters import Parameter, Text, Value
from gradoscope.plots.figure import Panels

M = TypeVar("M")


class Verdict(Enum):
    """What a measurement says about a claim."""

    HOLDS = "holds"
    WITHIN_LIMITS = "holds within limits"
    DOES_NOT_HOLD = "does not hold"

    @classmethod
    def of(cls, holds: bool, *, limited: bool = False) -> "Verdict":
        """The verdict of a claim that holds or not, perhaps within limits only."""
        if not holds:
            return cls.DOES_NOT_HOLD
        return cls.WITHIN_LIMITS if limited else cls.HOLDS

    @property
    def word(self) -> str:
        """The verdict in the language in use."""
        match self:
            case Verdict.HOLDS:
                return say("holds")
            case Verdict.WITHIN_LIMITS:
                return say("holds within limits")
            case Verdict.DOES_NOT_HOLD:
                return say("does not hold")


class Claim(NamedTuple):
    """A claim of the textbooks, and what was measured about it.

    number
        Its row in the list of claims, 1 to 23.
    text
        The claim itself.
    verdict, condition
        The verdict, and the sentence that says why, with the measured figures.
    measured
        The figures on which the verdict rests, by name.
    """

    number: int
    text: str
    verdict: Verdict
    condition: str
    measured: Mapping[str, float]


class Table(NamedTuple):
    """A small table of measurements; `formats` holds one format specification per column ("" for text)."""

    title: str
    columns: tuple[str, ...]
    formats: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def written(self) -> list[list[str]]:
        """The cells as texts."""
        return [
            [
                cell if isinstance(cell, str) else format(cell, spec)
                for cell, spec in zip(row, self.formats, strict=True)
            ]
            for row in self.rows
        ]


class Figure(NamedTuple):
    """A plot with the name of its file and the sentence under it."""

    name: str
    caption: str
    plot: Panels


@dataclass(frozen=True, eq=False)
class Lesson(Generic[M]):
    """A runnable experiment that shows claims about activations or losses, and measures them.

    Parameters
    ----------
    name
        What it is asked for by.
    numbers
        The claims that it shows, by number.
    summary
        One line: what is learned.
    parameters
        What can be changed; every lesson has a seed besides.
    measure
        Runs the experiment: `measure(seed=..., **parameters)` returns all that was measured, as one value.
    claims, tables, figures
        Read off the measurement; they compute nothing new and are worded in the language in use.
    hints
        "Try this" lines: command-line options that change the result, and what they will show.
    small
        Parameters with which it runs fast.
    aliases
        Other names.
    """

    name: str
    numbers: tuple[int, ...]
    summary: Text
    measure: Callable[..., M]
    claims: Callable[[M], tuple[Claim, ...]]
    tables: Callable[[M], tuple[Table, ...]]
    figures: Callable[[M], tuple[Figure, ...]]
    hints: Callable[[], tuple[tuple[str, str], ...]]
    parameters: tuple[Parameter, ...] = ()
    small: Mapping[str, Value] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    def run(self, *, seed: int = 0, **given: Value) -> "LessonResult":
        """Run the experiment and judge its claims.

        Raises
        ------
        UsageError
            A parameter is unknown, or its value lies outside its domain.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise UsageError(
                    say("The lesson {lesson} has no parameter {name!r}; it takes: {known}.",
                        lesson=self.name, name=name, known=", ".join((*known, "seed")))
                )  # fmt: skip
        values = {name: each.checked(given.get(name, each.default)) for name, each in known.items()}
        measurement = self.measure(seed=seed, **values)
        return LessonResult(self, MappingProxyType({**values, "seed": seed}), measurement)


@dataclass(frozen=True, eq=False)
class LessonResult:
    """What a lesson measured. Everything worded is worded in the language in use when it is read."""

    lesson: "Lesson[Any]"
    parameters: Mapping[str, Value]
    measurement: Any

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims with their verdicts."""
        return self.lesson.claims(self.measurement)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The measurements as small tables."""
        return self.lesson.tables(self.measurement)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The plots as values."""
        return self.lesson.figures(self.measurement)

    @property
    def hints(self) -> tuple[tuple[str, str], ...]:
        """What to try next: options of the command line, and what they show."""
        return self.lesson.hints()

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON document; what is not finite is None."""
        plain: dict[str, Any] = _plain(
            {
                "lesson": self.lesson.name,
                "summary": self.lesson.summary(),
                "parameters": self.parameters,
                "claims": [claim._asdict() for claim in self.claims],
                "tables": [{"title": t.title, "columns": t.columns, "rows": t.rows} for t in self.tables],
                "figures": [{"name": figure.name, "caption": figure.caption} for figure in self.figures],
                "try_this": [{"options": options, "shows": shows} for options, shows in self.hints],
            }
        )
        return plain


def _plain(value: Any) -> Any:
    match value:
        case Verdict():
            return value.value
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case float():
            return float(value) if isfinite(value) else None
        case np.generic():
            return _plain(value.item())
    return value
