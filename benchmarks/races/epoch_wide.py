"""One epoch of a network for pictures of 28 x 28 pixels."""

from benchmarks.engine import epochs
from benchmarks.peers import random_rows, sklearn_epochs, torch_epochs
from benchmarks.race import Peer, Race


def race() -> Race:
    """The race."""
    X, y = random_rows(60_000, 784, 10)
    return Race(
        "One epoch of 784-128-10, batches of 128, 60,000 rows, Adam",
        epochs(X, y, [784, 128, 10], 128),
        (
            Peer("PyTorch, eager", torch_epochs(X, y, [784, 128, 10], 128), at_least=1.8),
            Peer("scikit-learn", sklearn_epochs(X, y, [128], 128), at_least=3),
        ),
    )
