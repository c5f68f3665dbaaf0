"""NPZ files: arrays X and y."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.dataset import numbered_names
from gradoscope.data.source import Source
from gradoscope.data.targets import RawTarget
from gradoscope.errors import DataError
from gradoscope.language import say


def read_npz(path: Path) -> Source:
    z = np.load(path)
    X, y = z["X"], z["y"]
    X = X.reshape(len(X), -1)
    names = ("y",) if y.ndim == 1 else tuple(f"y{i + 1}" for i in range(y.shape[1]))
    return Source(X, RawTarget(y, names, np.arange(1, len(X) + 1), path.name), numbered_names(X.shape[1]))
