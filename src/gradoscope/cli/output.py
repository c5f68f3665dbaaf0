"""What commands print: results to stdout, everything else to stderr."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gradoscope.data import Guess


def print_json(document: object) -> None:
    """One JSON document on stdout; what is not finite is null."""
    click.echo(json.dumps(_finite(document), ensure_ascii=False, allow_nan=False, indent=2))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_guesses(guesses: "Sequence[Guess]") -> None:
    """Every guess with its reason and the flag that overrides it, on stderr."""
    for guess in guesses:
        flag = f" [{guess.flag}]" if guess.flag else ""
        click.echo(f"{guess.what}: {guess.value} ({guess.reason}){flag}", err=True)


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr with the time left; the block calls what it gets with done and total."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
