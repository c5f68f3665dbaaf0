"""Training on a file in parts: the same numbers as on rows in memory, every row once, a bounded number of buffers."""

import shutil
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.training.experiments import experiment

from gradoscope.data import DataSpec, Rows, Streamed, stream
from gradoscope.errors import DataError, UsageError
from gradoscope.networks import Experiment
from gradoscope.training import Run, fit, fit_population, prepared_for
from gradoscope.training.fit import Watch, _fit_streamed
from gradoscope.training.streaming import ahead, buffers, epoch_buffers

WATCH = Watch(None, None, lambda: False, None)
N = 103


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("streamed")
    x = np.random.default_rng(0).normal(size=(N, 2)) * [3, 1] + [5, 0]
    table = {"a": x[:, 0], "b": x[:, 1], "number": np.arange(N), "y": np.sin(x[:, 0]) + x[:, 1] / 2}
    kind = pl.Series(np.where(table["y"] > 0, "high", "low"))
    pl.DataFrame(table).with_columns(kind=kind).write_parquet(place / "rows.parquet", row_group_size=20)
    return place


def asked(**data: Any) -> Experiment:
    usual = {"target": "y", "task": "regression", "validation": 0.2, "inputs": "standard", "drop": ("number", "kind")}
    return replace(experiment(), data=DataSpec("rows.parquet", stream=True, **usual | data))


def streamed(one: Experiment, folder: Path, shard_rows: int = 16) -> Streamed:
    return stream(one.data, 1, one.training.seed, folder, one.training.class_weight, shard_rows=shard_rows)


def numbers_of(rows: Iterator[Rows]) -> list[float]:
    return np.concatenate([part.inputs[:, 2] for part in rows]).tolist()


def test_every_training_row_comes_once_an_epoch_and_no_validation_row(folder: Path) -> None:
    one = asked(drop=("kind",), inputs="raw", test=7)
    data = streamed(one, folder)
    held = [data.validation.inputs[:, 2].tolist(), data.test.inputs[:, 2].tolist() if data.test else []]
    assert [len(part) for part in held] == [21, 7]
    epochs = [numbers_of(epoch_buffers(data, one.training, epoch, 24)) for epoch in (0, 1)]
    assert epochs[0] != epochs[1]
    for epoch in epochs:
        assert sorted(epoch + held[0] + held[1]) == list(range(N))


def test_one_buffer_gives_the_bits_of_rows_in_memory(folder: Path) -> None:
    one = asked()
    data = streamed(one, folder, shard_rows=N)
    rows = next(data.train([0]))
    memory = fit_population([one], rows, data.validation, "regression")[0]
    assert_equal(fit(one, data), memory)


def assert_equal(one: Run, other: Run) -> None:
    for layer, wanted in zip(one.params, other.params, strict=True):
        np.testing.assert_array_equal(layer.kernel, wanted.kernel)
    for own, expected in zip((*one.curves, *one.signals), (*other.curves, *other.signals), strict=True):
        np.testing.assert_array_equal(own, expected)


def test_buffers_without_shuffling_are_the_rows_in_their_order(folder: Path) -> None:
    one = asked()
    one = replace(one, training=replace(one.training, shuffle=False, warm_up=30, patience=2))
    data = streamed(one, folder)
    rows = next(buffers(data.train(range(len(data.shards))), N))
    memory = fit_population([one], rows, data.validation, "regression")[0]
    run = _fit_streamed(one, data, WATCH, 24)
    for layer, wanted in zip(run.params, memory.params, strict=True):
        np.testing.assert_allclose(layer.kernel, wanted.kernel, rtol=1e-5)
    for own, expected in zip(run.curves, memory.curves, strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-5)


def test_one_pass_learns_what_the_training_rows_in_memory_teach(folder: Path) -> None:
    data = streamed(asked(), folder)
    table = pl.read_parquet(folder / "rows.parquet")
    trains = np.concatenate([data.shards.parts(i).train + i * 16 for i in range(len(data.shards))])
    cells = table[trains].select("a", "b").to_numpy()
    expected = (cells - cells.mean(0)) / cells.std(0)
    got = np.concatenate([part.inputs for part in data.train(range(len(data.shards)))])
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(data.outline.targets, table[trains]["y"].mean(), rtol=1e-6)


def test_classes_and_their_weights_are_those_of_the_training_rows(folder: Path) -> None:
    one = asked(target="kind", task="binary", drop=("number", "y"))
    data = stream(one.data, 1, 0, folder, "balanced", shard_rows=16)
    assert data.preparation.classes == ("high", "low")
    rows = next(buffers(data.train(range(len(data.shards))), N))
    assert rows.weights is not None
    for code in (0, 1):
        np.testing.assert_allclose(rows.weights[rows.targets[:, 0] == code].sum(), data.n_train / 2, rtol=1e-5)


def test_nothing_is_compiled_after_the_first_epoch(
    folder: Path, no_recompile: Callable[[], AbstractContextManager[None]]
) -> None:
    one = asked()
    data = streamed(one, folder)
    _fit_streamed(replace(one, training=replace(one.training, epochs=1)), data, WATCH, 24)
    with no_recompile():
        _fit_streamed(one, data, WATCH, 24)


def test_no_more_than_three_buffers_are_alive() -> None:
    alive: list[int] = [0]
    most = [0]

    def made() -> Iterator[Rows]:
        for _ in range(20):
            inputs = np.zeros((4, 1), np.float32)
            alive[0] += 1
            most[0] = max(most[0], alive[0])
            weakref.finalize(inputs, lambda: alive.__setitem__(0, alive[0] - 1))
            yield Rows(inputs, inputs[:0].copy())
            del inputs

    for part in ahead(made()):
        assert len(part.inputs) == 4
        del part
    assert 2 <= most[0] <= 3  # in use, ready, and perhaps the one of the loop before


def all_rows(data: Streamed) -> Rows:
    return next(buffers(data.train(range(len(data.shards))), N))


def test_later_epochs_read_what_the_first_one_decoded(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "rows.parquet", tmp_path)
    one = asked(target="kind", task="binary", drop=("number", "y"))
    data = stream(one.data, 1, 0, tmp_path, "balanced", shard_rows=16)
    first = all_rows(data)
    (tmp_path / "rows.parquet").unlink()
    for array, again in zip(first, all_rows(data), strict=True):
        np.testing.assert_array_equal(array, again)


def test_without_room_on_the_disk_every_epoch_decodes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = all_rows(streamed(asked(), folder))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=8000))
    little = streamed(asked(), folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "rows.parquet"))
    nowhere = streamed(asked(), folder)
    for data in (little, nowhere):
        for _ in range(2):
            np.testing.assert_array_equal(all_rows(data).inputs, wanted.inputs)


def test_columns_of_all_kinds_of_numbers_and_booleans(tmp_path: Path) -> None:
    kinds = {"whole": pl.Int16, "single": pl.Float32, "yes": pl.Boolean, "double": pl.Float64}
    values = np.random.default_rng(0).integers(0, 2, (N, 5)).astype(float)
    table = pl.DataFrame(values, schema=[*kinds, "y"]).with_columns(pl.col(name).cast(k) for name, k in kinds.items())
    table.write_parquet(tmp_path / "rows.parquet")
    data = streamed(asked(drop=(), inputs="raw", validation=1), tmp_path)
    left = {tuple(row) for row in all_rows(data).inputs.astype(int)}
    assert left == {tuple(row) for row in values[:, :4].astype(int)}


def test_one_changed_cell_makes_another_file(folder: Path, tmp_path: Path) -> None:
    table = pl.read_parquet(folder / "rows.parquet")
    texts = asked(target="kind", task="binary", drop=("number", "y"))
    known = [streamed(one, folder).fingerprint for one in (asked(), texts)]
    for name, cell, changed in (("a", 0.0, 0), ("kind", "high" if table["kind"][7] == "low" else "low", 1)):
        table.with_columns(table[name].scatter(7, cell)).write_parquet(tmp_path / "rows.parquet")
        found = [streamed(one, tmp_path).fingerprint for one in (asked(), texts)]
        assert found[changed] != known[changed]
    assert streamed(asked(), tmp_path).fingerprint == known[0]


@pytest.mark.parametrize(
    ("data", "fault", "sentence"),
    [
        ({"target": None}, UsageError, "needs target"),
        ({"group": "a"}, UsageError, "group cannot be used with stream"),
        ({"shuffle": False}, UsageError, "shuffle = false cannot"),
        ({"drop": ("nobody",)}, UsageError, "no column 'nobody'"),
        ({"drop": ("number",)}, DataError, "the column 'kind' of rows.parquet holds String"),
        ({"validation": 2**18 + 1}, DataError, "leaves none to train"),
        ({"targets": "codes"}, UsageError, "regression"),
    ],
)
def test_what_cannot_be_streamed_is_said(folder: Path, data: Any, fault: type[Exception], sentence: str) -> None:
    with pytest.raises(fault, match=sentence):
        streamed(asked(**data), folder)


def test_bad_files_are_named(folder: Path) -> None:
    (folder / "rows.csv").write_text("a,y\n1,2\n")
    (folder / "cut.parquet").write_bytes((folder / "rows.parquet").read_bytes()[:-30])
    pl.DataFrame({"a": [1.0, None, 2.0] * 9, "y": [1.0, 2.0, 3.0] * 9}).write_parquet(folder / "gaps.parquet")
    for name, sentence in (
        ("rows.csv", "sink_parquet"),
        ("cut.parquet", "not a sound Parquet file"),
        ("gaps.parquet", "row 2 of gaps.parquet has no value in the column 'a'"),
    ):
        one = asked(drop=())
        with pytest.raises(DataError, match=sentence):
            streamed(replace(one, data=replace(one.data, source=name)), folder)


def test_only_training_streams(folder: Path) -> None:
    with pytest.raises(UsageError, match="gradoscope train alone"):
        prepared_for(asked(), folder)
    one = asked()
    with pytest.raises(UsageError, match="lbfgs"):
        fit(replace(one, training=replace(one.training, optimizer="lbfgs")), streamed(one, folder))
