"""What is seen of a training loop, kept as NumPy numbers: steps, rows, and what they say per epoch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.epochs import Epochs, Prints, find_epochs, find_period, fingerprints, tell_apart
from gradoscope.training.signals import TINY

Numbers = NDArray[np.float64]
Array = NDArray[np.generic]
MOST_NUMBERS = 2**27  # numbers of rows that are kept (512 MiB in single precision)
MOST_PRINTS = 2**22  # rows whose fingerprints are kept while the end of the first epoch is looked for


class Step(NamedTuple):
    """One update: its rows, loss (NaN where unseen), learning rate, and norms per layer (None where not measured)."""

    rows: int
    loss: float
    rate: float
    gradient: Numbers | None
    update: Numbers | None
    weight: Numbers | None


class Batch(NamedTuple):
    """Rows as they went through the model: inputs (rows, ...), targets (rows, ...) or None where none were seen."""

    inputs: Array
    targets: Array | None


class Evaluation(NamedTuple):
    """A batch that went through the model without training it, after so many steps; `loss` is NaN where unseen."""

    after: int
    rows: int
    loss: float


class WatchedSignals(NamedTuple):
    """One number per epoch and layer, as `gradoscope.training.Signals`, in NumPy."""

    gradient_norm: NDArray[np.float32]
    update_ratio: NDArray[np.float32]
    weight_norm: NDArray[np.float32]


class NonFinite(NamedTuple):
    """The first step (from 1) with NaN or infinity, and the first layer whose gradient or weights showed it."""

    step: int
    layer: str | None


@dataclass(eq=False)
class Recorder:
    """Filled while a loop runs, read afterwards. `layers` names the layers that have norms."""

    layers: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    prints: list[Prints] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    held_out: list[Batch | None] = field(default_factory=list)
    cut: bool = False
    _numbers: int = 0
    _printed: int = 0
    _whole: bool = False
    _period: int | None = None

    @property
    def wants_rows(self) -> bool:
        """Whether rows are still kept: until an epoch is known to be over, or too many numbers are held."""
        return not self.told and self._period is None and not self.cut

    def epoch_ended(self) -> None:
        """Note that the user said so."""
        if self.steps and self.told[-1:] != [len(self.steps)]:
            self.told.append(len(self.steps))

    def keep(self, batches: Sequence[Batch]) -> None:
        """Keep the rows of further steps, and see whether they have come round."""
        if not self.batches:
            self._whole = not tell_apart(fingerprints(batches[0].inputs, whole=False))
        prints = [fingerprints(batch.inputs, whole=self._whole) for batch in batches]
        self.batches += batches
        self.prints += prints
        self._numbers += sum(batch.inputs.size for batch in batches)
        self._printed += sum(map(len, prints))
        self._period = find_period(self.prints)
        self.cut = self._period is None and (self._numbers > MOST_NUMBERS or self._printed > MOST_PRINTS)

    def evaluated(self, evaluation: Evaluation, batch: Batch | None) -> None:
        """Note a batch that trained nothing; its rows are kept if they came before any other steps of training."""
        self.evaluations.append(evaluation)
        self._numbers += 0 if batch is None else batch.inputs.size
        self.held_out.append(batch if self._numbers <= MOST_NUMBERS else None)

    @property
    def first_block(self) -> int | None:
        """After how many steps the first batches went through the model without training it, or None."""
        return self.evaluations[0].after if self.evaluations else None

    def epochs(self) -> Epochs:
        """Where the epochs end."""
        return find_epochs(len(self.steps), self.told, self.prints)

    def losses(self) -> NDArray[np.float32]:
        """Training loss per epoch, shape (epochs,): mean over the rows of the steps; NaN where no loss was seen."""
        weighted = [(np.array([s.rows for s in part]), np.array([s.loss for s in part])) for part in self._parts()]
        with np.errstate(over="ignore", invalid="ignore"):
            return np.array([rows @ loss / rows.sum() for rows, loss in weighted], np.float32)

    def signals(self) -> WatchedSignals:
        """Signals per epoch and layer, each (epochs, layers)."""
        parts = self._parts()
        gradient = _held([_mean([s.gradient for s in part]) for part in parts], len(self.layers))
        update = _held([_mean([s.update for s in part]) for part in parts], len(self.layers))
        weight = _held([_last([s.weight for s in part]) for part in parts], len(self.layers))
        with np.errstate(over="ignore", invalid="ignore"):
            ratio = update / np.maximum(weight, TINY)
            return WatchedSignals(*(array.astype(np.float32) for array in (gradient, ratio, weight)))

    def non_finite(self) -> NonFinite | None:
        """Where the numbers ended, or None."""
        for number, step in enumerate(self.steps, 1):
            for norms in (step.gradient, step.weight):
                if norms is not None and not np.isfinite(norms).all():
                    return NonFinite(number, self.layers[int((~np.isfinite(norms)).argmax())])
            if np.isinf(step.loss) or (np.isnan(step.loss) and not np.isnan(self.steps[0].loss)):
                return NonFinite(number, None)
        return None

    def _parts(self) -> list[list[Step]]:
        return [self.steps[part] for part in self.epochs().slices()] if self.steps else []


def _mean(norms: list[Numbers | None]) -> Numbers | None:
    measured = [each for each in norms if each is not None]
    return np.mean(measured, axis=0) if measured else None


def _last(norms: list[Numbers | None]) -> Numbers | None:
    return next((each for each in reversed(norms) if each is not None), None)


def _held(found: list[Numbers | None], layers: int) -> Numbers:
    """An epoch without a measurement shows the one before it (the first epochs: the one after them)."""
    first = next((each for each in found if each is not None), np.full(layers, np.nan))
    rows = []
    for each in found:
        first = first if each is None else each
        rows.append(first)
    return np.array(rows).reshape(len(found), layers)
