"""A network of twenty hidden layers."""

from benchmarks.race import Race
from benchmarks.sizes import Bars, sized
from benchmarks.trainers import task


def race() -> Race:
    """The race."""
    return sized(task((32, *[64] * 20, 2), 32, 3_200), 0.9, 10, Bars({}))
