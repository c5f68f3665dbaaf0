"""Tables larger than memory: one pass over a Parquet file prepares them, and each epoch reads them shard by shard."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.columns import Boolean, Number, ScaleLearner
from gradoscope.data.dataset import Dataset
from gradoscope.data.fingerprint import CellsFingerprint
from gradoscope.data.preparation import Preparation, TablePlan, prepare
from gradoscope.data.shards import Shards, open_shards
from gradoscope.data.spec import ClassWeight, DataSpec, Rows, weights_by_class, with_classes
from gradoscope.data.spool import Spool
from gradoscope.data.targets import RawTarget, read_target
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say

SHARD_ROWS = 2**17  # read at a time: smaller parts of a row group take longer to decode than a share of all of it


@dataclass(frozen=True, eq=False)
class Streamed:
    """The data of an experiment whose training rows stay in their file.

    Parameters
    ----------
    shards
        The file.
    preparation
        What one pass over the training rows taught.
    classes
        For a target of classes: its distinct cells, and the number of the class of each.
    weights
        Of each class, or None.
    outline
        Targets and weights that have the mean, or the share of each class, of all training rows; no inputs.
    held
        Validation and test rows, in memory.
    fingerprint
        Of all cells of the file.
    spool
        Keeps what was decoded for the next epochs.
    """

    shards: Shards
    preparation: Preparation
    classes: tuple[pl.Series, NDArray[np.int64]] | None
    weights: NDArray[np.float32] | None
    outline: Rows
    held: tuple[Rows, ...] = ()
    fingerprint: str = ""
    spool: Spool = field(default_factory=Spool)

    @property
    def validation(self) -> Rows:
        """The validation rows."""
        return self.held[0]

    @property
    def test(self) -> Rows | None:
        """The test rows, where there are any."""
        return self.held[1] if len(self.held[1].inputs) else None

    @property
    def task(self) -> str:
        """The task."""
        return self.preparation.task

    @property
    def n_train(self) -> int:
        """How many rows train."""
        return self.shards.rows - sum(self.shards.held)

    def train(self, order: Iterable[int]) -> Iterator[Rows]:
        """The training rows of shards in a given order, a shard at a time."""
        return (self.spool.rows(number, partial(self._decoded, number)) for number in order)

    def _decoded(self, number: int) -> Rows:
        return self.rows(self.shards.read(number)).at(self.shards.parts(number).train)

    def rows(self, cells: pl.DataFrame) -> Rows:
        """Cells of the file as numbers for the network."""
        inputs, target = self.preparation.inputs(cells.select(self.shards.inputs)), cells[self.shards.target]
        if self.classes is None:
            return Rows(inputs, self.preparation.target.apply(target.to_numpy()))
        distinct, numbers = self.classes
        found = target.replace_strict(distinct, pl.Series(numbers), default=None, return_dtype=pl.Int64)
        if found.null_count():
            raise DataError(say("{place} was changed while it was read; begin again.", place=self.shards.path.name))
        codes = found.to_numpy()
        weights = None if self.weights is None else self.weights[codes]
        return Rows(inputs, self.preparation.target.apply(codes), weights)


def stream(
    spec: DataSpec,
    n_outputs: int,
    seed: int,
    folder: Path,
    class_weight: ClassWeight = None,
    *,
    shard_rows: int = SHARD_ROWS,
) -> Streamed:
    """Read through a Parquet file once, and prepare what an experiment says (`prepare_experiment`).

    Parameters
    ----------
    spec
        The [data] table, with target and task.
    n_outputs, seed, folder, class_weight
        As for `prepare_experiment`.
    shard_rows
        How many rows are read at a time.

    Raises
    ------
    UsageError
        Columns that the file does not have, or targets that cannot be learned in one pass.
    DataError
        No sound Parquet file; columns of texts, dates or lists; missing or infinite cells; more validation or test
        rows than are kept in memory.
    """
    shards = open_shards(spec, seed, folder, shard_rows)
    target = _Numbers(spec, shards) if spec.task == "regression" else _Classes(spec, shards)
    columns, held, seen = ScaleLearner(spec.inputs, len(shards.inputs)), [], CellsFingerprint()
    for number in range(len(shards)):
        cells, parts = shards.checked(number), shards.parts(number)
        seen.see(cells)
        held.append((cells[parts.validation], cells[parts.test]))
        columns.see(cells[parts.train].select(pl.col(shards.inputs).cast(pl.Float64)).to_numpy())
        target.see(cells[shards.target], parts.train)
    kept = [pl.concat(part) for part in zip(*held, strict=True)]
    streamed = target.learned(_columns(kept[0], shards.inputs, columns), n_outputs, class_weight)
    return replace(streamed, held=tuple(streamed.rows(cells) for cells in kept), fingerprint=seen.value())


def _columns(cells: pl.DataFrame, names: tuple[str, ...], learner: ScaleLearner) -> TablePlan:
    learned = zip(names, *(numbers.tolist() for numbers in learner.scale()), strict=True)
    return TablePlan(
        tuple(
            Boolean(name) if cells.schema[name] == pl.Boolean else Number(name, 0.0, shift, scale)
            for name, shift, scale in learned
        )
    )


def _raw(values: NDArray[np.generic], shards: Shards) -> RawTarget:
    return RawTarget(values, (shards.target,), np.arange(1, len(values) + 1), shards.path.name)


def _few(values: NDArray[np.generic], spec: DataSpec, shards: Shards) -> Dataset:
    """Data with these targets and no inputs."""
    target, none = read_target(_raw(values, shards), spec.task, as_written=True), np.empty((len(values), 0))
    return Dataset(shards.path.name, none, target.values, (shards.target,), target.classes, target.task, "raw", ())


class _Numbers:
    """What a target of numbers teaches."""

    def __init__(self, spec: DataSpec, shards: Shards) -> None:
        self._shards = shards
        self._plan = prepare(_few(np.zeros(1), spec, shards), np.arange(1), targets=spec.targets)
        self._mean, self._scale = ScaleLearner("standard", 1), ScaleLearner(spec.targets, 1)

    def see(self, target: pl.Series, train: NDArray[np.int64]) -> None:
        values = read_target(_raw(target.to_numpy(), self._shards), "regression", as_written=True).values
        for learner in (self._mean, self._scale):
            learner.see(values[train][:, None])

    def learned(self, columns: TablePlan, _n_outputs: int, class_weight: ClassWeight) -> Streamed:
        if class_weight is not None:
            weights_by_class(None, None, class_weight)
        plan = replace(self._plan.target, scale=self._scale.scale())
        outline = Rows(np.empty((1, 0), np.float32), plan.apply(self._mean.scale().shift))
        return Streamed(self._shards, replace(self._plan, plan=columns, target=plan), None, None, outline)


class _Classes:
    """What a target of classes teaches."""

    def __init__(self, spec: DataSpec, shards: Shards) -> None:
        if spec.targets in ("standard", "minmax"):
            raise UsageError(
                say("[data] targets = {value!r} is for regression with stream = true.", value=spec.targets)
            )
        self._spec, self._shards = spec, shards
        self._counts: pl.DataFrame | None = None

    def see(self, target: pl.Series, train: NDArray[np.int64]) -> None:
        trains = np.zeros(len(target), np.int64)
        trains[train] = 1
        seen = pl.DataFrame({"value": target, "rows": trains})
        seen = seen if self._counts is None else pl.concat([self._counts, seen])
        self._counts = seen.group_by("value").agg(pl.col("rows").sum())

    def learned(self, columns: TablePlan, n_outputs: int, class_weight: ClassWeight) -> Streamed:
        assert self._counts is not None
        counts = self._counts.sort("value")
        rows, few = counts["rows"].to_numpy(), _few(np.array(counts["value"].to_list()), self._spec, self._shards)
        one_hot = self._spec.targets == "one_hot" or n_outputs > 1
        few = with_classes(few, n_outputs) if one_hot else few
        plan = prepare(few, np.arange(len(rows)), targets="one_hot" if one_hot else self._spec.targets)
        codes = few.target.astype(np.int64)
        of_class = np.bincount(codes, rows, minlength=len(few.classes or ())).astype(np.int64)
        weights = None if class_weight is None else weights_by_class(few.classes, of_class, class_weight)
        counted = (rows if weights is None else rows * weights[codes]).astype(np.float32)
        outline = Rows(np.empty((len(rows), 0), np.float32), plan.target.apply(codes), counted)
        return Streamed(self._shards, replace(plan, plan=columns), (counts["value"], codes), weights, outline)
