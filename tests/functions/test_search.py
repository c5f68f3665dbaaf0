"""Finding entries by name and by facts; conditions against Python's own reading of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.functions.search import condition, entries, find, named, words

LETTERS = ("odd", "even", "smooth")
atoms = st.sampled_from(LETTERS)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and {pair[1]}"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} or ({pair[1]})"),
    ),
    max_leaves=8,
)


@given(conditions, st.frozensets(atoms))
def test_a_condition_means_what_python_means_by_it(text: str, holding: frozenset[str]) -> None:
    expected = eval(text, {"__builtins__": {}}, {letter: letter in holding for letter in LETTERS})
    assert condition(text, LETTERS)(holding) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "odd even",
        "odd &",
        "odd & even",
        "odd()",
        "odd.even",
        "odd[0]",
        "'odd'",
        "1",
        "True",
        "odd == even",
        "odd if even else smooth",
        "lambda: odd",
        "(odd := even)",
        "[odd]",
        "f'{odd}'",
        "-odd",
        "__import__('os').system('true')",
        "odd\0",
        "odd; even",
        "(" * 400 + "odd" + ")" * 400,
        "not " * 200 + "odd",
        "*odd",
        "await odd",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        condition(text, LETTERS)


def test_words_in_any_spelling_and_the_nearest_of_unknown_ones() -> None:
    assert condition("Zero-Centred", ["zero_centred"])(frozenset({"zero_centred"}))
    with pytest.raises(UsageError, match="did you mean smooth"):
        condition("odd and smoooth", LETTERS)
    with pytest.raises(UsageError, match="odd, smooth"):
        condition("qqq", ("smooth", "odd"))


def test_words_of_well_known_functions() -> None:
    assert {"odd", "zero_centred", "bounded", "smooth", "elementwise"} <= words(activations["tanh"])
    assert {"non_negative", "convex", "dead_region"} <= words(activations["relu"])
    assert "smooth" not in words(activations["relu"])
    assert "elementwise" not in words(activations["softmax"])
    assert "trainable" in words(activations["prelu"])
    assert {"regression", "robust", "convex"} <= words(losses["mae"])
    assert "robust" not in words(losses["mse"])


def test_entries_of_both_catalogues_in_their_order() -> None:
    assert entries() == (*activations.values(), *losses.values())
    assert entries(kinds=("loss",)) == tuple(losses.values())
    both = entries(where="convex")
    assert {"relu", "huber"} <= {entry.name for entry in both}


def test_names() -> None:
    assert named("nn bce with logits loss".removeprefix("nn ")) is losses["binary_cross_entropy"]
    assert find("ReLU").entries == (activations["relu"],)
    assert find("rectifiers").entries == ()
    assert activations["relu"] in find("Rectifiers").family
    for name in ("hubber", "qqqq"):
        with pytest.raises(UsageError, match=re.escape(name)):
            named(name)
    with pytest.raises(UsageError):
        named("")
    with pytest.raises(UsageError):
        named("huber", kinds=("activation",))
