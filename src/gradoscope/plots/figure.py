"""A figure of one or more plots side by side, and how it is written to files."""

from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gradoscope.language import language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL = (5.4, 4.0)  # inches
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


class Plot(Protocol):
    """Numbers that know how to draw themselves."""

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""


class Panels(NamedTuple):
    """Plots side by side, `columns` in a row."""

    plots: tuple[Plot, ...]
    columns: int = 2

    def draw(self) -> "Figure":
        """The figure."""
        from matplotlib.figure import Figure

        from gradoscope.plots.style import styled

        columns = min(self.columns, len(self.plots))
        rows = ceil(len(self.plots) / columns)
        with styled():
            figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows), layout="constrained")
            grid = figure.subplots(rows, columns, squeeze=False).ravel()
            for axes, plot in zip(grid, self.plots, strict=False):
                axes.grid(alpha=0.3)
                axes.set_axisbelow(True)
                plot.draw(axes)
            for axes in grid[len(self.plots) :]:
                axes.set_axis_off()
        return figure


def label_language() -> str:
    """The language for the labels of a plot: the one in use, or English where no font has its letters."""
    return "en" if language() == "ko" and not _draws_hangul() else language()


def _draws_hangul() -> bool:
    """Whether a font has Hangul; one that was installed after Matplotlib made its list is added to it."""
    from matplotlib import font_manager

    from gradoscope.plots.style import HANGUL_FONTS, fonts

    if len(fonts()) > 1:
        return True
    stems = tuple(name.replace(" ", "").lower() for name in HANGUL_FONTS)
    found = [path for path in font_manager.findSystemFonts() if Path(path).stem.lower().startswith(stems)]
    for path in sorted(found):
        font_manager.fontManager.addfont(path)
    fonts.cache_clear()
    return len(fonts()) > 1


def png(figure: "Figure") -> bytes:
    """The figure as PNG."""
    return _written(figure, "png", dpi=150)


def svg(figure: "Figure") -> bytes:
    """The figure as SVG that stands alone: letters are outlines, so that it looks the same on every machine."""
    return _written(figure, "svg", metadata={"Date": None})


def pdf(figure: "Figure") -> bytes:
    """The figure as PDF."""
    return _written(figure, "pdf", metadata={"CreationDate": None})


def _written(figure: "Figure", kind: str, **options: Any) -> bytes:
    import matplotlib

    from gradoscope.plots.style import styled

    buffer = BytesIO()
    with styled(), matplotlib.rc_context({"svg.fonttype": "path"}):
        figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()
