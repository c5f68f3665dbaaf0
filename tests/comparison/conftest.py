"""One small study that the tests of the area share."""

import pytest

from gradoscope.comparison import Settings, Study, compare
from gradoscope.data import Dataset, load

SETTINGS = Settings(hidden=((8,),), learning_rates=(0.003, 0.03), seeds=(3, 4, 5), epochs=15, patience=5)


@pytest.fixture(scope="session")
def iris() -> Dataset:
    return load("iris")


@pytest.fixture(scope="session")
def study(iris: Dataset) -> Study:
    return compare(iris, activations=["relu", "tanh", "step"], settings=SETTINGS)
