"""Sixty networks of one shape, from one start."""

from benchmarks.populations import population
from benchmarks.race import Race


def race() -> Race:
    """The race."""
    return population(60, 2)
