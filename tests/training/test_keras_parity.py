"""An experiment trains as Keras trains it: every loss on the way, and what the trained network answers."""

import numpy as np
import pytest
from tests.training.keras_twin import raced, random_batches, random_experiment

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # keras 3 beside numpy 2
PAIRS = [
    ("sgd", "binary_cross_entropy", "sigmoid"),
    ("adam", "categorical_cross_entropy", "softmax"),
    ("adamw", "mean_squared_error", "identity"),
    ("rmsprop", "poisson", "exponential"),
    ("adagrad", "binary_cross_entropy", "relu"),  # from here on pairs that do not match
    ("adadelta", "categorical_cross_entropy", "sigmoid"),
    ("adamax", "mean_squared_error", "softmax"),
    ("nadam", "kl_divergence", "softplus"),
    ("adam", "binary_cross_entropy", "softmax"),
    ("sgd", "categorical_cross_entropy", "relu"),
    ("rmsprop", "mean_absolute_error", "sigmoid"),
    ("nadam", "huber", "tanh"),
    ("lion", "mean_squared_error", "identity"),
]


@pytest.mark.parametrize(("optimizer", "loss", "output"), PAIRS)
def test_losses_and_answers_equal_keras(optimizer: str, loss: str, output: str, rng: np.random.Generator) -> None:
    experiment = random_experiment(rng, optimizer, loss, output)
    twin = raced(experiment, random_batches(rng, experiment, n_inputs=3, count=6))
    np.testing.assert_allclose(twin.losses, twin.keras_losses, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(twin.outputs, twin.keras_outputs, rtol=1e-4, atol=2e-5)
