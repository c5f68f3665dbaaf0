"""Activations and losses: value, derivative and second derivative over one number."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from gradoscope.errors import UsageError
from gradoscope.functions import Activation, Loss
from gradoscope.language import say, speaking
from gradoscope.plots.braille import window
from gradoscope.plots.colours import SERIES
from gradoscope.plots.figure import Panels, label_language, png
from gradoscope.plots.sections import Section, section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Numbers = NDArray[np.float64]
POINTS = 1000  # an even number: a range about 0 then has no point at 0, where most kinks are
Dashes = str | tuple[int, tuple[float, ...]]
STYLES: tuple[Dashes, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
ORDERS = ("value", "derivative", "second")


class Curve(NamedTuple):
    """What is drawn of one function: x, value and derivative (points,); `second` is empty unless it was asked for.

    Where a curve jumps, NaN keeps its branches apart. `label` names x in the language in use when it is called.
    """

    name: str
    label: Callable[[], str]
    x: Numbers
    value: Numbers
    derivative: Numbers
    second: Numbers


def curve(
    function: Activation | Loss,
    interval: tuple[float, float] = (-5.0, 5.0),
    *,
    second: bool = False,
    points: int = POINTS,
    **parameters: Any,
) -> Curve:
    """The numbers of a plot of `function`.

    Parameters
    ----------
    function
        Of the catalogue. A function of rows is cut along the row (1, x), a loss along its prediction, with the target
        that the label of the axis names.
    interval
        From, to; what lies outside the domain of the function is left out.
    second
        Whether the second derivative is computed too, by JAX, in float32.
    points
        How many, evenly far apart.
    **parameters
        Of the function; for a loss also `input`, what its prediction is.

    Raises
    ------
    UsageError
        The interval is empty or outside the domain, or a parameter is unknown or impossible.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> curve(activations["relu"], (-1, 1), points=4).value.round(2)
    array([0.  , 0.  , 0.33, 1.  ])
    """
    low, high = interval
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UsageError(
            say("the range of a plot is {low} to {high}; expected two numbers, the smaller one first.",
                low=f"{low:g}", high=f"{high:g}")
        )  # fmt: skip
    cut = section(function, parameters)
    x = _points(cut, function, max(low, cut.low), min(high, cut.high), points)
    with np.errstate(all="ignore"):
        value, derivative = np.asarray(cut.value(x)), np.asarray(cut.derivative(x))
    curvature = _curvature(cut.value, x) if second else np.empty(0)
    return Curve(_name(function, parameters), cut.label, x, *map(_broken, (value, derivative, curvature)))


def _points(cut: Section, function: Activation | Loss, low: float, high: float, points: int) -> Numbers:
    """Points inside the domain; its open ends are left out."""
    if low >= high:
        raise UsageError(
            say("{function} is defined from {low} to {high}, and the range of the plot lies outside.",
                function=function.name, low=f"{cut.low:g}", high=f"{cut.high:g}")
        )  # fmt: skip
    x = np.linspace(low, high, points)
    return x[(x > cut.low) & (x < cut.high)]


def _curvature(value: Callable[[Any], Any], x: Numbers) -> Numbers:
    import jax

    second = jax.jit(jax.vmap(jax.grad(jax.grad(value))))
    return np.asarray(second(x.astype(np.float32)), np.float64)


def _broken(y: Numbers) -> Numbers:
    """NaN where the curve jumps and where it is not finite.

    A jump is a step that is much larger than the steps two points before and behind it.
    """
    shown = np.where(np.isfinite(y), y, np.nan)
    if y.size < 6 or not np.isfinite(shown).any():
        return shown
    steps = np.pad(np.abs(np.diff(np.nan_to_num(shown))), 2)
    around = np.maximum(steps[:-4], steps[4:])
    jumps = steps[2:-2] > 20 * around + 0.01 * (np.nanmax(shown) - np.nanmin(shown))
    shown[1:][jumps] = np.nan
    return shown


def _name(function: Activation | Loss, parameters: dict[str, Any]) -> str:
    given = ", ".join(f"{name}={value}" for name, value in parameters.items())
    return f"{function!r}({given})" if given else repr(function)


def look(place: int) -> tuple[str, Dashes]:
    """Colour and dashes of a line; the first 32 all differ, and neighbours differ in both."""
    return SERIES[place % len(SERIES)], STYLES[(place + place // len(SERIES)) % len(STYLES)]


class FunctionDisplay:
    """A plot of one or several functions of the catalogue, in the manner of scikit-learn's displays.

    Parameters
    ----------
    curves
        What is drawn, from `curve`.
    orders
        Among "value", "derivative" and "second".

    Attributes
    ----------
    ax_ : matplotlib Axes
        What the value is drawn on.
    axes_ : tuple of matplotlib Axes
        One per order; all the same where one was given.
    figure_ : matplotlib Figure
    lines_ : tuple of matplotlib Line2D

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> display = FunctionDisplay.from_function(activations["gelu"], activations["silu"], derivative=True)
    >>> len(display.axes_), [line.get_label() for line in display.axes_[0].lines]
    (2, ['gelu', 'silu'])
    """

    ax_: "Axes"
    axes_: "tuple[Axes, ...]"
    figure_: "Figure"
    lines_: "tuple[Line2D, ...]"

    def __init__(self, curves: Sequence[Curve], *, orders: Sequence[str] = ("value",)) -> None:
        self.curves = tuple(curves)
        self.orders = tuple(orders)

    @classmethod
    def from_function(
        cls,
        *functions: Activation | Loss,
        derivative: bool = False,
        second: bool = False,
        interval: tuple[float, float] = (-5.0, 5.0),
        ax: "Axes | None" = None,
        **parameters: Any,
    ) -> Self:
        """Compute and draw; `parameters` are given to every function.

        Parameters
        ----------
        functions
            Activations and losses; bind parameters of one alone with `with_parameters`.
        derivative, second
            Whether these are drawn beside the value.
        interval
            From, to.
        ax
            Axes to draw everything on; by default a new figure with one panel per order.
        """
        curves = [curve(function, interval, second=second, **parameters) for function in functions]
        wanted = (True, derivative, second)
        return cls(curves, orders=[order for order, want in zip(ORDERS, wanted, strict=True) if want]).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on `ax`, or on a new figure."""
        with speaking(label_language()):
            panels = [_Panel(self.curves, order, alone=ax is None) for order in self.orders]
            if ax is None:
                self._draw_figure(panels)
            else:
                self._draw_on(panels, ax)
        self.ax_ = self.axes_[0]
        self.lines_ = tuple(dict.fromkeys(line for axes in self.axes_ for line in axes.lines))
        return self

    def _draw_figure(self, panels: "list[_Panel]") -> None:
        self.figure_ = Panels(tuple(panels), columns=len(panels)).draw()
        self.axes_ = tuple(self.figure_.axes)
        if len(self.curves) == 1:
            self.figure_.suptitle(self.curves[0].name, fontsize="x-large", fontweight="bold")
        else:
            handles = self.axes_[0].get_lines()
            self.figure_.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 2 * len(panels)))

    def _draw_on(self, panels: "list[_Panel]", ax: "Axes") -> None:
        from gradoscope.plots.style import styled

        with styled():
            for panel in panels:
                panel.draw(ax)
            ax.legend()
        figure = ax.get_figure(root=True)
        assert figure is not None
        self.figure_, self.axes_ = figure, (ax,) * len(panels)

    def _repr_png_(self) -> bytes:
        return png(self.figure_)


class _Panel(NamedTuple):
    """Value, derivative or second derivative of all curves; `alone`: it has its axes for itself."""

    curves: tuple[Curve, ...]
    order: str
    alone: bool

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""
        title = {"value": say("value"), "derivative": say("derivative"), "second": say("second derivative")}[self.order]
        for place, each in enumerate(self.curves):
            label = each.name if self.alone or self.order == "value" else f"{each.name}, {title}"
            colour, style = look(place)
            axes.plot(
                each.x, getattr(each, self.order), label=label, color=colour, linewidth=2,
                linestyle=style if self.alone else STYLES[ORDERS.index(self.order)],
            )  # fmt: skip
        labels = {each.label() for each in self.curves}
        axes.set_xlabel(labels.pop() if len(labels) == 1 else "x")
        if self.alone:
            axes.set_title(title)
            low, high = window([getattr(each, self.order) for each in self.curves])
            margin = 0.05 * (high - low)
            axes.set_ylim(low - margin, high + margin)
