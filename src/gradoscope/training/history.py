"""How a run went, on disk beside its model: history.csv for people and programs, run.json for the rest."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.errors import DataError
from gradoscope.files import write_text
from gradoscope.language import say
from gradoscope.training.models import Model
from gradoscope.training.run import Curves, Outcome, Run
from gradoscope.training.signals import Signals

SCORES = ("train_score", "validation_score", "test_score")


def write_history(run: Run, folder: Path, data_folder: Path) -> None:
    """Write history.csv (a row per epoch: curves, and signals numbered by layer) and run.json.

    Parameters
    ----------
    run
        What was trained.
    folder
        Where its model lies.
    data_folder
        Where the files of its experiment lie.
    """
    signals = {
        f"{name}_{number}": layer
        for name, values in run.signals._asdict().items()
        for number, layer in enumerate(np.asarray(values).T, 1)
    }
    table = {"epoch": range(1, run.epochs + 1), **run.curves._asdict(), **signals}
    pl.DataFrame(table).write_csv(folder / "history.csv")
    scores = {name: getattr(run, name) for name in SCORES}
    about = {
        "outcome": run.outcome.value,
        "best_epoch": run.best_epoch,
        **{name: score if math.isfinite(score) else None for name, score in scores.items()},
        "seconds": run.seconds,
        "data_folder": str(data_folder.resolve()),
    }
    write_text(folder / "run.json", json.dumps(about, ensure_ascii=False, indent=1) + "\n")


def read_history(folder: Path) -> tuple[Run, Path]:
    """The run that `write_history` wrote, with the parameters of the model beside it; and the folder of its data.

    Raises
    ------
    DataError
        The folder holds no such run, or a file of it is damaged.
    """
    model = Model.load(folder)
    try:
        about = json.loads((folder / "run.json").read_text("utf-8"))
        table = pl.read_csv(folder / "history.csv", infer_schema_length=None)
        run = Run(
            experiment=model.experiment,
            params=model.params,
            moving=model.moving,
            curves=Curves(*(_column(table, name) for name in Curves._fields)),
            signals=Signals(*(_layers(table, name) for name in Signals._fields)),  # type: ignore[arg-type]
            outcome=Outcome(about["outcome"]),
            best_epoch=about["best_epoch"],
            seconds=about["seconds"],
            **{name: math.nan if about[name] is None else about[name] for name in SCORES},
        )
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise DataError(say("{folder} holds a damaged run: {error}.", folder=folder, error=error)) from None
    return run, Path(about["data_folder"])


def _column(table: pl.DataFrame, name: str) -> NDArray[np.float32]:
    return table[name].cast(pl.Float32).to_numpy()


def _layers(table: pl.DataFrame, name: str) -> NDArray[np.float32]:
    """One signal, shape (epochs, layers)."""
    columns = [column for column in table.columns if column.rpartition("_")[0] == name]
    return np.stack([_column(table, column) for column in columns], axis=1)
