"""A network for pictures of 28 x 28 pixels."""

from benchmarks.race import Race
from benchmarks.sizes import Bars, sized
from benchmarks.trainers import task


def race() -> Race:
    """The race."""
    return sized(task((784, 128, 10), 128, 30_000), 0.45, 3, Bars({}, share=0.85))
