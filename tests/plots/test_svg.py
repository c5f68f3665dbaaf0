"""Figures as inline SVG: text, colours, ids, small multiples."""

import itertools
import re
import threading
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradoscope.plots.colours import COLOURS, SERIES, css, depth
from gradoscope.plots.style import canvas, drawing, fit, grid, log_values, place, plain
from gradoscope.plots.svg import panels, svg


@drawing
def drawn(name: str = "A & <b> $x$ 가") -> Figure:
    figure, all_axes = grid([(name, ""), ("B", "second line"), ("C", "")], columns=2)
    for axes in all_axes:
        axes.plot([1, 2, 3], [1.23456, -2, 3], "o-", color=SERIES[0])
    return figure


def text(source: str) -> str:
    return "|".join(
        "".join(element.itertext()) for element in ElementTree.fromstring(source).iter() if "text" in element.tag
    )


def test_text_stays_text_and_is_escaped() -> None:
    source = svg(drawn(), name="a", title="T < U", description="D & E")
    assert "A & <b> $x$ 가" in text(source)
    assert "−2" in text(source), "a minus sign, not a hyphen"
    assert '<title id="a-title">T &lt; U</title>' in source


def test_colours_are_variables_with_a_fallback() -> None:
    source = svg(drawn(), name="a", title="t", description="d")
    bare = re.sub(r"var\(--plot-[a-z0-9-]+, #[0-9a-f]{6}\)", "", source)
    assert re.findall(r"#[0-9a-f]{6}\b(?![-\w])", bare) == []
    assert "var(--plot-series-1, #0b62b0)" in source
    assert all(f"--plot-{colour.name}: {colour.dark};" in css() for colour in COLOURS)


def test_two_figures_share_no_id() -> None:
    one, other = (
        set(re.findall(r'id="([^"]+)"', svg(drawn(), name=name, title="t", description="d"))) for name in "pq"
    )
    assert one
    assert not one & other


def test_panels_are_the_cells_of_the_grid() -> None:
    cut = panels(drawn(), name="a", titles=["a", "b", "c"], descriptions=["1", "2", "3"])
    boxes = [ElementTree.fromstring(piece).get("viewBox") for piece in cut]
    assert boxes == ["0 0 240 206", "240 0 240 206", "0 206 240 206"]
    assert ["A &" in text(piece) for piece in cut] == [True, False, False]
    assert "second line" in text(cut[1])


def test_nothing_refers_outside() -> None:
    source = svg(drawn(), name="a", title="t", description="d").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in source
    assert "font-family" not in source
    assert re.findall(r"<(?:style|image|metadata)", source) == []


def test_the_users_settings_are_left_alone() -> None:
    with matplotlib.rc_context({"text.color": "red", "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        svg(drawn(), name="a", title="t", description="d")
        assert dict(matplotlib.rcParams) == before


def test_threads_draw_the_same() -> None:
    alone = svg(drawn(), name="a", title="t", description="d")
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(svg(drawn(), name="a", title="t", description="d")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [alone] * 4


def test_a_pixel_is_a_pixel() -> None:
    figure = drawing(lambda: canvas(300, 120))()
    axes = place(figure, 30, 10, 200, 80)
    box = axes.get_window_extent()
    assert np.allclose((box.x0, 120 - box.y1, box.width, box.height), (30, 10, 200, 80))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_contrast(mode: str) -> None:
    """Text at least 4.5 : 1, lines at least 3 : 1 to the surface (WCAG 2.2, 1.4.3 and 1.4.11)."""
    values = {colour.name: getattr(colour, mode) for colour in COLOURS}
    surface = values.pop("surface")
    for name in ("ink", "muted", "series-1"):
        assert contrast(values[name], surface) >= 4.5, name
    for name in values.keys() - {"grid", "faint"}:
        assert contrast(values[name], surface) >= 3, name


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colour_blind_readers_tell_the_lines_of_a_panel_apart(mode: str) -> None:
    """Training and validation, and neighbouring layers of three, as protanopes and deuteranopes see them."""
    by_drawn = {colour.drawn: getattr(colour, mode) for colour in COLOURS}
    # Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
    protan = np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    )
    deutan = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]])
    for eye in (protan, deutan, np.eye(3)):
        for colours in (SERIES[:2], depth(3), depth(4)):
            labs = [lab(eye, by_drawn[colour]) for colour in colours]
            assert min(float(np.linalg.norm(a - b)) for a, b in itertools.pairwise(labs)) > 20


def lab(eye: NDArray[np.float64], colour: str) -> NDArray[np.float64]:
    """CIELAB (D65) of a colour as an eye sees it."""
    channels = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.clip(eye @ np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ linear / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_numbers_of_logarithmic_axes() -> None:
    assert [plain(value) for value in (1e-3, 0.0003, 1.0, 2500.0, 1e4, 1e-6, 2.5e7)] == [
        "0.001", "0.0003", "1", "2500", "10⁴", "10⁻⁶", "2.5·10⁷",
    ]  # fmt: skip
    for low, high in [(1e-12, 1e12), (0.1, 1.0), (0.5, 3.0), (1e-3, 2e3)]:
        ticks = log_values(low, high, 4)
        assert 1 <= len(ticks) <= 4
        assert all(low <= tick <= high for tick in ticks)


def test_fitting_text_keeps_both_ends() -> None:
    assert fit("short", 10) == "short"
    assert fit("a" * 50 + "z" * 50, 11) == "aaaaa…zzzzz"
