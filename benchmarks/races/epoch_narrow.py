"""One epoch of a network for a small table."""

from benchmarks.engine import epochs
from benchmarks.peers import random_rows, sklearn_epochs, torch_epochs
from benchmarks.race import Peer, Race


def race() -> Race:
    """The race."""
    X, y = random_rows(3_200, 30, 2)
    return Race(
        "One epoch of 30-64-64-2, batches of 32, 3,200 rows, Adam",
        epochs(X, y, [30, 64, 64, 2], 32),
        (
            Peer("PyTorch, eager", torch_epochs(X, y, [30, 64, 64, 2], 32), at_least=6),
            Peer("scikit-learn", sklearn_epochs(X, y, [64, 64], 32), at_least=4),
        ),
        rounds=15,
    )
