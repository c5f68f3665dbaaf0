"""How every figure looks: colours, fonts (Hangul where one is found), and how it is written to files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib import font_manager
from matplotlib.figure import Figure

from gradoscope.language import language

# Okabe & Ito (2008): told apart by colour-blind readers too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#888888")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# Fonts that hold Hangul, the ones made for the screen first.
HANGUL = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "NanumGothic",
    "NanumBarunGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "NanumSquare",
    "UnDotum",
    "Baekmuk Dotum",
    "Noto Sans CJK JP",
    "Noto Serif CJK KR",
)


@cache
def hangul_font() -> str | None:
    """The name of a font on this machine that holds Hangul, or None."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in HANGUL if name in known), None)
    return found or _installed_since()


def _installed_since() -> str | None:
    """A font that Matplotlib's list, made once per machine, does not hold yet."""
    stems = {name.replace(" ", "").lower(): name for name in HANGUL}
    for path in sorted(font_manager.findSystemFonts()):
        if any(Path(path).stem.lower().replace("-regular", "").startswith(stem) for stem in stems):
            font_manager.fontManager.addfont(path)
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in HANGUL if name in known), None)


def label_language() -> str:
    """The language for labels: the one in use, or English where no font holds its letters."""
    return "en" if language() == "ko" and hangul_font() is None else language()


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the common style inside the block."""
    family = [font for font in ("DejaVu Sans", hangul_font() if language() == "ko" else None) if font]
    settings: dict[str, Any] = {
        "font.family": family,
        "font.size": 10,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 11,
        "axes.unicode_minus": False,
        "grid.alpha": 0.3,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "svg.hashsalt": "gradoscope",
    }
    with mpl.rc_context(settings):  # type: ignore[arg-type]
        yield


def svg(figure: Figure) -> bytes:
    """The figure as SVG; letters are outlines, so that it looks the same on every machine."""
    return _written(figure, "svg", metadata={"Date": None})


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _written(figure, "png", dpi=150)


def _written(figure: Figure, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    with styled():
        figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()
