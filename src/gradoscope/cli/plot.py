"""gradoscope plot: activations and losses, drawn into a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.options import literal, words
from gradoscope.cli.output import print_json
from gradoscope.errors import GradoscopeError, UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.functions.search import Entry

FORMATS = ("svg", "png", "pdf")
LONGEST = 60  # letters of a name made of the names of the functions


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME[:PARAMETER=VALUE,...]...")
@click.option("--derivative", is_flag=True, help="Draw the derivative too.")
@click.option("--second", is_flag=True, help="Draw the second derivative too.")
@click.option("--range", "interval", default="-5,5", metavar="FROM,TO", help="What to draw (default: -5,5).")
@click.option("--activations", "kind", flag_value="activation", help="The names are of activations.")
@click.option("--losses", "kind", flag_value="loss", help="The names are of losses.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="FILE.svg, FILE.png or FILE.pdf (default: NAME.svg).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    names: tuple[str, ...], interval: str, kind: str | None, out: Path | None, as_json: bool, **orders: bool
) -> None:
    r"""Draw the activations or losses NAME into one figure.

    \b
    gradoscope plot gelu silu relu --derivative
    gradoscope plot leaky_relu leaky_relu:negative_slope=0.2 --range -3,3 -o slopes.png
    """
    from gradoscope.functions.search import KINDS
    from gradoscope.plots.functions import ORDERS, FunctionDisplay, curve

    kinds = (kind,) if kind else KINDS
    wanted = [_named(text, kinds) for text in names]
    path = out or Path(f"{_joined([entry.name for entry, _ in wanted])}.svg")
    _check_format(path)
    ends = _interval(interval)
    curves = [curve(entry, ends, second=orders["second"], **parameters) for entry, parameters in wanted]
    display = FunctionDisplay(curves, orders=[order for order in ORDERS if orders.get(order, True)]).plot()
    _write(path, display)
    if as_json:
        print_json({"file": str(path), "functions": [each.name for each in curves], "range": ends})
    else:
        click.echo(path)


def _named(text: str, kinds: tuple[str, ...]) -> "tuple[Entry, dict[str, Any]]":
    from gradoscope.functions.search import named

    name, _, given = text.partition(":")
    parameters = {}
    for part in words(given):
        parameter, equals, value = part.partition("=")
        if not equals:
            raise UsageError(
                say("{text!r} is no parameter; expected NAME:PARAMETER=VALUE, as in leaky_relu:negative_slope=0.2.",
                    text=part)
            )  # fmt: skip
        parameters[parameter.strip()] = literal(value.strip())
    return named(name, kinds=kinds), parameters


def _joined(names: list[str]) -> str:
    joined = "-".join(dict.fromkeys(names))
    return joined if len(joined) <= LONGEST else f"{names[0]}-and-{len(set(names)) - 1}-more"


def _interval(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise UsageError(
            say("--range is {value!r}; expected two numbers with a comma, as in --range -5,5.", value=text)
        ) from None
    return low, high


def _check_format(path: Path) -> None:
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        raise UsageError(say("{path} names no format that can be written; end it in .svg, .png or .pdf.", path=path))


def _write(path: Path, display: Any) -> None:
    from gradoscope.files import write_bytes
    from gradoscope.plots import figure

    draw = {"svg": figure.svg, "png": figure.png, "pdf": figure.pdf}[path.suffix.lower().removeprefix(".")]
    try:
        write_bytes(path, draw(display.figure_))
    except OSError as error:
        reason = error.strerror or error
        raise GradoscopeError(
            say("{path} cannot be written: {reason}; name another file with -o.", path=path, reason=reason)
        ) from None
