"""Every remedy removes its finding and raises the held-out score, on an experiment of the project's own."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from tests.diagnosis.conftest import Diagnose
from tests.diagnosis.experiments import (
    BLOBS,
    CIRCLES,
    DIABETES,
    EXAMPLES,
    binary,
    changed,
    numbers,
    relus,
    several,
)  # fmt: skip

from gradoscope.data import DataSpec
from gradoscope.diagnosis import remedies
from gradoscope.diagnosis.examine import examined
from gradoscope.diagnosis.merits import codes
from gradoscope.networks import Experiment, Layer, Named, init


class Case(NamedTuple):
    """A fault, and an experiment that has it; None: that of the rule's own example."""

    fault: str
    own: Experiment | None = None

    @property
    def experiment(self) -> Experiment:
        return self.own or EXAMPLES[self.fault].firing


FOUR_SIGMOIDS = binary(hidden=(Layer(16, Named("sigmoid"), repeat=4),), epochs=30, learning_rate=0.003)
EIGHT_SIGMOIDS = binary(hidden=(Layer(16, Named("sigmoid"), repeat=8),), epochs=40, learning_rate=0.01)
SLOW_SIGMOIDS = binary(
    hidden=(Layer(16, Named("sigmoid"), repeat=8, initialiser=Named("lecun_normal")),), epochs=40, learning_rate=0.001
)
MANY_COLUMNS = DataSpec(
    "make_regression",
    {"n_samples": 300, "n_features": 60, "n_informative": 4, "noise": 20.0, "random_state": 3},
    task="regression",
    validation=0.4,
    inputs="standard",
    targets="standard",
)
CASES = {
    "matched-output": Case("wrong-output-activation"),
    "matched-output-and-loss": Case("wrong-loss"),
    "standard-inputs": Case("unscaled-inputs"),
    "standard-targets": Case("unscaled-targets"),
    "standard-both": Case("unscaled-targets"),
    "suited-start": Case("poor-initialisation"),
    "suited-activation": Case("wrong-hidden-activation"),
    "zero-centred": Case("zigzag"),
    "shallower": Case("vanishing-gradient", FOUR_SIGMOIDS),
    "deeper": Case("linear-network", binary(CIRCLES, hidden=(), epochs=60)),
    "wider": Case("narrow-network"),
    "normalisation": Case("vanishing-gradient", EIGHT_SIGMOIDS),
    "residual": Case("vanishing-gradient", SLOW_SIGMOIDS),
    "no-penalties": Case("excessive-regularisation"),
    "adam": Case("wrong-optimizer"),
    "adam-faster": Case("wrong-optimizer"),
    "usual-batch": Case("batch-size"),
    "clipping": Case(
        "learning-rate-too-high",
        numbers(changed(DIABETES, targets="raw"), optimizer="sgd", learning_rate=0.05, epochs=60),
    ),
    "lower-rate": Case("learning-rate-too-high", binary(learning_rate=0.5)),
    "much-lower-rate": Case("learning-rate-too-high"),
    "higher-rate": Case("learning-rate-too-low", binary(learning_rate=1e-4, epochs=60)),
    "much-higher-rate": Case("learning-rate-too-low", binary(learning_rate=1e-5, epochs=100)),
    "found-rate": Case("learning-rate-too-high"),
    "more-epochs": Case("too-few-epochs"),
    "many-more-epochs": Case("too-few-epochs"),
    "more-epochs-higher-rate": Case("too-few-epochs"),
    "penalties": Case("overfitting"),
    "sparse-penalties": Case("overfitting", numbers(MANY_COLUMNS, relus(64, 1), epochs=150, learning_rate=0.01)),
    "early-stopping": Case("overfitting"),
}


def test_every_remedy_has_a_case() -> None:
    assert set(remedies) == {*CASES, "class-weights"}


@pytest.mark.parametrize("name", CASES)
def test_removes_its_finding_and_raises_the_score(name: str, diagnosed: Diagnose, folder: Path) -> None:
    fault, experiment = CASES[name].fault, CASES[name].experiment
    before = diagnosed(experiment)
    assert fault in [finding.fault for finding in before.findings if finding.stands]
    cured = remedies[name](experiment, examined(experiment, folder))
    assert cured is not None
    after = diagnosed(cured)
    assert fault not in [finding.fault for finding in after.findings if finding.stands]
    assert before.score is not None
    assert after.score is not None
    assert after.score.validation > np.nan_to_num(before.score.validation, nan=-np.inf)


def test_class_weights_find_the_rare_class(diagnosed: Diagnose, folder: Path) -> None:
    experiment = EXAMPLES["class-imbalance"].firing
    evidence = examined(experiment, folder)
    cured = remedies["class-weights"](experiment, evidence)
    assert cured is not None
    assert "class-imbalance" not in [finding.fault for finding in diagnosed(cured).findings if finding.stands]
    rare = codes(evidence.data.validation.targets) == 1
    found, before = evidence.trial(cured).validation[rare].mean(), evidence.own.validation[rare].mean()
    assert found > before + 0.3


@pytest.mark.parametrize("name", sorted(remedies))
def test_says_what_to_do_and_what_to_expect(name: str) -> None:
    remedy = remedies[name]
    assert len({remedy.sentence(), remedy.effect(), remedy.safety.title}) == 3


def test_changes_nothing_twice(folder: Path) -> None:
    evidence = examined(several(BLOBS, relus(), epochs=1), folder)
    for name in ("matched-output", "standard-inputs", "suited-start", "suited-activation", "no-penalties"):
        assert remedies[name](evidence.experiment, evidence) is None


def test_every_remedy_leaves_an_experiment_that_can_be_trained(folder: Path) -> None:
    """Gated, residual and learning layers, another bound on the gradients, a line search."""
    gated = Layer(8, Named("glu"))
    stack = (gated, Layer(4, Named("prelu"), residual=True, learn_activation=True))
    first = (Layer(2, Named("prelu"), residual=True, repeat=2),)
    for experiment in (
        binary(hidden=stack, epochs=1, clip_value=1.0),
        binary(hidden=first, epochs=1, optimizer="lbfgs"),
    ):
        evidence = examined(experiment, folder)
        for name in ("suited-activation", "zero-centred", "clipping", "wider", "deeper", "shallower", "residual"):
            changed = remedies[name](experiment, evidence) or experiment
            init([changed.network], 2, seed=0)
