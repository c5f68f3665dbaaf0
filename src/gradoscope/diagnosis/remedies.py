"""Remedies: from experiment to experiment, ordered from the causes nearest the data to the settings of training.

A remedy returns None where it would change nothing. The sentences say what to do and what to expect; a diagnosis shows
them, and repair tries them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from gradoscope.diagnosis import changes
from gradoscope.diagnosis.changes import Change
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.language import say
from gradoscope.networks import Experiment

Sentence = Callable[[], str]


class Safety(Enum):
    """What a remedy may spoil in an experiment that did not need it."""

    SAFE = "safe"
    SLOWER = "slower"
    TRIAL = "trial"

    @property
    def title(self) -> str:
        """The safety in words."""
        match self:
            case Safety.SAFE:
                return say("does no harm where it was not needed")
            case Safety.SLOWER:
                return say("takes longer, and may overfit")
            case Safety.TRIAL:
                return say("helps or harms, so try it")


@dataclass(frozen=True)
class Remedy:
    """A named change, the sentences that advise it and say what to expect, and what it may spoil."""

    name: str
    change: Change
    sentence: Sentence
    effect: Sentence
    safety: Safety

    def __call__(self, experiment: Experiment, evidence: Evidence) -> Experiment | None:
        """The changed experiment, or None where nothing changes."""
        changed = self.change(experiment, evidence)
        return None if changed == experiment else changed


class Applied(NamedTuple):
    """The remedies of a chain that changed something, and the experiment after them."""

    chain: tuple[str, ...]
    experiment: Experiment


def applied(names: Iterable[str], evidence: Evidence) -> Applied:
    """The experiment of the evidence after some remedies, one after the other."""
    experiment, chain = evidence.experiment, []
    for name in names:
        changed = remedies[name](experiment, evidence)
        if changed is not None:
            experiment = changed
            chain.append(name)
    return Applied(tuple(chain), experiment)


def _reachable() -> str:
    return say("The loss can reach its minimum, and wrong answers get the largest gradient.")


def _conditioned() -> str:
    return say("One learning rate suits all weights; training needs far fewer steps.")


def _signal() -> str:
    return say("Signal and gradient keep their size through all layers.")


def _calm() -> str:
    return say("The loss falls instead of jumping.")


def _arrives() -> str:
    return say("The loss falls further in the same epochs.")


def _arrives_in_time() -> str:
    return say("The loss has the time to fall as far as it can.")


def _capacity() -> str:
    return say("The network can represent more.")


def _generalises() -> str:
    return say("Training rows score lower, new rows higher.")


_REMEDIES = (
    Remedy(
        "matched-output", changes.matched_output, lambda: say("Use the output activation that belongs to the loss."),
        _reachable, Safety.SAFE,
    ),
    Remedy(
        "matched-output-and-loss", changes.matched_both, lambda: say(
            "Use the pair that suits the task: sigmoid with binary cross-entropy for two classes, softmax with "
            "categorical cross-entropy for several, identity with mean squared error for numbers."
        ), _reachable, Safety.SAFE,
    ),
    Remedy(
        "standard-inputs", changes.standard_inputs,
        lambda: say('Standardise the inputs: [data] inputs = "standard".'), _conditioned, Safety.SAFE,
    ),
    Remedy(
        "standard-targets", changes.standard_targets,
        lambda: say('Standardise the targets: [data] targets = "standard".'), _conditioned, Safety.SAFE,
    ),
    Remedy(
        "standard-both", changes.standard_both, lambda: say("Standardise inputs and targets."),
        _conditioned, Safety.SAFE,
    ),
    Remedy(
        "suited-start", changes.suited_start, lambda: say(
            "Draw the starting weights by the rule that suits the activation: He for rectifiers, LeCun for SELU, "
            "Glorot for sigmoid and tanh."
        ), _signal, Safety.SAFE,
    ),
    Remedy(
        "suited-activation", changes.suited_activation, lambda: say(
            "Use a hidden activation that keeps the signal: ReLU with He, in deep stacks SELU with LeCun, in layers of "
            "a few units tanh with Glorot."
        ), _signal, Safety.TRIAL,
    ),
    Remedy("zero-centred", changes.zero_centred, lambda: say("Use tanh with Glorot in the hidden layers."),
           lambda: say("Steps go straight, not in a zigzag."), Safety.TRIAL),
    Remedy(
        "shallower", changes.shallower, lambda: say("Use half as many hidden layers, or none instead of one."),
        lambda: say("Less is lost on the way, and less can be memorised."), Safety.TRIAL,
    ),
    Remedy("deeper", changes.deeper, lambda: say("Add a hidden layer."), _capacity, Safety.TRIAL),
    Remedy("wider", changes.wider, lambda: say("Use four times as many units in the hidden layers."),
           _capacity, Safety.SLOWER),
    Remedy("residual", changes.residual, lambda: say("Let hidden layers add to what comes into them: residual = true."),
           _signal, Safety.TRIAL),
    Remedy("normalisation", changes.normalised, lambda: say("Put batch normalisation into the hidden layers."),
           _signal, Safety.TRIAL),
    Remedy("no-penalties", changes.unpenalised,
           lambda: say("Take out the penalties and the dropout, then add little."), _arrives, Safety.TRIAL),
    Remedy("adam", changes.adam(0.001), lambda: say("Use Adam with the learning rate 0.001."), _arrives, Safety.TRIAL),
    Remedy("adam-faster", changes.adam(0.01), lambda: say("Use Adam with the learning rate 0.01."),
           _arrives, Safety.TRIAL),
    Remedy("class-weights", changes.weighted_classes,
           lambda: say('Weigh all classes the same: [training] class_weight = "balanced".'),
           lambda: say("Rare classes are found more often, at the price of some rows of the common ones."),
           Safety.TRIAL),
    Remedy("usual-batch", changes.usual_batch, lambda: say("Use batches of 32 rows."),
           lambda: say("Every epoch takes enough steps, and a step sees enough rows."), Safety.TRIAL),
    Remedy("clipping", changes.clipped, lambda: say("Bound the gradient norm: [training] clip_norm = 1."),
           lambda: say("No single step throws the weights far away."), Safety.SAFE),
    Remedy("lower-rate", changes.rate(0.1), lambda: say("Divide the learning rate by ten."), _calm, Safety.TRIAL),
    Remedy("much-lower-rate", changes.rate(0.01), lambda: say("Divide the learning rate by a hundred."),
           _calm, Safety.TRIAL),
    Remedy("higher-rate", changes.rate(10.0), lambda: say("Multiply the learning rate by ten."),
           _arrives, Safety.TRIAL),
    Remedy("much-higher-rate", changes.rate(100.0), lambda: say("Multiply the learning rate by a hundred."),
           _arrives, Safety.TRIAL),
    Remedy("found-rate", changes.found_rate,
           lambda: say("Find the learning rate by a range test: short runs from 0.0001 to 3, the best one wins."),
           _arrives, Safety.SAFE),
    Remedy("more-epochs-higher-rate", changes.longer_and_faster,
           lambda: say("Train for ten times as many epochs with ten times the learning rate."),
           _arrives, Safety.SLOWER),
    Remedy("more-epochs", changes.epochs(10), lambda: say("Train for ten times as many epochs."),
           _arrives_in_time, Safety.SLOWER),
    Remedy("many-more-epochs", changes.epochs(100), lambda: say("Train for a hundred times as many epochs."),
           _arrives_in_time, Safety.SLOWER),
    Remedy("penalties", changes.penalised,
           lambda: say("Add a small L2 penalty and dropout to the hidden layers."), _generalises, Safety.TRIAL),
    Remedy("sparse-penalties", changes.sparse, lambda: say("Add a small L1 penalty to all layers."),
           lambda: say("Weights of inputs that say nothing go to zero."), Safety.TRIAL),
    Remedy("early-stopping", changes.patient,
           lambda: say("Stop when the validation loss no longer falls: patience."), _generalises, Safety.SAFE),
)  # fmt: skip
remedies = MappingProxyType({remedy.name: remedy for remedy in _REMEDIES})
"""Every remedy by name, those nearest the data first."""
