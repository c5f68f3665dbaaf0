"""A larger network for pictures of 28 x 28 pixels."""

from benchmarks.race import Race
from benchmarks.sizes import Bars, sized
from benchmarks.trainers import task


def race() -> Race:
    """The race."""
    return sized(task((784, 512, 512, 10), 128, 12_800), 0.3, 2, Bars({}, share=0.85))
