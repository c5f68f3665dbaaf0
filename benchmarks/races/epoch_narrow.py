"""Forty epochs of a network for a small table."""

from benchmarks.engine import epochs
from benchmarks.peers import random_rows, sklearn_epochs, torch_epochs
from benchmarks.race import Peer, Race, repeated


def race() -> Race:
    """The race."""
    X, y = random_rows(3_200, 30, 2)
    return Race(
        "Forty epochs of 30-64-64-2, batches of 32, 3,200 rows, Adam",
        repeated(epochs(X, y, [30, 64, 64, 2], 32), 40),
        (
            Peer("PyTorch, eager", repeated(torch_epochs(X, y, [30, 64, 64, 2], 32), 40), at_least=6),
            Peer("scikit-learn", repeated(sklearn_epochs(X, y, [64, 64], 32), 40), at_least=4),
        ),
    )
