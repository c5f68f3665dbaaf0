"""Losses for regression on data with outliers: values, gradients, and the line that each one fits."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, network
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real, Whole
from gradoscope.networks import TrainingSpec
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import fit_population

Array = NDArray[np.floating]
NAMES = {"mean_squared_error": "MSE", "root_mean_squared_error": "RMSE", "mean_absolute_error": "MAE",
         "huber": "Huber"}  # fmt: skip
SLOPE, INTERCEPT, NOISE = 2.0, 1.0, 0.3
TRAINING = TrainingSpec(learning_rate=0.03, epochs=100, batch_size=1000, shuffle=False)


class Fit(NamedTuple):
    """A loss: its value at the true line without and with outliers, and the line that minimises it with them."""

    name: str
    clean: float
    value: float
    regular_pull: float
    outlier_pull: float
    slope: float
    intercept: float


class Measured(NamedTuple):
    """What was measured."""

    x: Array
    y: Array
    outliers: NDArray[np.bool_]
    fits: tuple[Fit, ...]
    mean_error: float
    squared: float
    least_squares: tuple[float, float]

    def of(self, name: str) -> Fit:
        """The fit of a loss."""
        return next(fit for fit in self.fits if fit.name == name)


def measure(outliers: int, size: float, rows: int, seed: int) -> Measured:
    """Fit a line under each loss."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, rows)
    error = rng.normal(0, NOISE, rows)
    far = np.zeros(rows, bool)
    far[np.argsort(x)[rows - outliers :]] = True
    clean = SLOPE * x + INTERCEPT + error
    y = np.where(far, clean - size, clean)
    lines = _lines(x, y, seed)
    least = np.linalg.lstsq(np.column_stack([x, np.ones(rows)]), y, rcond=None)[0]
    rest = y - (least[0] * x + least[1])
    return Measured(
        x=x,
        y=y,
        outliers=far,
        fits=tuple(_fit(name, x, clean, y, far, *line) for name, line in lines.items()),
        mean_error=float(rest.mean()),
        squared=float((rest**2).mean()),
        least_squares=(float(least[0]), float(least[1])),
    )


def _lines(x: Array, y: Array, seed: int) -> dict[str, tuple[float, float]]:
    """Slope and intercept that gradient descent on all rows finds under each loss, all in one program."""
    specs = [network([], "identity", link="identity", loss=name, start="zeros") for name in NAMES]
    many = 30  # passes over the rows in each epoch
    data = Rows(*(np.tile(each.astype(np.float32)[:, None], (many, 1)) for each in (x, y)))
    training = TrainingSpec(
        learning_rate=TRAINING.learning_rate, epochs=TRAINING.epochs, batch_size=len(x), shuffle=False, seed=seed,
        decay=0.002,
    )  # fmt: skip
    runs = fit_population(experiments(specs, training), data, data.at(slice(len(x))), "regression")
    found = [(float(run.params[0].kernel[0, 0, 0]), float(run.params[0].bias[0, 0])) for run in runs]
    return dict(zip(NAMES, found, strict=True))


def _fit(name: str, x: Array, clean: Array, y: Array, far: NDArray[np.bool_], slope: float, intercept: float) -> Fit:
    entry, line = losses[name], SLOPE * x + INTERCEPT
    pull = abs(entry.derivative(line, y))
    if name == "root_mean_squared_error":  # of the whole: error / (rows * RMSE), here per row
        pull = abs(y - line) / float(entry(line, y, reduction="mean"))
    return Fit(
        name,
        float(entry(line, clean, reduction="mean")),
        float(entry(line, y, reduction="mean")),
        float(np.median(pull[~far])),
        float(np.median(pull[far])) if far.any() else 0.0,
        slope,
        intercept,
    )


def claims(measured: Measured) -> tuple[Claim, ...]:
    """What squares and roots do."""
    mse, rmse, mae = (measured.of(name) for name in tuple(NAMES)[:3])
    cancel = abs(measured.mean_error) < 0.01 * measured.squared**0.5
    grown = {fit.name: fit.value / fit.clean for fit in measured.fits}
    same = abs(mse.slope - rmse.slope) < 0.02
    robust = abs(mae.slope - SLOPE) < abs(rmse.slope - SLOPE)
    right = abs(mse.slope - measured.least_squares[0]) < 0.02
    return (
        Claim(
            13,
            say("Mean squared error, its root and the mean absolute error: squares keep errors from cancelling, the "
                "root keeps large errors from distorting the value."),
            Verdict.of(cancel and right and grown[rmse.name] < grown[mse.name], limited=same and robust),
            say("Squares: the errors of the best line average {mean:.0e}, their squares {squared:.2f}. The root: the "
                "outliers multiply MSE by {mse:.1f} and RMSE by only {rmse:.1f} (MAE {mae:.1f}). But the lines: "
                "where the slope {true:g} is true, RMSE fits {rmse_slope:.2f}, MSE {mse_slope:.2f}, and MAE, whose "
                "pull does not grow with the error, {mae_slope:.2f}.",
                mean=measured.mean_error, squared=measured.squared, mse=grown[mse.name], rmse=grown[rmse.name],
                mae=grown[mae.name], rmse_slope=rmse.slope, mse_slope=mse.slope, true=SLOPE, mae_slope=mae.slope),
            {"mean_error": measured.mean_error, "mean_squared_error": measured.squared,
             "mse_grew": grown[mse.name], "rmse_grew": grown[rmse.name], "mae_grew": grown[mae.name],
             "slope_mse": mse.slope, "slope_rmse": rmse.slope, "slope_mae": mae.slope,
             "slope_least_squares": measured.least_squares[0], "true_slope": SLOPE},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Values, pulls and lines."""
    columns = (say("loss"), say("without outliers"), say("with"), say("pull, regular row"), say("pull, outlier"),
               say("slope"), say("intercept"))  # fmt: skip
    rows = tuple((NAMES[fit.name], *fit[1:]) for fit in measured.fits)
    title = say("At the true line (slope {slope:g}, intercept {intercept:g}), and the line fitted to the outliers too",
                slope=SLOPE, intercept=INTERCEPT)  # fmt: skip
    return (Table(title, columns, ("", *(".3f",) * 6), rows),)


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The lines, and the losses with their derivatives."""
    x, ends = measured.x, np.array([-1.0, 1.0])
    lines = tuple(
        Line(NAMES[fit.name], ends, fit.slope * ends + fit.intercept, colour=i) for i, fit in enumerate(measured.fits)
    )
    true = Line(say("true line"), ends, SLOPE * ends + INTERCEPT, dashed=True)
    dots = Line(say("data"), x, measured.y, dots=True, colour=5)
    error = np.linspace(-3, 3, 121)
    zero = np.zeros_like(error)
    single = [name for name in NAMES if name != "root_mean_squared_error"]  # for one row RMSE is the absolute error
    return (
        Figure(
            "regression-losses",
            say("Outliers pull hardest under squared error; MSE and RMSE fit the same line."),
            Panels((
                Curves(say("The line that each loss fits"), "x", "y", (*lines, true, dots)),
                Curves(say("Loss of one row"), say("error"), say("loss"),
                       tuple(Line(NAMES[name], error, losses[name](error, zero)) for name in single)),
                Curves(say("Gradient of one row"), say("error"), say("gradient"),
                       tuple(Line(NAMES[name], error, losses[name].derivative(error, zero)) for name in single)),
            ), columns=3),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--outliers 0", say("without outliers all losses agree")),
        ("--size 50", say("the further out, the worse for MSE; MAE does not mind")),
    )


LESSON = Lesson(
    name="regression-losses",
    numbers=(13,),
    summary=lambda: say("MSE, RMSE and MAE on data with outliers"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("outliers", 12, Whole(0, 40), lambda: say("number of outliers")),
        Parameter("size", 5.0, Real(0, 1000), lambda: say("how far out the outliers lie")),
        Parameter("rows", 100, Whole(50, 1000), lambda: say("number of rows")),
    ),
)
