"""A trained network on disk: safetensors for the numbers, JSON and TOML for the rest. Nothing in it is code."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from gradoscope.data import Preparation
from gradoscope.errors import DataError
from gradoscope.files import write_text
from gradoscope.language import say
from gradoscope.networks import Experiment, LayerParams, Moments, Moving, Params, plan
from gradoscope.training.evaluation import outputs
from gradoscope.training.scores import labels

FORMAT = "gradoscope model 1"


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network with what it needs to read raw rows.

    Parameters
    ----------
    experiment
        What was trained.
    params, moving
        One member.
    preparation
        From raw rows to inputs.
    """

    experiment: Experiment
    params: Params
    moving: Moving
    preparation: Preparation

    def outputs(self, raw: pl.DataFrame | NDArray[np.generic]) -> NDArray[np.float32]:
        """Outputs of the network for raw rows, shape (rows, outputs)."""
        inputs, population = self.preparation.inputs(raw), plan([self.experiment.network])
        own: NDArray[np.float32] = outputs(population, self.params, self.moving, inputs)[0]
        return own

    def predict(self, raw: pl.DataFrame | NDArray[np.generic]) -> pl.DataFrame:
        """A table with the prediction for each raw row.

        Returns
        -------
        polars.DataFrame
            Classification: `prediction` and, where the outputs are probabilities, one column per class;
            regression: one column per target, in its own units.
        """
        answers, classes = self.outputs(raw), self.preparation.classes
        if classes is None:
            values = self.preparation.original_targets(answers)
            return pl.DataFrame(dict(zip(self.preparation.target_names, values.T, strict=True)))
        said = pl.Series("prediction", np.array(classes, dtype=object)[labels(answers)].tolist(), dtype=pl.String)
        return pl.DataFrame([said, *self._probabilities(answers, classes)])

    def _probabilities(self, answers: NDArray[np.float32], classes: tuple[str, ...]) -> list[pl.Series]:
        kind = self.experiment.network.output.activation.name
        if kind == "sigmoid" and answers.shape[1] == 1 and len(classes) == 2:
            answers = np.hstack([1 - answers, answers])
        elif kind not in ("sigmoid", "softmax") or answers.shape[1] != len(classes):
            return []
        return [pl.Series(f"p({name})", column) for name, column in zip(classes, answers.T, strict=True)]

    def save(self, folder: Path) -> None:
        """Write experiment.toml, model.json and model.safetensors into `folder`, which exists."""
        write_text(folder / "experiment.toml", self.experiment.to_toml())
        about = {"format": FORMAT, "preparation": self.preparation.to_json()}
        write_text(folder / "model.json", json.dumps(about, ensure_ascii=False, indent=1) + "\n")
        save_file(to_arrays(self.params, self.moving), folder / "model.safetensors")

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """The model that `save` wrote.

        Raises
        ------
        DataError
            The folder holds no such model, or a file of it is damaged; the message names the file.
        """
        place = folder / "model.json"
        try:
            about = json.loads(place.read_text("utf-8"))
            if not isinstance(about, dict) or about.get("format") != FORMAT:
                raise DataError(say("{path} is not a model of this program.", path=place))
            arrays = load_file(folder / "model.safetensors")
            params, moving = from_arrays(arrays)
            preparation = Preparation.from_json(about["preparation"])
        except FileNotFoundError as error:
            missing = Path(str(error.filename or folder)).name
            raise DataError(
                say("{folder} holds no model: {file} is missing; give a folder that `train` or `compare` wrote.",
                    folder=folder, file=missing)
            ) from None  # fmt: skip
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise DataError(say("{folder} holds a damaged model: {error}.", folder=folder, error=error)) from None
        return cls(Experiment.from_file(folder / "experiment.toml"), params, moving, preparation)


def to_arrays(params: Params, moving: Moving) -> dict[str, NDArray[Any]]:
    """Parameters and moments by name, as they are written to files."""
    arrays: dict[str, NDArray[Any]] = {}
    for number, (layer, moments) in enumerate(zip(params, moving, strict=True)):
        learnt = {f"learnt_{i}": array for i, array in enumerate(layer.learnt)}
        own = {name: array for name, array in layer._asdict().items() if name != "learnt"}
        named = {**own, **learnt, **({} if moments is None else _prefixed(moments))}
        arrays |= {f"{number}.{name}": np.ascontiguousarray(a) for name, a in named.items() if a is not None}
    return arrays


def _prefixed(moments: Moments) -> dict[str, Any]:
    return {f"moving_{name}": array for name, array in moments._asdict().items()}


def from_arrays(arrays: dict[str, NDArray[Any]]) -> tuple[Params, Moving]:
    """What `to_arrays` named."""
    count = 1 + max(int(name.split(".")[0]) for name in arrays)
    layers = [{key.split(".")[1]: a for key, a in arrays.items() if key.startswith(f"{n}.")} for n in range(count)]
    params = tuple(
        LayerParams(layer["kernel"], layer["bias"], layer.get("scale"), layer.get("offset"), _learnt(layer))  # type: ignore[arg-type]
        for layer in layers
    )
    moving = tuple(
        Moments(layer["moving_mean"], layer["moving_variance"]) if "moving_mean" in layer else None  # type: ignore[arg-type]
        for layer in layers
    )
    return params, moving


def _learnt(layer: dict[str, NDArray[Any]]) -> tuple[Any, ...]:
    return tuple(layer[f"learnt_{i}"] for i in range(sum(name.startswith("learnt_") for name in layer)))
