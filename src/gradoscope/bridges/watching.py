"""What every watch over a training loop can say, whatever the library."""

import tempfile
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.chain import UntranslatableError
from gradoscope.bridges.epochs import How
from gradoscope.bridges.glimpse import Watching, glimpse
from gradoscope.bridges.rebuilding import Loop, Rebuilt, rebuilt
from gradoscope.bridges.recording import NonFinite, Recorder, WatchedSignals
from gradoscope.diagnosis import Diagnosis, Finding, Severity
from gradoscope.diagnosis.causes import ordered
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.examine import judged
from gradoscope.errors import UsageError
from gradoscope.language import say


class Watched(NamedTuple):
    """What was watched, per epoch: layers by name, signals (epochs, layers), training loss (epochs,)."""

    layers: tuple[str, ...]
    signals: WatchedSignals
    train_loss: NDArray[np.float32]
    how: How


class Scope(AbstractContextManager["Scope"]):
    """A watch over a training loop: signals per epoch and layer, and a diagnosis."""

    @abstractmethod
    def _settled(self) -> Recorder:
        """The recorder, once everything that is still under way has reached it."""

    @abstractmethod
    def _loop(self) -> Loop:
        """The loop in the words of an experiment, or an UntranslatableError error."""

    @abstractmethod
    def _watching(self) -> Watching:
        """What can be asked of the model where it is no experiment."""

    def epoch_end(self) -> None:
        """Say that an epoch is over; without it the end of an epoch is found by its rows coming round."""
        self._settled().epoch_ended()

    @property
    def watched(self) -> Watched:
        """The signals of the loop so far."""
        recorder = self._settled()
        return Watched(recorder.layers, recorder.signals(), recorder.losses(), recorder.epochs().how)

    @property
    def non_finite(self) -> NonFinite | None:
        """The first step with NaN or infinity and its layer, or None."""
        return self._settled().non_finite()

    def diagnose(self) -> Diagnosis:
        """Say why the watched model does not learn, or that no fault was found.

        The model is written down as an experiment with the rows that it saw, and every rule looks at what was watched.
        Where a rule has to try a change, a twin is trained here, by Gradoscope; the watched model is never touched.

        Returns
        -------
        Diagnosis
            `outcome` says how the loop ended and, a sentence each, what could not be known.

        Raises
        ------
        UsageError
            No step of training was seen.
        """
        began = time.perf_counter()
        recorder = self._settled()
        if not recorder.steps:
            raise UsageError(say("No step of training was watched; run the training loop inside the block."))
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = rebuilt(self._loop(), recorder, Path(folder))
            except UntranslatableError as obstacle:
                found_anyway = glimpse(self._watching(), recorder, str(obstacle), Path(folder))
                return replace(found_anyway, seconds=time.perf_counter() - began)
            return replace(_of_rules(found, recorder, Path(folder)), seconds=time.perf_counter() - began)


def _of_rules(found: Rebuilt, recorder: Recorder, folder: Path) -> Diagnosis:
    """What the rules say about the loop as an experiment; what is wrong whatever the weights comes with them."""
    said = judged(Evidence(found.experiment, folder, found.data, found.run, recorded_start=found.start))
    findings = list(said.findings)
    if (wrong := found.mismatch) is not None:
        own = Finding(wrong.fault, Severity.CRITICAL, wrong.where, wrong.sentence, {}, wrong.remedies, confidence=1.0)
        findings = [own, *(finding for finding in findings if finding.fault != wrong.fault)]
    return replace(said, outcome=" ".join([said.outcome or "", *found.remarks]), findings=ordered(findings))
