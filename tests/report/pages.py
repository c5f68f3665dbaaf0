"""A strict reader of HTML: what a browser would forgive fails a test."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr", "col"}


@dataclass
class Element:
    """An element with its attributes, its children and the text directly in it."""

    tag: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def all(self, tag: str = "") -> Iterator["Element"]:
        """This element and everything below it, or what has the tag."""
        if tag in ("", self.tag):
            yield self
        for child in self.children:
            yield from child.all(tag)

    @property
    def text(self) -> str:
        """All text in it, spaces joined."""
        return " ".join(" ".join(text for element in self.all() for text in element.texts).split())


@dataclass
class Page:
    """A page as text and as a tree."""

    source: str
    root: Element

    def section(self, name: str) -> Element:
        """The section with the id `name`."""
        return next(element for element in self.root.all("section") if element.attributes["id"] == name)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute twice: {self.get_starttag_text()}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}> in line {self.getpos()[0]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].texts.append(data)


def read(source: str) -> Page:
    """The page; fails where an element is not closed."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    assert [element.tag for element in reader.open] == ["page"], "not closed"
    return Page(source, reader.open[0])
