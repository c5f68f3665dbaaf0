"""What a report is made of. Values only: how they look is the business of the template."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

WIDE, NARROW = 960.0, 336.0  # the two widths of a drawing that is no small multiple


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Command:
    """A line to type into a terminal."""

    text: str
    kind: ClassVar[str] = "command"


class Key(NamedTuple):
    """An entry of a legend: a colour as a plot names it, and a mark: line, thin, dot, hollow, ring, run, cross."""

    label: str
    colour: str
    mark: str


@dataclass(frozen=True)
class Picture:
    """Inline SVGs under one caption: small multiples that wrap, or one drawing in a wide and in a narrow form."""

    caption: str
    keys: tuple[Key, ...] = ()
    panels: tuple[str, ...] = ()
    wide: str = ""
    narrow: str = ""
    kind: ClassVar[str] = "picture"


class Column(NamedTuple):
    """A column of a table."""

    title: str
    number: bool = False


class Cell(NamedTuple):
    """What a cell says, and quietly before it a rank; code is set as such."""

    text: str
    before: str = ""
    code: bool = False


class Line(NamedTuple):
    """A row of a table; its first cell is its heading."""

    cells: tuple[Cell, ...]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under columns, and notes below them."""

    caption: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    kind: ClassVar[str] = "table"


class Entry(NamedTuple):
    """A term and what it is."""

    term: str
    text: str


@dataclass(frozen=True)
class Entries:
    """Terms with what they are, one under the other."""

    entries: tuple[Entry, ...]
    kind: ClassVar[str] = "entries"


Part: TypeAlias = Text | Command | Picture | Table | Entries


@dataclass(frozen=True)
class Section:
    """A headed part of the report; `name` is its place in the page, for links."""

    name: str
    title: str
    parts: tuple[Part, ...]


class Fact(NamedTuple):
    """A number that matters, with what it is and a note."""

    term: str
    value: str
    note: str


@dataclass(frozen=True)
class Head:
    """What the report opens with: what was compared, the answer, and the numbers behind it."""

    subject: str
    answer: str
    rest: str
    facts: tuple[Fact, ...]
