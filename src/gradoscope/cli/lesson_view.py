"""How a lesson looks on a terminal, 80 columns wide."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.language import say

if TYPE_CHECKING:
    from rich.console import Console

    from gradoscope.lessons import Lesson, LessonResult, Table

WIDEST = 100
COLOURS = {"HOLDS": "green", "WITHIN_LIMITS": "yellow", "DOES_NOT_HOLD": "red"}


def _console() -> "Console":
    """A console for stdout: colours on a terminal only, and not where NO_COLOR is set."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = min(console.width, WIDEST)
    return console


def print_lessons(lessons: "Iterable[Lesson[Any]]") -> None:
    """The list: a name and one line each."""
    from rich.table import Table

    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in (say("lesson"), say("what it shows")):
        grid.add_column(title)
    for lesson in lessons:
        grid.add_row(lesson.name, lesson.summary())
    console = _console()
    console.print(grid)
    console.print()
    console.print(say("Run one: gradoscope lesson NAME; what can be changed: NAME --help."))


def print_result(result: "LessonResult", *, hints: bool) -> None:
    """Everything that a lesson found: tables, claims with their verdicts, what to try."""
    from rich.padding import Padding
    from rich.text import Text

    console = _console()
    console.print(Text(f"{result.lesson.name}: {result.lesson.summary()}", style="bold"))
    console.print(Text(" ".join(_as_options(result)), style="dim"))
    for table in result.tables:
        console.print()
        _print_table(console, table)
    for claim in result.claims:
        console.print()
        console.print(Text(say("Claim {number}: {text}", number=claim.number, text=claim.text)))
        verdict = Text(claim.verdict.word, style=f"bold {COLOURS[claim.verdict.name]}")
        told = Text.assemble(say("Verdict"), ": ", verdict, ". ", claim.condition)
        console.print(Padding(told, (0, 0, 0, 2), expand=False))
    if hints and result.hints:
        console.print()
        console.print(Text(say("Try this"), style="bold"))
        for options, shows in result.hints:
            console.print(
                Padding(Text(f"gradoscope lesson {result.lesson.name} {options}"), (0, 0, 0, 2), expand=False)
            )
            console.print(Padding(Text(shows), (0, 0, 0, 6), expand=False))
    console.print()


def _as_options(result: "LessonResult") -> list[str]:
    return [f"--{name.replace('_', '-')} {value}" for name, value in result.parameters.items()]


def _print_table(console: "Console", table: "Table") -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    console.print(Text(table.title, style="italic"))
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
    rows = [list(map(Text, row)) for row in table.written()]
    for place, (title, spec) in enumerate(zip(table.columns, table.formats, strict=True)):
        widest = max((row[place].cell_len for row in rows), default=0) if spec else None  # no number is broken
        grid.add_column(Text(title), justify="right" if spec else "left", min_width=widest, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console.print(grid)


def print_written(paths: Sequence[Path], *, quiet: bool) -> None:
    """What was written, on stderr."""
    if not quiet:
        for path in paths:
            click.echo(say("Written: {path}", path=path), err=True)
