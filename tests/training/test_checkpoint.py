"""A checkpoint goes on with the rows that it was begun on, and with no others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.training.experiments import experiment

from gradoscope.data import DataSpec, Prepared, Streamed
from gradoscope.errors import DataError
from gradoscope.training import Checkpoint, fit, prepared_for, streamed_for

OF_FILE = DataSpec("rows.parquet", target="y", task="regression", validation=0.2)


def write(folder: Path, cell: float) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    x[17, 1] = cell
    pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] * 2}).write_parquet(folder / "rows.parquet")


@pytest.mark.parametrize("read", [prepared_for, streamed_for])
def test_changed_data_end_a_resumption(tmp_path: Path, read: Callable[..., Prepared | Streamed]) -> None:
    one = replace(experiment(), data=replace(OF_FILE, stream=read is streamed_for))
    checkpoint = tmp_path / "run.checkpoint"

    def go_on() -> int:
        return len(fit(one, read(one, tmp_path), checkpoint=Checkpoint(checkpoint, 0.0)).curves.train_loss)

    write(tmp_path, 1.0)
    fit(one, read(one, tmp_path), enough=lambda _: True, checkpoint=Checkpoint(checkpoint, 0.0))
    write(tmp_path, 1.5)
    with pytest.raises(DataError, match=r"the data have changed since .*run\.checkpoint was written"):
        go_on()
    write(tmp_path, 1.0)
    assert go_on() == one.training.epochs
