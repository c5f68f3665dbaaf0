"""A network for a middling table."""

from benchmarks.race import Race
from benchmarks.sizes import Bars, sized
from benchmarks.trainers import task


def race() -> Race:
    """The race."""
    return sized(task((64, 256, 10), 64, 6_400), 0.6, 20, Bars({}))
