"""Where epochs end, told or found from rows that come round."""

import numpy as np
import pytest

from gradoscope.bridges.epochs import Epochs, How, Prints, find_epochs, fingerprints


def prints_of(rng: np.random.Generator, rows: int, batch: int, epochs: int, *, drop_last: bool = False) -> list[Prints]:
    """Fingerprints of a loop that shuffles distinct rows in every epoch."""
    values, found = rng.normal(size=rows), []
    for _ in range(epochs):
        order = rng.permutation(rows)
        batches = [values[order[first : first + batch]] for first in range(0, rows, batch)]
        found += batches[: rows // batch] if drop_last else batches
    return found


@pytest.mark.parametrize(("rows", "batch", "period"), [(96, 32, 3), (100, 32, 4), (20, 20, 1), (7, 1, 7)])
def test_rows_that_come_round(rng: np.random.Generator, rows: int, batch: int, period: int) -> None:
    prints = prints_of(rng, rows, batch, 3)
    assert find_epochs(len(prints), (), prints) == Epochs((period, 2 * period, 3 * period), How.ROUNDS)


def test_rows_that_occur_several_times() -> None:
    table = np.array([0.0, 1.0, 1.0, 2.0] * 4)
    rng = np.random.default_rng(1)
    prints = [part for _ in range(3) for part in np.split(rng.permutation(table), 4)]
    assert find_epochs(12, (), prints).ends[-1] == 12


def test_the_last_epoch_may_be_cut_short(rng: np.random.Generator) -> None:
    prints = prints_of(rng, 60, 20, 3)[:8]
    assert find_epochs(8, (), prints).ends == (3, 6, 8)


def test_rows_that_are_left_out_in_turn(rng: np.random.Generator) -> None:
    prints = prints_of(rng, 100, 32, 3, drop_last=True)
    assert find_epochs(len(prints), (), prints) == Epochs((3, 6, 9), How.AGAIN)


def test_rows_that_never_come_again(rng: np.random.Generator) -> None:
    assert find_epochs(5, (), [rng.normal(size=8) for _ in range(5)]) == Epochs((5,), How.UNKNOWN)


def test_what_was_told_counts(rng: np.random.Generator) -> None:
    assert find_epochs(6, (2, 4), prints_of(rng, 60, 20, 2)) == Epochs((2, 4, 6), How.TOLD)


def test_a_row_keeps_its_fingerprint(rng: np.random.Generator) -> None:
    images = rng.random((10, 1, 28, 28)).astype(np.float32)
    order = rng.permutation(10)
    for whole in (False, True):
        np.testing.assert_allclose(
            fingerprints(images[order], whole=whole), fingerprints(images, whole=whole)[order], rtol=1e-4, atol=1e-5
        )
