"""Random experiments trained by Gradoscope and by Keras from one start on the same batches: how far apart they get.

`python -m benchmarks.keras_parity [COUNT] [SEED]` prints a line per experiment and ends with 1 if one of them differs
by more than float32 rounding can explain. Losses are compared up to the first one that is NaN or infinite, which must
come in the same step; what follows it is chance.
"""

import sys
import warnings

import jax
import numpy as np
from tests.training.keras_twin import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    Twin,
    raced,
    random_batches,
    random_experiment,
)

STEPS = 20
FIRST, ALL = 5e-6, 1e-3  # what the first loss may differ by, and what rounding may have grown to after STEPS updates


def apart(twin: Twin) -> tuple[float, float]:
    """Relative distance of the first losses and of all losses; infinite where only one of the two is finite."""
    ours, theirs = twin.losses.astype(np.float64), twin.keras_losses.astype(np.float64)
    end = int(np.argmin([*np.isfinite(theirs), False]))
    if end < len(theirs) and np.isfinite(ours[end]):
        return np.inf, np.inf
    distance = np.abs(ours - theirs)[:end] / np.maximum(1.0, np.abs(theirs[:end]))
    return (float(distance[0]), float(distance.max())) if end else (0.0, 0.0)


def main(count: int = 200, seed: int = 0) -> int:
    warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # keras 3 beside numpy 2
    rng, worst, missed = np.random.default_rng(seed), [], 0
    print(f"{'optimiser':<10}{'loss':<27}{'output':<13}{'hidden':<34}{'first loss':>11}{f'{STEPS} losses':>11}")
    for number in range(count):
        optimizer, loss = list(OPTIMIZERS)[number % len(OPTIMIZERS)], str(rng.choice(list(LOSSES)))
        experiment = random_experiment(rng, optimizer, loss, str(rng.choice(list(ACTIVATIONS))))
        first, every = apart(raced(experiment, random_batches(rng, experiment, int(rng.integers(1, 6)), STEPS)))
        jax.clear_caches()  # type: ignore[no-untyped-call]  # else some hundred programs exhaust the address space
        bad = not (first <= FIRST and every <= ALL)
        missed += bad
        worst.append(every)
        network = experiment.network
        hidden = " ".join(f"{layer.units}:{layer.activation}" for layer in network.hidden)
        print(
            f"{optimizer:<10}{loss:<27}{network.output.activation.name:<13}{hidden:<34}{first:11.1e}{every:11.1e}"
            f"{'  MISSED' if bad else ''}",
            flush=True,
        )
    print(
        f"{count} experiments, {STEPS} steps each: {missed} missed; largest difference in a run: "
        f"median {np.median(worst):.1e}, 90 % below {np.quantile(worst, 0.9):.1e}, all below {np.max(worst):.1e}"
    )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
