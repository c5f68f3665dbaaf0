"""Looking entries up, and what each entry says about itself."""

import numpy as np
import pytest

from gradoscope.errors import UsageError
from gradoscope.functions import Activation, Loss, activations, losses
from gradoscope.functions.catalogue import Catalogue
from gradoscope.functions.facts import Range
from gradoscope.functions.guidance import Guidance
from gradoscope.language import speaking

ENTRIES: list[Activation | Loss] = [*activations.values(), *losses.values()]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("ReLU", "relu"), ("LeakyReLU", "leaky_relu"), ("Leaky-ReLU", "leaky_relu"), ("hard swish", "hard_swish"),
        ("logistic", "sigmoid"), ("linear", "identity"), ("SWISH", "swish"), ("soft_sign", "softsign"),
    ],
)  # fmt: skip
def test_activations_are_found_in_any_spelling(spelling: str, name: str) -> None:
    assert activations[spelling].name == name
    assert spelling in activations


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("MSE", "mean_squared_error"), ("BCEWithLogitsLoss", "binary_cross_entropy"),
        ("nll", "negative_log_likelihood"),
        ("CrossEntropyLoss", "categorical_cross_entropy"), ("huber_loss", "huber"), ("logcosh", "log_cosh"),
        ("sparse-categorical-crossentropy", "categorical_cross_entropy"), ("cce", "categorical_cross_entropy"),
    ],
)  # fmt: skip
def test_losses_are_found_in_any_spelling(spelling: str, name: str) -> None:
    assert losses[spelling].name == name


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(UsageError, match="did you mean relu"):
        activations["relux"]
    with pytest.raises(UsageError, match="did you mean huber"):
        losses["hubber"]
    with pytest.raises(UsageError, match="no activation called zzzz"):
        activations["zzzz"]
    assert "relux" not in activations


def test_a_name_cannot_be_taken_twice() -> None:
    catalogue: Catalogue[Activation] = Catalogue("activation")
    catalogue.add(activations["silu"])
    with pytest.raises(ValueError, match="already names"):
        catalogue.add(activations["silu"])


def test_the_core_is_there() -> None:
    assert len(activations) >= 60
    assert len(losses) >= 49


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_describes_itself(entry: Activation | Loss) -> None:
    assert entry.formula
    assert entry.source
    assert entry.guidance.strengths
    assert entry.guidance.weaknesses
    for partner in entry.guidance.pairs_with:
        assert partner in activations or partner in losses, partner


def test_guidance_is_translated() -> None:
    english = activations["relu"].guidance
    with speaking("ko"):
        korean = english.spoken()
    assert isinstance(korean, Guidance)
    assert korean.use != english.use
    assert korean.pairs_with == english.pairs_with
    assert english.spoken() == english


def test_parameters_are_checked() -> None:
    with pytest.raises(UsageError, match="has no parameter alpha"):
        activations["relu"].with_parameters(alpha=1)
    with pytest.raises(UsageError, match=r"must lie in \(0, inf\)"):
        activations["celu"]([1.0], alpha=0.0)
    with pytest.raises(UsageError, match="must lie in"):
        activations["celu"]([1.0], alpha="big")


def test_bound_activations() -> None:
    steep = activations["leaky_relu"].with_parameters(negative_slope=0.2)
    assert steep([-1.0])[0] == -0.2
    assert steep.parameters["negative_slope"].default == 0.2
    assert activations["leaky_relu"].parameters["negative_slope"].default == 0.01
    assert repr(steep) == "leaky_relu(negative_slope=0.2)"
    assert steep == activations["leaky_relu"].with_parameters(negative_slope=0.2)
    assert hash(steep) == hash(activations["leaky_relu"].with_parameters(negative_slope=0.2))
    assert steep != activations["leaky_relu"]


def test_facts_of_bound_activations_are_those_that_still_hold() -> None:
    ceiling = [fact for fact in activations["relu6"].with_parameters(maximum=2.0).facts if isinstance(fact, Range)]
    assert ceiling == []
    assert any(isinstance(fact, Range) for fact in activations["relu6"].facts)


@pytest.mark.parametrize("name", ["glu", "swiglu", "maxout"])
def test_units_that_cannot_be_divided_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="not 3"):
        activations[name]([1.0, 2.0, 3.0])


def test_whole_numbers_may_be_those_of_numpy() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(activations["softmax"](rows, axis=np.int64(0)), activations["softmax"](rows, axis=0))
    with pytest.raises(UsageError, match="axis of softmax must lie in the whole numbers, not"):
        activations["softmax"](rows, axis=0.5)
