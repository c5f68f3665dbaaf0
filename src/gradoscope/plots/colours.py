"""The colours of every plot: one hexadecimal value while matplotlib draws, a CSS variable once it is an SVG.

A plot names colours from here and nothing else. In a page, `css()` gives each of them a value for light and for dark
surfaces; an SVG that stands alone keeps the light ones. Series colours differ in lightness as well as in hue, so that
they stay apart for colour-blind readers and in grey print; each has a contrast of at least 3 : 1 to its surface.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Colour(NamedTuple):
    """A CSS variable and its values; matplotlib is given `drawn`."""

    name: str
    drawn: str
    light: str
    dark: str


# Black and white are matplotlib's own defaults, so that whatever a plot does not colour follows the page.
_INK = Colour("ink", "#000000", "#1c2127", "#e4e7ea")
_SURFACE = Colour("surface", "#ffffff", "#ffffff", "#16191d")
_MUTED = Colour("muted", "#59636e", "#59636e", "#9ba5af")
_GRID = Colour("grid", "#e4e7eb", "#e4e7eb", "#2c3238")
_FAINT = Colour("faint", "#bcc3ca", "#bcc3ca", "#4d555e")
_SERIES = (
    Colour("series-1", "#0b62b0", "#0b62b0", "#62adf5"),  # blue
    Colour("series-2", "#c4530d", "#c4530d", "#f79a5e"),  # vermilion
    Colour("series-3", "#00856a", "#00856a", "#45cca4"),  # green
    Colour("series-4", "#9b3f86", "#9b3f86", "#e596d0"),  # purple
    Colour("series-5", "#8f6d00", "#8f6d00", "#e3c04b"),  # ochre
    Colour("series-6", "#1587a8", "#1587a8", "#66cbe4"),  # cyan
    Colour("series-7", "#5e50b8", "#5e50b8", "#b0a6fb"),  # indigo
    Colour("series-8", "#a3283f", "#a3283f", "#f2849a"),  # crimson
)
# Lightness grows evenly, and hue runs from blue to yellow: both are seen by every eye.
_DEPTH = (
    Colour("depth-1", "#00263f", "#00263f", "#007eba"),  # the first layer, dark blue ...
    Colour("depth-2", "#00335c", "#00335c", "#0089e8"),
    Colour("depth-3", "#003b90", "#003b90", "#8588fe"),
    Colour("depth-4", "#682faa", "#682faa", "#e17af9"),
    Colour("depth-5", "#ad1194", "#ad1194", "#fe8fc5"),
    Colour("depth-6", "#d80272", "#d80272", "#feadb0"),
    Colour("depth-7", "#ec3b4a", "#ec3b4a", "#ffc6ab"),
    Colour("depth-8", "#e76d1e", "#e76d1e", "#ffdea2"),  # ... to the last one, orange
)
COLOURS = (_INK, _SURFACE, _MUTED, _GRID, _FAINT, *_SERIES, *_DEPTH)

INK, SURFACE, MUTED, GRID, FAINT = (colour.drawn for colour in (_INK, _SURFACE, _MUTED, _GRID, _FAINT))
SERIES = tuple(colour.drawn for colour in _SERIES)
VARIABLES = {colour.drawn: f"var(--plot-{colour.name}, {colour.light})" for colour in COLOURS}


def depth(layers: int) -> tuple[str, ...]:
    """One colour per layer, from the first (dark blue) to the last (orange).

    Examples
    --------
    >>> depth(2)
    ('#00263f', '#e76d1e')
    """
    last = len(_DEPTH) - 1
    return tuple(_DEPTH[round(layer * last / max(layers - 1, 1))].drawn for layer in range(layers))


def css() -> str:
    """The variables that the SVGs use, light, and dark where the reader's screen asks for it."""
    dark = _rule([(colour.name, colour.dark) for colour in COLOURS])
    light = _rule([(colour.name, colour.light) for colour in COLOURS])
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{ {dark} }}"


def _rule(values: Sequence[tuple[str, str]]) -> str:
    return ":root { " + " ".join(f"--plot-{name}: {value};" for name, value in values) + " }"
