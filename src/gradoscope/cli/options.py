"""Options that several commands share, and what their values mean."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.comparison import Tune
    from gradoscope.data import DataSpec

F = TypeVar("F", bound=Callable[..., Any])


def data_options(command: F) -> F:
    """The options that say how a file is read; `load_arguments` makes arguments of `gradoscope.data.load` of them."""
    for option in reversed(
        (
            click.option("--target", metavar="COLUMN", help="Target column (default: guessed, and said why)."),
            click.option(
                "--task",
                type=click.Choice(["classification", "regression"]),
                help="Task (default: guessed).",
            ),
            click.option("--drop", metavar="A,B", help="Columns that are no inputs."),
            click.option("--keep", metavar="A,B", help="Columns that are inputs even if they look like row numbers."),
            click.option("--group", metavar="COLUMN", help="Rows that share a cell here stay together (patients)."),
            click.option("--time", metavar="COLUMN", help="Earlier rows train, later ones validate and test."),
            click.option("--separator", metavar="CHAR", help="Separator of a text file (default: guessed)."),
            click.option("--encoding", metavar="NAME", help="Encoding of a text file (default: guessed)."),
            click.option(
                "--option",
                "options",
                metavar="NAME=VALUE",
                multiple=True,
                help="Argument of built-in data: noise=0.2.",
            ),
        )
    ):
        command = option(command)
    return command


def load_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `load` in the options of a command, taken out of `given`."""
    plain = {name: given.pop(name) for name in ("target", "task", "group", "time", "separator", "encoding")}
    lists = {name: words(given.pop(name)) for name in ("drop", "keep")}
    return {**plain, **lists, "options": dict(map(_option, given.pop("options")))}


def origin(data: str, arguments: dict[str, Any]) -> "DataSpec":
    """Where data come from and how they are read; a file by its full path, so that it is found from any folder."""
    from gradoscope.data import DataSpec

    source = str(Path(data).resolve()) if Path(data).exists() else data
    reading = {name: arguments[name] for name in ("options", "separator", "encoding", "group", "time")}
    return DataSpec(source=source, **reading)


def _option(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(say("--option is {value!r}; expected NAME=VALUE, as in --option noise=0.2.", value=text))
    return name.strip(), literal(value.strip())


def literal(text: str) -> object:
    """The number, the truth value or the word that `text` writes."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def words(text: str | None) -> tuple[str, ...]:
    """The parts of a list written with commas."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def numbers(name: str, text: str | None, kind: Callable[[str], Any]) -> tuple[Any, ...]:
    """The numbers of a list written with commas.

    Raises
    ------
    UsageError
        One of them is no number; the message names the option.
    """
    try:
        return tuple(map(kind, words(text)))
    except ValueError:
        raise UsageError(
            say("{name} is {value!r}; expected numbers separated by commas, as in {name} {example}.",
                name=name, value=text, example="64,64" if kind is int else "0.001,0.01")
        ) from None  # fmt: skip


def tuned(texts: Sequence[str]) -> "Tune":
    """What `--tune` names, given any number of times; each `hidden=` is one stack of layers, as in `--hidden`.

    Raises
    ------
    UsageError
        One of them is not NAME=VALUES, or its values are wrong.
    """
    from gradoscope.comparison import Tune

    decays: list[float] = []
    starts: list[str] = []
    hidden: list[tuple[int, ...]] = []
    for text in texts:
        name, _, values = text.partition("=")
        if not words(values) or name not in ("weight_decay", "initialiser", "hidden"):
            raise UsageError(
                say("--tune is {value!r}; it must be like weight_decay=0,0.001, initialiser=he_normal,glorot_uniform "
                    "or hidden=64,64.", value=text)
            )  # fmt: skip
        if name == "weight_decay":
            decays += numbers(name, values, float)
        elif name == "initialiser":
            starts += words(values)
        else:
            hidden.append(numbers(name, values, int))
    return Tune(tuple(decays), tuple(starts), tuple(hidden))
