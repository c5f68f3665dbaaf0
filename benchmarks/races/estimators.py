"""A fit of NetworkClassifier beside one of MLPClassifier, on images of digits; and what its first fit costs."""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.race import Peer, Race
from gradoscope import NetworkClassifier

SETTINGS: dict[str, Any] = {"max_iter": 100, "tol": 0.0, "n_iter_no_change": 100, "random_state": 0}
FIRST_FIT = f"""
import warnings
from sklearn.datasets import load_digits
from gradoscope import NetworkClassifier
warnings.simplefilter("ignore")
X, y = load_digits(return_X_y=True)
NetworkClassifier(**{SETTINGS}).fit(X / 16, y)
"""


def fitting(kind: type, dtype: type) -> Callable[[], None]:
    """A fit of 100 epochs, as the estimator comes: one hidden layer of 100 units, batches of 200, Adam."""
    X, y = load_digits(return_X_y=True)
    inputs = (X / 16).astype(dtype)

    def fit() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            kind(**SETTINGS).fit(inputs, y)

    return fit


def first_fit(folder: str | None) -> None:
    """The fit in a new process that starts from nothing, or from the programs that another one left in `folder`."""
    with tempfile.TemporaryDirectory() as empty:
        place = {"JAX_COMPILATION_CACHE_DIR": folder or empty, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        subprocess.run([sys.executable, "-c", FIRST_FIT], check=True, env={**os.environ, **place})


def race() -> Race:
    """The race."""
    kept = tempfile.mkdtemp()
    return Race(
        "A fit of NetworkClassifier: digits, 100 epochs, double precision",
        fitting(NetworkClassifier, np.float64),
        (
            Peer("MLPClassifier", fitting(MLPClassifier, np.float64), at_least=1),
            Peer("ours, in single precision", fitting(NetworkClassifier, np.float32)),
            Peer("MLPClassifier, in single", fitting(MLPClassifier, np.float32)),
            Peer("ours, new process", lambda: first_fit(kept)),
            Peer("ours, nothing compiled", lambda: first_fit(None)),
        ),
        rounds=3,
    )
