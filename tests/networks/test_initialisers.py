"""Initialisers: names, defaults and distributions are those of Keras."""

import os

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest, truncnorm

from gradoscope.errors import UsageError
from gradoscope.networks import Named, initialisers

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # keras 3 beside numpy 2

SHAPE = (300, 200)
ROWS = [
    Named("zeros"),
    Named("ones"),
    Named.of("constant", value=0.3),
    Named("random_uniform"),
    Named.of("random_uniform", minval=-1, maxval=3),
    Named("random_normal"),
    Named.of("random_normal", mean=2, stddev=0.5),
    Named("truncated_normal"),
    Named.of("truncated_normal", mean=1, stddev=2),
    Named("glorot_uniform"),
    Named("glorot_normal"),
    Named("he_uniform"),
    Named("he_normal"),
    Named("lecun_uniform"),
    Named("lecun_normal"),
    Named("orthogonal"),
    Named.of("orthogonal", gain=2),
]
BOUNDED = {"zeros", "ones", "constant", "random_uniform", "glorot_uniform", "he_uniform", "lecun_uniform"}


def ours(named: Named, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    return initialisers.draw(named, np.random.default_rng(seed), shape)


def of_keras(named: Named, shape: tuple[int, ...]) -> NDArray[np.float32]:
    draw = keras.initializers.get({"class_name": named.name, "config": dict(named.arguments)})
    return np.asarray(keras.ops.convert_to_numpy(draw(shape)))


def test_every_initialiser_is_compared() -> None:
    assert {named.name for named in ROWS} == set(initialisers)


@pytest.mark.parametrize("named", ROWS, ids=str)
def test_the_distribution_is_that_of_keras(named: Named) -> None:
    keras.utils.set_random_seed(1)
    mine, theirs = ours(named, SHAPE), of_keras(named, SHAPE)
    error = 6 * theirs.std() / np.sqrt(theirs.size) + 1e-7  # six standard errors of a mean
    assert mine.dtype == np.float32
    assert abs(mine.mean() - theirs.mean()) < 2 * error
    assert abs(mine.std() - theirs.std()) < 2 * error
    quantiles = np.linspace(0.02, 0.98, 25)
    np.testing.assert_allclose(np.quantile(mine, quantiles), np.quantile(theirs, quantiles), atol=6 * error)
    if named.name in BOUNDED:
        np.testing.assert_allclose([mine.min(), mine.max()], [theirs.min(), theirs.max()], atol=6 * error)


@pytest.mark.parametrize(
    ("named", "mean", "deviation"),
    [
        (Named.of("truncated_normal", mean=1, stddev=2), 1, 2),
        (Named("glorot_normal"), 0, (2 / (300 + 200)) ** 0.5 / truncnorm.std(-2, 2)),
        (Named("he_normal"), 0, (2 / 300) ** 0.5 / truncnorm.std(-2, 2)),
        (Named("lecun_normal"), 0, (1 / 300) ** 0.5 / truncnorm.std(-2, 2)),
    ],
    ids=str,
)
def test_truncated_draws_end_at_two_deviations(named: Named, mean: float, deviation: float) -> None:
    """By SciPy: Keras on PyTorch lets some draws escape."""
    draws = (ours(named, SHAPE) - mean) / deviation
    assert np.abs(draws).max() == pytest.approx(2, rel=1e-3)
    assert kstest(draws.ravel(), truncnorm(-2, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("shape", [(7, 4), (4, 7)])
def test_orthogonal_keeps_lengths(shape: tuple[int, int]) -> None:
    q = ours(Named.of("orthogonal", gain=2), shape)
    small = q.T @ q if shape[0] > shape[1] else q @ q.T
    np.testing.assert_allclose(small, 4 * np.eye(min(shape)), atol=1e-5)


def test_a_seed_fixes_the_draw() -> None:
    np.testing.assert_array_equal(ours(Named("he_normal"), (5, 5), 3), ours(Named("he_normal"), (5, 5), 3))
    assert (ours(Named("he_normal"), (5, 5), 3) != ours(Named("he_normal"), (5, 5), 4)).all()


def test_an_unknown_initialiser_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no initialiser 'he_norml'.*he_normal"):
        initialisers.checked(Named("he_norml"))
