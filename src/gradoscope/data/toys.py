"""Small generated data sets of our own: what a picture in a textbook shows, with a seed."""

import numpy as np
from numpy.typing import NDArray

Drawn = tuple[NDArray[np.float64], NDArray[np.int64]]


def make_tumour_size(n_samples: int = 400, low: float = 0.5, high: float = 6.0, random_state: int = 0) -> Drawn:
    """Tumour sizes in cm, and whether each is malignant with probability sigmoid(1.87 x - 5.47).

    Parameters
    ----------
    n_samples
        Number of tumours.
    low, high
        Sizes are uniform between these, in cm.
    random_state
        Seed.
    """
    rng = np.random.default_rng(random_state)
    size = rng.uniform(low, high, n_samples).round(2)
    probability = 1 / (1 + np.exp(5.47 - 1.87 * size))
    return size[:, None], (rng.random(n_samples) < probability).astype(np.int64)


def make_xor(n_samples: int = 400, noise: float = 0.15, random_state: int = 0) -> Drawn:
    """Points around the corners of the unit square; the class is the exclusive or of the corner's coordinates.

    Parameters
    ----------
    n_samples
        Number of points, shared out over the four corners in turn.
    noise
        Standard deviation of the points around their corner.
    random_state
        Seed.
    """
    rng = np.random.default_rng(random_state)
    corner = np.stack([np.arange(n_samples) // 2 % 2, np.arange(n_samples) % 2], axis=1)
    order = rng.permutation(n_samples)
    points = corner + rng.normal(0, noise, (n_samples, 2))
    return points[order], (corner[:, 0] ^ corner[:, 1])[order].astype(np.int64)


def make_spirals(n_samples: int = 400, noise: float = 0.1, turns: float = 1.5, random_state: int = 0) -> Drawn:
    """Two spiral arms wound around each other; the class is the arm.

    Parameters
    ----------
    n_samples
        Number of points, half on each arm.
    noise
        Standard deviation of the points around their arm, where the arms are `1` apart from the centre to the rim.
    turns
        How often an arm winds around the centre.
    random_state
        Seed.
    """
    rng = np.random.default_rng(random_state)
    arm = rng.permutation(np.arange(n_samples) % 2)
    radius = np.sqrt(rng.uniform(0.02, 1, n_samples))
    angle = 2 * np.pi * turns * radius + np.pi * arm
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points + rng.normal(0, noise * 0.25, (n_samples, 2)), arm.astype(np.int64)
