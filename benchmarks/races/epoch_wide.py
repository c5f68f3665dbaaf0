"""Five epochs of a network for pictures of 28 x 28 pixels."""

from benchmarks.engine import epochs
from benchmarks.peers import random_rows, sklearn_epochs, torch_epochs
from benchmarks.race import Peer, Race, repeated


def race() -> Race:
    """The race."""
    X, y = random_rows(60_000, 784, 10)
    return Race(
        "Five epochs of 784-128-10, batches of 128, 60,000 rows, Adam",
        repeated(epochs(X, y, [784, 128, 10], 128), 5),
        (
            Peer("PyTorch, eager", repeated(torch_epochs(X, y, [784, 128, 10], 128), 5), at_least=1.8),
            Peer("scikit-learn", repeated(sklearn_epochs(X, y, [128], 128), 5), at_least=3),
        ),
    )
