"""A network for a small table."""

from benchmarks.race import Race
from benchmarks.sizes import Bars, sized
from benchmarks.trainers import task


def race() -> Race:
    """The race."""
    return sized(task((30, 64, 64, 2), 32, 3_200), 0.95, 40, Bars({"PyTorch, eager": 8, "scikit-learn": 5}))
