"""The [data] table of an experiment file, and the arrays that a network trains on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.columns import fit_scale
from gradoscope.data.dataset import SCALINGS, TASKS, Dataset
from gradoscope.data.loading import load
from gradoscope.data.preparation import TARGETS, Preparation, prepare
from gradoscope.data.splitting import Split, row_count, split
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say
from gradoscope.records import nearest

ClassWeight = Mapping[str, float] | str | None


@dataclass(frozen=True)
class DataSpec:
    """The data of an experiment: where they come from, which rows validate, how they are scaled.

    Parameters
    ----------
    source
        Name of built-in data, of a loader or generator of scikit-learn, or a file beside the experiment file.
    options
        Arguments of a built-in source.
    target
        Target column of a table; None guesses.
    task
        "binary", "multiclass" or "regression"; None guesses.
    validation
        Share (float) or number (int) of rows kept for validation.
    test
        Share or number of rows kept for a final test; a source with test rows of its own keeps those.
    shuffle
        Whether rows are permuted once, from the seed, before they are divided; if not, the last rows validate.
    inputs
        "raw", "standard" or "minmax", measured on the training rows.
    targets
        "raw", "standard", "minmax", "one_hot", or "codes" (classes as 0, 1, ... even where labels are other numbers).
    drop
        Columns of a table that are no inputs.
    separator, encoding
        Of a text file; None guesses.
    group, time
        Columns of a table by which rows are divided (`gradoscope.data.load`); the latest rows test.
    stratify, folds
        As `compare` divides rows (`gradoscope.data.split`): each class keeps its share in every part (in time order
        the seed is the number of the window), and the rows of one of so many folds test.
    stream
        Whether the rows stay in their Parquet file and are read in parts, epoch by epoch (`gradoscope.data.stream`).

    Raises
    ------
    UsageError
        A value that the format does not know.
    """

    source: str
    options: Mapping[str, object] = field(default_factory=dict)
    target: str | None = None
    task: str | None = None
    validation: float | int = 0.2
    shuffle: bool = True
    inputs: str = "raw"
    targets: str = "raw"
    test: float | int = 0
    drop: tuple[str, ...] = ()
    separator: str | None = None
    encoding: str | None = None
    group: str | None = None
    time: str | None = None
    stream: bool = False
    stratify: bool = False
    folds: int | None = None

    def __post_init__(self) -> None:
        for name, known in (("inputs", SCALINGS), ("targets", TARGETS), ("task", (None, *TASKS))):
            value = getattr(self, name)
            if value not in known:
                hint = nearest(str(value), [each for each in known if each])
                raise UsageError(say("[data] {name} cannot be {value!r}. {hint}", name=name, value=value, hint=hint))
        for name in ("validation", "test"):
            row_count(getattr(self, name), 1, f"[data] {name}")
        if self.stream:
            self._check_stream()

    def _check_stream(self) -> None:
        """What takes a look at all rows at once is refused."""
        for name in ("target", "task"):
            if getattr(self, name) is None:
                raise UsageError(
                    say("[data] stream = true needs {name}: a guess would need all rows at once.",
                        name=name)
                )  # fmt: skip
        given = [
            name
            for name in ("options", "separator", "encoding", "group", "time", "stratify", "folds")
            if getattr(self, name)
        ]
        if given or not self.shuffle:
            raise UsageError(
                say("[data] {name} cannot be used with stream = true; leave one of them out.",
                    name=", ".join(given) or "shuffle = false")
            )  # fmt: skip


class Rows(NamedTuple):
    """Numbers for the network: inputs (rows, inputs) and targets (rows, outputs), both float32.

    `weights` (rows,), float32, says how much each row counts in losses and scores; None counts every row once.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None

    def at(self, rows: slice | NDArray[np.integer]) -> "Rows":
        """Some of the rows."""
        return Rows(*(None if part is None else part[rows] for part in self))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The data of an experiment, ready to train on."""

    train: Rows
    validation: Rows
    test: Rows | None
    task: str
    classes: tuple[str, ...] | None
    preparation: Preparation
    dataset: Dataset


def prepare_experiment(
    spec: DataSpec, n_outputs: int, seed: int, folder: Path, class_weight: ClassWeight = None
) -> Prepared:
    """Load, divide and prepare what an experiment says, exactly as it says it.

    Parameters
    ----------
    spec
        The [data] table.
    n_outputs
        Output units of the network: one-hot targets are implied by several of them and a one-column class target.
    seed
        Seed of the permutation.
    folder
        Where the files of the experiment lie.
    class_weight
        How much the rows of each class count, by the name of the class (1 where it is not named), or "balanced":
        rows / (classes * rows of the class), counted in the training rows, so that all classes count the same.

    Raises
    ------
    UsageError
        Class weights for a task without classes, or for a class that the data do not have.
    DataError
        The data are missing or unusable, or leave no row to train or validate on.
    """
    if spec.stream:
        raise UsageError(say("[data] stream = true is read by gradoscope train alone; leave it out here."))
    dataset = load(
        spec.source,
        target=spec.target,
        task=spec.task,
        options=spec.options,
        separator=spec.separator,
        encoding=spec.encoding,
        drop=spec.drop,
        group=spec.group,
        time=spec.time,
        folder=folder,
        as_written=True,
    )
    parts = divide(dataset, spec, seed)
    one_hot = spec.targets == "one_hot" or (dataset.classes is not None and n_outputs > 1)
    if one_hot:
        dataset = with_classes(dataset, n_outputs)
    preparation = prepare(dataset, parts.train, inputs=spec.inputs, targets="one_hot" if one_hot else spec.targets)
    targets = preparation.target.apply(dataset.target)
    if dataset.target_columns is not None:  # they are the outputs, and no encoding is applied
        scaling = spec.targets if spec.targets in SCALINGS else "raw"
        targets = fit_scale(dataset.target_columns, parts.train, scaling).applied(dataset.target_columns)
    weights = class_weights(dataset, parts.train, class_weight)
    train, validation, test = (
        Rows(preparation.inputs(dataset.inputs[part]), targets[part], None if weights is None else weights[part])
        for part in parts
    )
    return Prepared(
        train, validation, test if len(parts.test) else None, dataset.task, dataset.classes, preparation, dataset
    )


def divide(dataset: Dataset, spec: DataSpec, seed: int) -> Split:
    """The rows of each part in the order in which they stand (or, shuffled, were drawn): train, validation, test."""
    as_compared = spec.stratify or spec.folds is not None
    if as_compared or dataset.groups is not None or dataset.times is not None:
        number = seed if as_compared or dataset.times is None else 0  # else the latest rows test
        return split(dataset, number, validation=spec.validation, test=spec.test, folds=spec.folds)
    fixed = dataset.test_rows
    pool = np.arange(dataset.n_rows) if fixed is None else np.setdiff1d(np.arange(dataset.n_rows), fixed)
    if spec.shuffle:
        pool = np.random.default_rng(seed).permutation(pool)
    n_test = row_count(spec.test, len(pool), "test") if fixed is None else 0
    n_validation = row_count(spec.validation, len(pool), "validation")
    n_train = len(pool) - n_test - n_validation
    if n_train < 1 or n_validation < 1:
        raise DataError(
            say(
                "{name} has {n} rows, and validation = {validation} leaves none to train or none to validate on.",
                name=dataset.name,
                n=len(pool),
                validation=spec.validation,
            )
        )
    train, validation, test = np.split(pool, [n_train, n_train + n_validation])
    return Split(train, validation, test if fixed is None else fixed)


def class_weights(dataset: Dataset, train: NDArray[np.int64], given: ClassWeight) -> NDArray[np.float32] | None:
    """The weight of every row by its class, as `prepare_experiment` says; None where nothing is given."""
    if given is None:
        return None
    counts = None if dataset.classes is None else np.bincount(dataset.target[train], minlength=len(dataset.classes))
    return weights_by_class(dataset.classes, counts, given)[dataset.target]


def weights_by_class(
    classes: tuple[str, ...] | None, counts: NDArray[np.int64] | None, given: Mapping[str, float] | str
) -> NDArray[np.float32]:
    """The weight of each class, of which `counts` training rows are, as `prepare_experiment` says."""
    if classes is None or counts is None:
        raise UsageError(say("class_weight needs classes, but the task is regression; leave it out."))
    if isinstance(given, str):
        balanced = counts.sum() / (max((counts > 0).sum(), 1) * np.maximum(counts, 1))
        return np.asarray(balanced, np.float32)
    for name in given:
        if name not in classes:
            hint = nearest(name, classes)
            raise UsageError(say("class_weight: there is no class {name!r}. {hint}", name=name, hint=hint))
    return np.array([given.get(name, 1.0) for name in classes], np.float32)


def with_classes(dataset: Dataset, n_outputs: int) -> Dataset:
    """The dataset with a class for every output where its labels are 0, 1, ... and some label occurs in no row."""
    numbers = dataset.class_values() if dataset.classes else np.array([])
    fits = numbers.size and np.all((numbers >= 0) & (numbers < n_outputs) & (numbers == np.floor(numbers)))
    if len(numbers) >= n_outputs or not fits:
        return dataset
    names = tuple(str(number) for number in range(n_outputs))
    return replace(dataset, classes=names, target=numbers.astype(np.int64)[dataset.target])
