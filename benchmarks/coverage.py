"""How often the intervals of a comparison hold, by simulated studies: `python -m benchmarks.coverage [studies]`.

Every study draws its own rows from a population whose truth is known, divides them as `compare` does (60 % train, 20 %
test, by seed; or repeats of 10-fold cross-validation; or one fixed test set) and trains two real classifiers in closed
form: linear discriminant analysis and the nearest class mean, as they are or on bootstrap samples of their training
rows (a start of their own, as networks have). Their expected accuracies are exact, so that the true difference is their
mean over all studies. `identical arms` are eight times the same classifier, each with starts of its own; a false
difference is any arm that is called beaten. The last table is how often arms are stopped early by `--economy`.
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from gradoscope.comparison.economy import beaten, stages
from gradoscope.comparison.statistics import Evidence, differences, evidence

ROWS, RUNS = 100, (5, 10, 30)
MEANS = np.array([0.6, 0.4, 0.3, 0.2, 0.1, 0, 0, 0, 0, 0])  # of class 1; of class 0 with the other sign
Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Classifier = Callable[[Array, Rows], tuple[Array, float]]


class Line(NamedTuple):
    """One line of the table: a setting, how often intervals held, and how much wider the usual ones were."""

    setting: str
    runs: int
    held: float
    held_corrected: float
    wider: float


def discriminant(inputs: Array, classes: Rows) -> tuple[Array, float]:
    """Linear discriminant analysis: weights and intercept."""
    low, high = (inputs[classes == each].mean(0) for each in (0, 1))
    centred = inputs - np.where(classes[:, None] == 1, high, low)
    weights = np.linalg.solve(centred.T @ centred / (len(inputs) - 2) + 0.01 * np.eye(len(MEANS)), high - low)
    return weights, float(-(low + high) / 2 @ weights)


def nearest_mean(inputs: Array, classes: Rows) -> tuple[Array, float]:
    """The class whose mean is nearer: weights and intercept."""
    low, high = (inputs[classes == each].mean(0) for each in (0, 1))
    return high - low, float(-(low + high) / 2 @ (high - low))


def divisions(design: str, runs: int, rng: np.random.Generator) -> Iterator[tuple[Rows, Rows]]:
    """Training and test rows of every run; even rows are class 0, odd ones class 1."""
    folds = min(runs, 10)
    for run in range(runs):
        if design != "cross-validation" or run % folds == 0:
            orders = [2 * rng.permutation(ROWS // 2) + each for each in (0, 1)]
        if design == "cross-validation":
            test = np.concatenate([order[run % folds :: folds] for order in orders])
            yield np.setdiff1d(np.arange(ROWS), test), test
        elif design == "hold-out":
            yield np.concatenate([order[:30] for order in orders]), np.concatenate([order[-10:] for order in orders])
        else:  # the last rows are the test set of every run
            chosen = [order[order < 0.8 * ROWS][:30] for order in orders]
            yield np.concatenate(chosen), np.arange(int(0.8 * ROWS), ROWS)


def study(
    design: str, runs: int, arms: tuple[Classifier, ...], own_start: bool, rng: np.random.Generator
) -> tuple[list[Array], list[Rows], Array]:
    """What the test rows of each run add (arms, rows), who they are, and the true accuracies (arms, runs)."""
    classes = np.arange(ROWS) % 2
    inputs = rng.normal(size=(ROWS, len(MEANS))) + np.where(classes[:, None] == 1, MEANS, -MEANS)
    shares, units, truths = [], [], []
    for train, test in divisions(design, runs, rng):
        models = [arm(inputs[rows], classes[rows]) for arm in arms for rows in [_start(train, own_start, rng)]]
        said = np.stack([inputs[test] @ weights + intercept > 0 for weights, intercept in models])
        shares.append((said == (classes[test] == 1)).astype(np.float64))
        units.append(test)
        truths.append([_expected(*model) for model in models])
    return shares, units, np.array(truths).T


def _start(train: Rows, own: bool, rng: np.random.Generator) -> Rows:
    if not own:
        return train
    halves = (train[train % 2 == each] for each in (0, 1))
    return np.concatenate([rng.choice(half, len(half)) for half in halves])


def _expected(weights: Array, intercept: float) -> float:
    length = np.linalg.norm(weights)
    return float(norm.cdf([(weights @ MEANS + intercept) / length, (weights @ MEANS - intercept) / length]).mean())


def coverage(
    design: str, own_start: bool, studies: int, seed: int, numbers_of_runs: tuple[int, ...] = RUNS
) -> Iterator[Line]:
    """How often the interval of the difference between the two classifiers holds the true one."""
    rng = np.random.default_rng(seed)
    setting = f"{design}, {'starts of their own' if own_start else 'no other chance'}"
    for runs in numbers_of_runs:
        drawn = [study(design, runs, (discriminant, nearest_mean), own_start, rng) for _ in range(studies)]
        truth = float(np.mean([truths[1] - truths[0] for _, _, truths in drawn]))
        found = [evidence(shares, units, len(units[0])) for shares, units, _ in drawn]
        gaps = [differences(each)[1] for each in found]
        corrected = np.array([_corrected(each, drawn[0][1][0].size) for each in found])
        centres = np.array([gap.mean for gap in gaps])
        halves = np.array([gap.half_width for gap in gaps])
        held = np.mean(np.abs(centres - truth) <= halves)
        yield Line(setting, runs, float(held), float(np.mean(np.abs(centres - truth) <= corrected)),
                   float(np.mean(corrected) / np.mean(halves)))  # fmt: skip


def _corrected(known: Evidence, test_rows: int) -> float:
    """Half the interval of Nadeau and Bengio."""
    gap, runs = known.scores[1] - known.scores[0], known.scores.shape[1]
    overlap = test_rows / (ROWS - test_rows)
    return float(t.ppf(0.975, runs - 1) * np.sqrt(gap.var(ddof=1) * (1 / runs + overlap)))


def false_differences(design: str, studies: int, seed: int) -> Iterator[tuple[int, float]]:
    """In how many studies of eight identical arms any is called beaten by the best."""
    rng = np.random.default_rng(seed)
    for runs in RUNS:
        drawn = (study(design, runs, (discriminant,) * 8, True, rng) for _ in range(studies))
        yield runs, float(np.mean([_any_beaten(shares, units) for shares, units, _ in drawn]))


def _any_beaten(shares: list[Array], units: list[Rows]) -> bool:
    best_first = np.argsort([-np.mean([run[arm].mean() for run in shares]) for arm in range(len(shares[0]))])
    known = evidence([run[best_first] for run in shares], units, len(units[0]))
    return any(gap.is_below(0) for gap in differences(known)[1:])


def stopped_early(arms: tuple[Classifier, ...], studies: int, seed: int) -> tuple[float, float]:
    """In how many studies of 16 seeds `--economy` stops any arm early, and in how many the first one."""
    rng, stopped = np.random.default_rng(seed), np.zeros((studies, len(arms)), bool)
    for own in stopped:
        shares, _, _ = study("hold-out", 16, arms, True, rng)
        scores = np.array([run.mean(1) for run in shares]).T
        for seeds in list(stages(range(16)))[:-1]:
            left = np.flatnonzero(~own)
            own[left] |= beaten(scores[left, : len(seeds)], 20 / 60)
    return float(stopped.any(1).mean()), float(stopped[:, 0].mean())


def main(studies: int) -> None:
    """Print the tables."""
    print(f"{studies} simulated studies each. Intervals are 95 %; in brackets those of Nadeau and Bengio (2003).\n")
    print(f"{'two different arms':<46}{'runs':>5}{'held':>8}{'':>10}{'wider':>8}")
    for design in ("hold-out", "cross-validation", "one test set"):
        for own_start in (False, True):
            for line in coverage(design, own_start, studies, 0):
                held, usual = f"{100 * line.held:.1f}%", f"({100 * line.held_corrected:.1f}%)"
                print(f"{line.setting:<46}{line.runs:>5}{held:>8}{usual:>10}{line.wider:>8.2f}", flush=True)
    print(f"\n{'eight identical arms':<46}{'runs':>5}{'false differences':>20}")
    for design in ("hold-out", "cross-validation", "one test set"):
        for runs, share in false_differences(design, studies, 1):
            print(f"{design:<46}{runs:>5}{100 * share:>19.1f}%", flush=True)
    print(f"\n{'--economy, 16 seeds':<46}{'any arm stopped':>25}{'the first':>12}")
    for title, arms in (
        ("eight identical arms", (discriminant,) * 8),
        ("the first better than seven identical ones", (nearest_mean,) + (discriminant,) * 7),
    ):
        some, first = stopped_early(arms, studies, 2)
        print(f"{title:<46}{100 * some:>24.1f}%{100 * first:>11.1f}%", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
