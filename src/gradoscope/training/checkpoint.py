"""Where training stands, on disk: a run that is killed at any moment goes on from it, and ends bit for bit the same."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from gradoscope.errors import DataError, UsageError
from gradoscope.files import write_bytes
from gradoscope.language import say
from gradoscope.networks import Experiment
from gradoscope.training.signals import Signals
from gradoscope.training.state import Record, State

FORMAT = "gradoscope checkpoint 2"
_RECORD = jax.tree.structure(Record(0, 0, 0, Signals(*range(len(Signals._fields))), 0))  # type: ignore[arg-type]


class Stand(NamedTuple):
    """What was trained so far: the state, what each epoch showed, and the seconds that it took."""

    state: State
    records: list[Record]
    seconds: float


@dataclass
class Checkpoint:
    """A file that says where the training of experiments stands.

    Parameters
    ----------
    path
        The file. It is written whole or not at all; where it exists, training goes on from it.
    every
        Seconds that pass at least between two writings, which happen at the ends of epochs.
    folder
        Where the files of the experiments lie.
    rows
        What the rows that are trained on are known by; training says it.
    """

    path: Path
    every: float = 5.0
    folder: Path = field(default_factory=Path.cwd)
    rows: str = field(default="", init=False)
    _written: float = field(default=-np.inf, init=False, repr=False)

    def due(self) -> bool:
        """Whether so much time has passed."""
        return time.monotonic() - self._written >= self.every

    def write(self, experiments: Sequence[Experiment], stand: Stand) -> None:
        """Keep where training stands."""
        epochs: Record = jax.tree.map(lambda *numbers: np.stack(numbers), *stand.records)
        named = {"state": jax.device_get(stand.state), "record": epochs}
        arrays = {
            f"{name}.{i}": np.asarray(leaf, order="C")
            for name, tree in named.items()
            for i, leaf in enumerate(jax.tree.leaves(tree))
        }
        about = {
            "format": FORMAT,
            "folder": str(self.folder.resolve()),
            "seconds": repr(stand.seconds),
            "rows": self.rows,
        }
        texts = {f"experiment.{i}": each.to_toml() for i, each in enumerate(experiments)}
        write_bytes(self.path, save(arrays, about | texts))
        self._written = time.monotonic()

    def read(self, experiments: Sequence[Experiment], like: State) -> Stand | None:
        """Where training stands; None before its first epoch.

        Raises
        ------
        UsageError
            The file is of other experiments.
        DataError
            It is no checkpoint, or damaged, or other rows were trained on.
        """
        if not self.path.exists():
            return None
        arrays, about = _read(self.path)
        texts = [about.get(f"experiment.{i}") for i in range(len(experiments) + 1)]
        if texts != [*(each.to_toml() for each in experiments), None]:
            raise UsageError(say("{path} is of another experiment; remove it, or train that one on.", path=self.path))
        if about.get("rows") != self.rows:
            raise DataError(
                say("the data have changed since {path} was written; bring the old data back, or remove the file and "
                    "begin again.", path=self.path)
            )  # fmt: skip
        state = jax.tree.unflatten(jax.tree.structure(like), [jax.device_put(each) for each in _of(arrays, "state")])
        epochs = _of(arrays, "record")
        records = [jax.tree.unflatten(_RECORD, [each[epoch] for each in epochs]) for epoch in range(len(epochs[0]))]
        return Stand(state, records, float(about["seconds"]))


def begun(path: Path) -> tuple[Experiment, Path]:
    """The experiment that a checkpoint is of, and the folder of its files.

    Raises
    ------
    DataError
        There is no such checkpoint, or it is damaged.
    """
    about = _read(path)[1]
    return Experiment.from_toml(about["experiment.0"], path.name), Path(about["folder"])


def _read(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            about = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise DataError(say("{path} cannot be read: {error}.", path=path, error=error)) from None
    if about.get("format") != FORMAT:
        raise DataError(say("{path} is no checkpoint of this program.", path=path))
    return arrays, about


def _of(arrays: dict[str, Any], name: str) -> list[Any]:
    count = sum(key.startswith(f"{name}.") for key in arrays)
    return [arrays[f"{name}.{i}"] for i in range(count)]
