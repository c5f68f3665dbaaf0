"""Plots of functions: their numbers against SciPy, and what is drawn where."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import special, stats

from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.language import speaking
from gradoscope.plots.braille import braille, sketch, window
from gradoscope.plots.functions import FunctionDisplay, curve, look
from gradoscope.plots.sections import drawable


def test_value_derivative_and_second_derivative_of_gelu() -> None:
    drawn = curve(activations["gelu"], (-4, 4), second=True, points=81)
    x, density = drawn.x, stats.norm.pdf(drawn.x)
    np.testing.assert_allclose(drawn.value, x * stats.norm.cdf(x), rtol=1e-14)
    np.testing.assert_allclose(drawn.derivative, stats.norm.cdf(x) + x * density, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(drawn.second, (2 - x * x) * density, rtol=1e-3, atol=1e-5)


def test_a_function_of_rows_is_cut_along_the_last_entry() -> None:
    drawn = curve(activations["softmax"], (-3, 3), points=40)
    expected = special.softmax(np.stack([np.ones(40), drawn.x]), axis=0)[1]
    np.testing.assert_allclose(drawn.value, expected, rtol=1e-12)
    np.testing.assert_allclose(drawn.derivative, expected * (1 - expected), rtol=1e-12)
    gated = curve(activations["swiglu"], (-3, 3), points=40)
    np.testing.assert_allclose(gated.value, gated.x * special.expit(gated.x), rtol=1e-12)


def test_losses_are_cut_along_the_prediction() -> None:
    logits = curve(losses["binary_cross_entropy"], (-3, 3), points=40)
    np.testing.assert_allclose(logits.value, np.log1p(np.exp(-logits.x)), rtol=1e-12)
    classes = curve(losses["categorical_cross_entropy"], (-3, 3), second=True, points=40)
    np.testing.assert_allclose(classes.value, np.log1p(np.exp(-classes.x)), rtol=1e-12)
    np.testing.assert_allclose(classes.derivative, special.expit(classes.x) - 1, rtol=1e-12)
    share = special.expit(classes.x)
    np.testing.assert_allclose(classes.second, share * (1 - share), rtol=1e-3, atol=1e-6)
    shares = curve(losses["categorical_cross_entropy"], (-3, 3), points=41, input="probabilities")
    assert 0 < shares.x.min() < shares.x.max() < 1
    np.testing.assert_allclose(shares.value, -np.log(shares.x), rtol=1e-12)


@pytest.mark.parametrize("name", activations)
def test_every_activation_is_drawn(name: str) -> None:
    drawn = curve(activations[name], points=200)
    for numbers in (drawn.value, drawn.derivative):
        assert np.isfinite(numbers).sum() >= 196


@pytest.mark.parametrize("name", [name for name in losses if drawable(losses[name])])
def test_every_loss_is_drawn(name: str) -> None:
    drawn = curve(losses[name], points=200)
    for numbers in (drawn.value, drawn.derivative):
        assert numbers.shape == drawn.x.shape
        assert np.isfinite(numbers).sum() >= 0.95 * drawn.x.size


def test_a_loss_on_batches_is_no_curve() -> None:
    assert {name for name in losses if not drawable(losses[name])} >= {"supervised_contrastive"}
    with pytest.raises(UsageError, match="no curve"):
        curve(losses["supervised_contrastive"])


@pytest.mark.parametrize(
    ("name", "jumps_of_value", "jumps_of_derivative"),
    [("tanh", 0, 0), ("relu", 0, 1), ("sign", 1, 0), ("hardshrink", 2, 2), ("softshrink", 0, 2), ("exponential", 0, 0)],
)
@pytest.mark.parametrize("interval", [(-5, 5), (-3, 3), (-4, 6)])
def test_branches_are_kept_apart(name, jumps_of_value, jumps_of_derivative, interval) -> None:
    drawn = curve(activations[name], interval)
    gaps = [np.count_nonzero(np.isnan(numbers)) for numbers in (drawn.value, drawn.derivative)]
    assert gaps == [jumps_of_value, jumps_of_derivative]


@pytest.mark.parametrize("interval", [(1, 1), (5, -5), (0, np.inf), (np.nan, 1)])
def test_a_range_must_be_a_range(interval: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="two numbers"):
        curve(activations["relu"], interval)


def test_a_new_figure_has_one_panel_per_order() -> None:
    display = FunctionDisplay.from_function(activations["relu"], activations["silu"], derivative=True)
    assert len(display.axes_) == 2
    assert display.ax_ is display.axes_[0]
    assert [line.get_label() for line in display.lines_] == ["relu", "silu"] * 2
    assert [text.get_text() for text in display.figure_.legends[0].get_texts()] == ["relu", "silu"]
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), np.maximum(display.lines_[0].get_xdata(), 0))
    assert display._repr_png_().startswith(b"\x89PNG")


def test_lines_differ_in_colour_or_dashes() -> None:
    assert len({look(place) for place in range(32)}) == 32


def test_given_axes_are_drawn_on_and_settings_stay() -> None:
    before = dict(matplotlib.rcParams)
    axes = Figure().subplots()
    display = FunctionDisplay.from_function(losses["huber"], derivative=True, ax=axes, delta=2.0)
    assert display.ax_ is axes
    assert display.figure_ is axes.figure
    assert [line.get_label() for line in axes.lines] == ["huber(delta=2.0)", "huber(delta=2.0), derivative"]
    assert len({line.get_linestyle() for line in axes.lines}) == 2
    assert dict(matplotlib.rcParams) == before


def test_bound_parameters_are_drawn_and_named() -> None:
    steep = activations["leaky_relu"].with_parameters(negative_slope=0.5)
    drawn = curve(steep, (-2, 2), points=4)
    assert drawn.name == "leaky_relu(negative_slope=0.5)"
    assert drawn.value[0] == -1


def test_labels_are_in_the_language_in_use() -> None:
    drawn = curve(losses["mean_squared_error"])
    assert drawn.label() == "prediction, for the target 0"
    with speaking("ko"):
        assert drawn.label() == "예측 (타깃 0)"


def test_a_pole_does_not_flatten_the_plot() -> None:
    drawn = curve(losses["binary_cross_entropy"], (0, 1), input="probabilities")
    assert drawn.derivative.min() < -900
    low, high = window([drawn.derivative])
    assert -150 < low < -50
    assert high == drawn.derivative.max()


def test_braille_by_hand() -> None:
    # Two columns of four dots: from the lower left corner to the upper right one.
    assert braille(np.array([0.0, 3.0]), 1, 1, 0.0, 3.0) == (chr(0x2800 + 0x40 + 0x08 + 0x10 + 0x20),)
    assert braille(np.array([np.nan, 3.0]), 1, 1, 0.0, 3.0) == (chr(0x2800 + 0x08),)


def test_a_sketch_of_a_constant_or_of_nothing() -> None:
    x = np.linspace(0, 1, 10)
    for y in (np.zeros(10), np.full(10, np.nan)):
        lines = sketch(x, y, 20, 3)
        assert len(lines) == 5
        assert max(map(len, lines)) <= 20
