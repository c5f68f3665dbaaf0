"""Small studies of every kind, each trained for real once per worker."""

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.report.pages import Page, read

from gradoscope.comparison import ArmResult, Settings, Study, compare
from gradoscope.data import load
from gradoscope.language import speaking
from gradoscope.report import render
from gradoscope.training import Curves, Run

Render = Callable[..., Page]
QUICK = Settings(hidden=((8,),), learning_rates=(0.01, 0.1), seeds=(0, 1), epochs=4)


@pytest.fixture(scope="session")
def iris() -> Study:
    return compare(load("iris"), activations=["relu", "tanh"], settings=QUICK)


@pytest.fixture(scope="session")
def one_seed() -> Study:
    return compare(load("iris"), activations=["relu", "tanh"], settings=replace(QUICK, seeds=(3,)))


@pytest.fixture(scope="session")
def one_arm() -> Study:
    return compare(load("iris"), activations=["relu"], settings=replace(QUICK, learning_rates=(0.01,)))


@pytest.fixture(scope="session")
def regression() -> Study:
    """Two losses and two depths."""
    settings = replace(QUICK, hidden=((8,), (8, 4, 4)))
    return compare(load("diabetes"), activations=["relu"], losses=["mse", "mae"], settings=settings)


@pytest.fixture(scope="session")
def not_finite() -> Study:
    """Every run of relu becomes NaN or infinite."""
    settings = replace(QUICK, learning_rates=(1e30,))
    return compare(load("diabetes"), activations=["relu", "tanh"], settings=settings)


def long_run(run: Run, epochs: int) -> Run:
    """The same run as if it had been trained for longer; its curves wiggle, so that no point can be left out."""
    waves = 1 + 0.1 * np.sin(np.arange(epochs) * 2.5)

    def longer(values: NDArray[np.float32]) -> NDArray[np.float32]:
        repeated = np.resize(values, (epochs, *values.shape[1:]))
        return (repeated.T * waves).T.astype(np.float32)

    curves = Curves(*map(longer, run.curves))
    return replace(run, curves=curves, signals=type(run.signals)(*(longer(np.asarray(s)) for s in run.signals)))


def many(study: Study, arms: int, seeds: int, epochs: int) -> Study:
    """The study as if it had that many arms, seeds and epochs."""

    def wider(result: ArmResult) -> ArmResult:
        members = [result.members[n % len(result.members)] for n in range(seeds)]
        return replace(result, members=tuple(replace(m, run=long_run(m.run, epochs)) for m in members))

    return replace(study, arms=tuple(wider(study.arms[n % len(study.arms)]) for n in range(arms)))


@pytest.fixture(scope="session")
def widened(iris: Study) -> Callable[[int, int, int], Study]:
    return functools.partial(many, iris)


@pytest.fixture(scope="session")
def page() -> Render:
    """The report of a study, read back; the same report is made only once."""
    made: dict[tuple[int, str, str], tuple[Study, Page]] = {}  # holding a study keeps its id its own

    def render_page(study: Study, language: str = "en", command: str = "gradoscope compare iris") -> Page:
        key = (id(study), language, command)
        if key not in made:
            with speaking(language):
                source = render(study, command=command, versions={"python": "3.11.7", "jax": "0.10.2"})
            made[key] = study, read(source)
        return made[key][1]

    return render_page
