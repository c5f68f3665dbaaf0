"""From a figure to inline SVG: text stays text, colours are the page's, ids are unique, nothing refers outside."""

import io
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from matplotlib.figure import Figure

from gradoscope.plots.colours import INK, VARIABLES
from gradoscope.plots.style import Cell, styled

_HEX = re.compile(r"#[0-9a-f]{6}")
_NUMBER = re.compile(r"-?\d+\.\d+")
_FAMILY = re.compile(r"font-family: [^;]*;? ?")
_REFERENCE = re.compile(r"(?<=url\(#)|(?<=^#)")
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which no browser fetches


def svg(figure: Figure, *, name: str, title: str, description: str) -> str:
    """The figure as one inline SVG.

    Parameters
    ----------
    figure
        Drawn by one of the plots.
    name
        Unique in the page, of letters, digits and hyphens: every id in the SVG begins with it.
    title, description
        What a reader who cannot see the figure is told: what it is, and what it shows.
    """
    root = _tree(figure, name)
    width, height = figure.get_size_inches() * 72
    return _text(_frame(list(root), (0, 0, width, height), name, title, description))


def panels(figure: Figure, *, name: str, titles: Sequence[str], descriptions: Sequence[str]) -> list[str]:
    """A figure of small multiples (`style.grid`) as one inline SVG for each of them, so that a page can wrap them."""
    root = _tree(figure, name)
    groups = {group.get("id"): group for group in root.iter("g")}
    clips = {clip.get("id"): clip for clip in root.iter("clipPath")}
    pieces = []
    for number, (axes, title, description) in enumerate(zip(figure.axes, titles, descriptions, strict=True)):
        group = groups[f"{name}-{axes.get_gid()}"]
        used = dict.fromkeys(re.findall(r"url\(#([^)]+)\)", ElementTree.tostring(group, "unicode")))
        parts = [group, *(clips[clip] for clip in used)]
        piece = _frame(parts, _cell(figure, number), f"{name}-{number}", title, description)
        pieces.append(_text(piece))
    return pieces


def _cell(figure: Figure, number: int) -> tuple[float, float, float, float]:
    full_width, full_height = figure.get_size_inches() * 72
    columns = round(full_width / Cell.width)
    height = full_height / -(-len(figure.axes) // columns)
    row, column = divmod(number, columns)
    return column * Cell.width, row * height, Cell.width, height


def _tree(figure: Figure, name: str) -> Element:
    """What matplotlib writes, cleaned."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    root = ElementTree.fromstring(buffer.getvalue())
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = dict(_attributes(element, name))
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag == "style" or (child.tag == "g" and not len(child))]:
            parent.remove(child)
    return root


def _attributes(element: Element, name: str) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        match key.rpartition("}")[2]:
            case "style":
                yield "style", _FAMILY.sub("", _HEX.sub(_variable, value))
            case "id" if not value.startswith(("text_", "line2d_", "patch_", "xtick_", "ytick_", "matplotlib.")):
                yield "id", f"{name}-{value}"
            case "id":
                pass
            case "href" | "clip-path" as reference:
                yield reference, _REFERENCE.sub(f"{name}-", value)
            case "d":
                yield "d", " ".join(_NUMBER.sub(_short, value).split())
            case "transform" if value.startswith("rotate(-0 "):
                pass
            case "transform" if "matrix" in value or "scale" in value:
                yield key, value
            case _:
                yield key, _NUMBER.sub(_short, value)


def _variable(match: re.Match[str]) -> str:
    return VARIABLES.get(match[0], match[0])


def _short(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _frame(
    parts: Sequence[Element], box: tuple[float, float, float, float], name: str, title: str, description: str
) -> Element:
    """The root element around `parts`, showing `box` (left, top, width, height), with its accessible name."""
    frame = Element("svg", xmlns=_NAMESPACE, viewBox=" ".join(f"{number:g}" for number in box), role="img")
    frame.attrib |= {"width": f"{box[2]:g}", "height": f"{box[3]:g}", "class": "plot"}
    frame.attrib |= {"aria-labelledby": f"{name}-title", "aria-describedby": f"{name}-description"}
    frame.attrib["style"] = f"fill: {VARIABLES[INK]}; stroke-linejoin: round"
    for tag, text in (("title", title), ("desc", description)):
        child = ElementTree.SubElement(frame, tag, id=f"{name}-{'description' if tag == 'desc' else tag}")
        child.text = text
    frame.extend(parts)
    return frame


def _text(element: Element) -> str:
    return re.sub(r">\s+<", "><", ElementTree.tostring(element, encoding="unicode"))
