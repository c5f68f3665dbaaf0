"""Pages and lists of the catalogue for a terminal."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradoscope.functions import Activation
from gradoscope.functions.parameters import Parameter
from gradoscope.functions.search import Entry, words
from gradoscope.functions.wording import checked, family_text, formula_lines, method_text
from gradoscope.language import say
from gradoscope.plots.sections import drawable

if TYPE_CHECKING:
    from gradoscope.plots.functions import Numbers

NUMBERS = "¹²³⁴⁵⁶⁷⁸⁹"
WIDEST, PLOT_LINES = 100, 6
COMMON = 22  # letters of a name; longer ones move their own family only


class Row(NamedTuple):
    """A line of a page: the mark before it says what kind of line it is."""

    text: str
    mark: str = ""
    style: str = ""


def print_page(entry: Entry) -> None:
    """Everything known of an entry."""
    console = _console()
    console.print(_title(entry))
    console.print()
    console.print(Padding(Text("\n".join(formula_lines(entry.formula)), style="bold"), (0, 0, 0, 2)))
    console.print()
    if drawable(entry):
        console.print(_plots(entry, console.width))
        console.print()
    table = Table.grid(padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, rows in _sections(entry):
        for place, row in enumerate(rows):
            table.add_row(label if place == 0 else "", Text(row.mark, style=row.style), Text(row.text))
    console.print(table)
    console.print()


def print_list(entries: Iterable[Entry]) -> None:
    """One line per entry, by catalogue and family."""
    console, everything = _console(), tuple(entries)
    width = min(max(len(entry.name) for entry in everything), COMMON)
    for (kind, family), members in groupby(everything, key=lambda entry: (type(entry), entry.family)):
        title = family_text(family)
        heading = (
            say("Activations: {family}", family=title) if kind is Activation else say("Losses: {family}", family=title)
        )
        console.print(Text(heading, style="bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, min_width=width + 2)
        table.add_column()
        for entry in members:
            table.add_row(
                Text(f"  {entry.name}", style="cyan"),
                Text(entry.guidance.spoken().use, no_wrap=True, overflow="ellipsis"),
            )
        console.print(table)


def print_vocabulary(entries: Iterable[Entry]) -> None:
    """The words that --where knows, as a hint."""
    known = ", ".join(sorted(frozenset().union(*map(words, entries))))
    console = Console(stderr=True, highlight=False)
    console.print(Text(say("One of them: gradoscope show NAME. Words for --where: {known}", known=known), style="dim"))


def _console() -> Console:
    console = Console(highlight=False)
    console.width = min(console.width, WIDEST)
    return console


def _title(entry: Entry) -> Text:
    kind = say("activation") if isinstance(entry, Activation) else say("loss")
    title = Text.assemble((repr(entry), "bold cyan"), ("  "), (f"{kind}, {family_text(entry.family)}", "dim"))
    if entry.aliases:
        title.append("\n" + say("also: {aliases}", aliases=", ".join(entry.aliases)))
    return title


def _plots(entry: Entry, width: int) -> RenderableType:
    from gradoscope.plots.functions import curve

    numbers = curve(entry)
    each = min((width - 4) // 2, 36)
    table = Table.grid(padding=(0, 1))
    table.add_row(*(Text(title, style="dim") for title in (say("value"), say("derivative"))))
    drawn = (("cyan", numbers.value), ("magenta", numbers.derivative))
    table.add_row(*(_sketch(numbers.x, y, each, colour) for colour, y in drawn))
    label = numbers.label()
    below = [] if label == "x" else [Text(say("over: {label}", label=label), style="dim")]
    return Padding(Group(table, *below), (0, 0, 0, 2))


def _sketch(x: "Numbers", y: "Numbers", width: int, colour: str) -> Text:
    """A plot of exactly that width."""
    from gradoscope.plots.braille import sketch

    return Text("\n".join(line.ljust(width) for line in sketch(x, y, width, PLOT_LINES)), style=colour)


def _sections(entry: Entry) -> Iterator[tuple[str, list[Row]]]:
    guidance = entry.guidance.spoken()
    yield say("use"), [Row(guidance.use)]
    yield say("strengths"), [Row(text, "+", "green") for text in guidance.strengths]
    yield say("weaknesses"), [Row(text, "−", "red") for text in guidance.weaknesses]
    yield say("pairs with"), [Row(", ".join(guidance.pairs_with))] if guidance.pairs_with else []
    yield say("parameters"), [Row(_parameter(parameter)) for parameter in entry.parameters.values()]
    yield from _of_kind(entry)
    yield say("facts"), list(_facts(entry))
    yield say("elsewhere"), [*_peers(entry), *([Row(guidance.differs)] if guidance.differs else [])]
    yield say("source"), [Row(entry.source)] if entry.source != "-" else []


def _parameter(parameter: Parameter) -> str:
    domain = str(parameter.domain).replace("-", "−").replace("inf", "∞")
    about = {"name": parameter.name, "default": parameter.default, "domain": domain}
    if parameter.trainable:
        return say("{name} = {default}, in {domain}; a network can train it", **about)
    return say("{name} = {default}, in {domain}", **about)


def _of_kind(entry: Entry) -> Iterator[tuple[str, list[Row]]]:
    if isinstance(entry, Activation):
        yield say("initialiser"), [Row(entry.initialiser)]
        return
    yield say("tasks"), [Row(", ".join(entry.tasks))] if entry.tasks else []
    yield say("takes"), [Row(", ".join(entry.inputs))]
    yield say("output"), [Row(entry.link)]


def _facts(entry: Entry) -> Iterator[Row]:
    """Each fact with the number of its method, then the methods."""
    methods: dict[str, int] = {}
    for fact in checked(entry):
        place = methods.setdefault(method_text(fact.verdict), len(methods))
        mark, style = ("✓", "green") if fact.verdict.holds else ("✗", "red")
        yield Row(f"{fact.sentence} {NUMBERS[place]}", mark, style)
    yield from (Row(f"{NUMBERS[place]} {method}") for method, place in methods.items())


def _peers(entry: Entry) -> Iterator[Row]:
    libraries = {"torch": "PyTorch", "keras": "Keras", "jax": "JAX", "optax": "optax", "sklearn": "scikit-learn"}
    for field, library in libraries.items():
        name = attrgetter(field)(entry.peers)
        if name:
            yield Row(f"{library}: {name}")
