"""From the cells of a dataset to the numbers a network takes, with what the training rows taught and nothing else."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer

from gradoscope.data.columns import (
    Column,
    Scale,
    column_from_json,
    column_to_json,
    fit_columns,
    fit_scale,
    write_columns,
)
from gradoscope.data.dataset import SCALINGS, Dataset
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say
from gradoscope.records import nearest

TARGETS = ("raw", "standard", "minmax", "one_hot", "codes")


@dataclass(frozen=True, eq=False)
class ArrayPlan:
    """How the columns of an array become inputs: (x - shift) / scale, a missing cell becoming `fill`.

    fill is None where the training rows had no missing cell; shift and scale have shape (columns,).
    """

    names: tuple[str, ...]
    scale: Scale
    fill: NDArray[np.float64] | None

    def apply(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """The inputs, shape (rows, columns)."""
        return self.scale.applied(values if self.fill is None else np.where(np.isnan(values), self.fill, values))


@dataclass(frozen=True)
class TablePlan:
    """How the columns of a table become inputs."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """One name per input."""
        return tuple(name for column in self.columns for name in column.names)

    def apply(self, table: pl.DataFrame) -> NDArray[np.float32]:
        """The inputs, shape (rows, inputs)."""
        out = np.empty((table.height, len(self.names)), dtype=np.float32)
        start = 0
        for _, neighbours in groupby(self.columns, type):
            same = list(neighbours)
            stop = start + sum(len(column.names) for column in same)
            write_columns(same, table, out[:, start:stop])
            start = stop
        return out


@dataclass(frozen=True, eq=False)
class TargetPlan:
    """How the target becomes numbers: one-hot, or class numbers or values scaled per column."""

    names: tuple[str, ...]
    classes: tuple[str, ...] | None
    numbers: tuple[float, ...] | None  # the number of each class; None for regression and for one-hot
    scale: Scale

    def apply(self, target: NDArray[np.generic]) -> NDArray[np.float32]:
        """The targets, shape (rows, outputs)."""
        if self.classes is not None and self.numbers is None:
            one_hot: NDArray[np.float32] = np.eye(len(self.classes), dtype=np.float32)[target]
            return one_hot
        values = target if self.numbers is None else np.array(self.numbers)[target]
        return self.scale.applied(values[:, None] if values.ndim == 1 else values)


@dataclass(frozen=True, eq=False)
class Preparation:
    """Everything that was learned from the training rows to turn a dataset into numbers.

    Examples
    --------
    >>> from gradoscope.data import load, split
    >>> dataset = load("iris")
    >>> preparation = prepare(dataset, split(dataset, seed=0).train, targets="one_hot")
    >>> preparation.inputs(dataset.inputs).shape, preparation.targets(dataset).shape
    ((150, 4), (150, 3))
    """

    plan: TablePlan | ArrayPlan
    target: TargetPlan
    task: str

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name per input of the network."""
        return self.plan.names

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the network."""
        return len(self.plan.names)

    @property
    def n_targets(self) -> int:
        """Number of target columns."""
        return len(self.target.classes or ()) if self.one_hot else len(self.target.names)

    @property
    def one_hot(self) -> bool:
        """Whether the targets are one-hot rows."""
        return self.target.classes is not None and self.target.numbers is None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Class names in order, None for regression."""
        return self.target.classes

    @property
    def target_names(self) -> tuple[str, ...]:
        """One name per target column of the source."""
        return self.target.names

    def inputs(self, raw: pl.DataFrame | NDArray[np.generic]) -> NDArray[np.float32]:
        """The inputs of the network, shape (rows, inputs), float32.

        Parameters
        ----------
        raw
            A table or array like the `inputs` of the dataset (or some rows of it).

        Raises
        ------
        DataError
            A cell is missing where no training row had a missing one, or is too large for float32.
        """
        out = self.plan.apply(raw)  # type: ignore[arg-type]
        if not np.isfinite(out).all():
            row, column = np.argwhere(~np.isfinite(out))[0]
            raise DataError(
                say(
                    "row {row} has no usable value in the input {name!r}: it is missing where no training row is, "
                    "or too large for single precision; correct or remove it.",
                    row=row + 1,
                    name=self.input_names[column],
                )
            )
        return out

    def targets(self, dataset: Dataset) -> NDArray[np.float32]:
        """The targets, shape (rows, outputs), float32: one-hot rows, class numbers or (scaled) values."""
        return self.target.apply(dataset.target)

    def original_targets(self, outputs: NDArray[np.generic]) -> NDArray[np.float64]:
        """Outputs of the network on the scale of the source, shape (rows, outputs)."""
        values = np.asarray(outputs)
        columns = values[:, None] if values.ndim == 1 else values
        return columns.astype(np.float64) if self.one_hot else self.target.scale.undo(columns)

    def to_json(self) -> dict[str, Any]:
        """The preparation as a JSON table, which `from_json` reads back."""
        plan: dict[str, Any]
        if isinstance(self.plan, TablePlan):
            plan = {"kind": "table", "columns": [column_to_json(column) for column in self.plan.columns]}
        else:
            fill = None if self.plan.fill is None else self.plan.fill.tolist()
            plan = {"kind": "array", "names": list(self.plan.names), **_scale_to_json(self.plan.scale), "fill": fill}
        classes, numbers = self.target.classes, self.target.numbers
        target = {
            "names": list(self.target.names),
            "classes": None if classes is None else list(classes),
            "numbers": None if numbers is None else list(numbers),
            **_scale_to_json(self.target.scale),
        }
        return {"task": self.task, "inputs": plan, "target": target}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> "Preparation":
        """The preparation that `to_json` wrote."""
        plan, target = table["inputs"], table["target"]
        read: TablePlan | ArrayPlan
        if plan["kind"] == "table":
            read = TablePlan(tuple(column_from_json(column) for column in plan["columns"]))
        else:
            fill = None if plan["fill"] is None else np.array(plan["fill"])
            read = ArrayPlan(tuple(plan["names"]), _scale_from_json(plan), fill)
        classes, numbers = (None if target[key] is None else tuple(target[key]) for key in ("classes", "numbers"))
        return cls(read, TargetPlan(tuple(target["names"]), classes, numbers, _scale_from_json(target)), table["task"])


def _scale_to_json(scale: Scale) -> dict[str, list[float]]:
    return {"shift": scale.shift.tolist(), "scale": scale.scale.tolist()}


def _scale_from_json(table: dict[str, Any]) -> Scale:
    return Scale(np.array(table["shift"], dtype=np.float64), np.array(table["scale"], dtype=np.float64))


def prepare(
    dataset: Dataset, train_rows: NDArray[np.int64], *, inputs: str | None = None, targets: str | None = None
) -> Preparation:
    """Learn from the training rows how to turn the dataset into numbers.

    Parameters
    ----------
    dataset
        The data.
    train_rows
        Positions of the training rows; no other row is looked at.
    inputs
        "raw", "standard" ((x - mean) / standard deviation), "minmax" (to 0..1; images by their known range 0..255),
        or None for `dataset.scaling`.
    targets
        "one_hot", "codes" (classes as 0, 1, ...), "raw" (values as the source has them; classes that are numbers
        keep their number), "standard", "minmax"; None is "codes" for classes and "raw" for regression.

    Raises
    ------
    UsageError
        An unknown choice, or one-hot or codes for a regression task.
    """
    chosen = _choice("inputs", inputs or dataset.scaling, SCALINGS)
    plan = (
        TablePlan(fit_columns(dataset.inputs, train_rows, chosen))
        if isinstance(dataset.inputs, pl.DataFrame)
        else _fit_array(dataset, dataset.inputs, train_rows, chosen)
    )
    return Preparation(plan, _fit_target(dataset, train_rows, targets), dataset.task)


def _choice(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(say("{name} cannot be {value!r}. {hint}", name=name, value=value, hint=nearest(value, known)))
    return value


def _fit_array(dataset: Dataset, values: NDArray[np.generic], rows: NDArray[np.int64], scaling: str) -> ArrayPlan:
    columns = len(dataset.input_names)
    if scaling == "minmax" and dataset.input_range is not None:
        low, high = dataset.input_range
        return ArrayPlan(dataset.input_names, Scale(np.full(columns, low), np.full(columns, high - low)), None)
    if values.dtype.kind != "f" or not np.isnan(values[rows]).any():
        return ArrayPlan(dataset.input_names, fit_scale(values, rows, scaling), None)
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    filled = imputer.fit_transform(values[rows].astype(np.float64))
    return ArrayPlan(dataset.input_names, fit_scale(filled, np.arange(len(filled)), scaling), imputer.statistics_)


def _fit_target(dataset: Dataset, rows: NDArray[np.int64], targets: str | None) -> TargetPlan:
    natural = "raw" if dataset.classes is None else "codes"
    chosen = _choice("targets", targets or natural, TARGETS)
    unscaled = Scale(np.zeros(len(dataset.target_names)), np.ones(len(dataset.target_names)))
    if dataset.classes is None:
        if chosen in ("one_hot", "codes"):
            raise UsageError(
                say("targets cannot be {value!r} for a regression task; choose raw, standard or minmax.", value=chosen)
            )
        values = dataset.target.reshape(dataset.n_rows, -1)
        return TargetPlan(dataset.target_names, None, None, fit_scale(values, rows, chosen))
    if chosen == "one_hot":
        return TargetPlan(dataset.target_names, dataset.classes, None, unscaled)
    numbers = np.arange(len(dataset.classes), dtype=np.float64) if chosen == "codes" else dataset.class_values()
    scaling = "raw" if chosen == "codes" else chosen
    scale = fit_scale(numbers[dataset.target][:, None], rows, scaling)
    return TargetPlan(dataset.target_names, dataset.classes, tuple(numbers.tolist()), scale)
