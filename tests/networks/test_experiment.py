"""Experiments as values: a file reads back equal, and a bad file is answered with one sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradoscope.data import DataSpec
from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, Schedule, TrainingSpec, initialisers
from gradoscope.networks.training_spec import CLIPS, OPTIMIZERS

shares = st.floats(0, 0.99)
sizes = st.integers(1, 1000)
named_activations = st.sampled_from(sorted(activations)).map(Named) | st.builds(
    lambda slope: Named.of("leaky_relu", negative_slope=slope), st.floats(0, 1)
)
named_starts = st.sampled_from(sorted(initialisers)).map(Named) | st.builds(
    lambda low, high: Named.of("random_uniform", minval=low, maxval=high), st.floats(-1, 0), st.floats(0, 1)
)
even = sizes.map(lambda n: 2 * n)  # gated activations make one output of two units
layers = st.builds(
    Layer,
    units=even,
    activation=named_activations,
    initialiser=st.none() | named_starts,
    bias_initialiser=named_starts,
    repeat=st.integers(1, 9),
    normalisation=st.sampled_from([None, "batch", "layer"]),
    dropout=shares,
    l1=st.floats(0, 10),
    l2=st.floats(0, 10),
    use_bias=st.booleans(),
)
schedules = st.sampled_from(
    [
        Schedule("cosine"),
        Schedule("exponential", decay_steps=3, decay_rate=0.5, staircase=True),
        Schedule("piecewise_constant", boundaries=(2, 7), factors=(1.0, 0.5, 0.0)),
        Schedule("plateau", patience=2, monitor="train_loss"),
    ]
)
of_output = named_activations.filter(lambda named: Layer(2, named).width == 2)
output_layers = st.builds(Layer, units=even, activation=of_output, initialiser=named_starts, l2=shares)
networks = st.builds(
    NetworkSpec,
    output=output_layers,
    loss=st.sampled_from(sorted(losses)).map(Named),
    hidden=st.lists(layers).map(tuple),
)


CLASS_WEIGHTS = (None, "balanced", {"a": 1.0, "가": 0.5})


@st.composite
def trainings(draw: st.DrawFn) -> TrainingSpec:
    optimizer = draw(st.sampled_from(sorted(OPTIMIZERS)))
    if optimizer == "lbfgs":
        return TrainingSpec(optimizer="lbfgs", epochs=draw(sizes), class_weight=draw(st.sampled_from(CLASS_WEIGHTS)))
    kinds = {name: st.booleans() if name == "nesterov" else shares for name in OPTIMIZERS[optimizer]}
    return TrainingSpec(
        optimizer=optimizer,
        learning_rate=draw(st.floats(1e-9, 1e9)),
        batch_size=draw(sizes),
        epochs=draw(sizes),
        shuffle=draw(st.booleans()),
        seed=draw(st.integers(0, 2**40)),
        decay=draw(shares),
        schedule=draw(st.none() | schedules),
        warm_up=draw(st.integers(0, 9)),
        **{draw(st.sampled_from(CLIPS)): draw(st.none() | st.floats(1e-3, 1e3))},
        patience=draw(st.none() | sizes),
        weight_decay=draw(st.none() | shares),
        **{name: draw(st.none() | kind) for name, kind in kinds.items()},
    )


data_specs = st.builds(
    DataSpec,
    source=st.sampled_from(["make_moons", "data.csv", "숫자.csv"]),
    options=st.dictionaries(st.sampled_from(["n_samples", "random_state"]), st.integers(1, 99)),
    target=st.none() | st.text("abc가 \"'\\", min_size=1, max_size=5),
    task=st.sampled_from([None, "binary", "multiclass", "regression"]),
    validation=st.floats(0.01, 0.99) | sizes,
    inputs=st.sampled_from(["raw", "standard", "minmax"]),
    drop=st.lists(st.text("abc", min_size=1), max_size=3).map(tuple),
)


@given(st.builds(Experiment, data_specs, networks, trainings()))
def test_a_file_reads_back_equal(experiment: Experiment) -> None:
    assert Experiment.from_toml(experiment.to_toml()) == experiment


def test_what_is_not_written_is_the_default() -> None:
    assert Experiment.from_toml(FILE).training == TrainingSpec(epochs=3)
    assert Experiment.from_toml(FILE).network.hidden[0].start == Named("he_normal")  # suits relu


def test_names_are_those_of_any_library() -> None:
    spelled = FILE.replace('"relu"', '"ReLU"').replace('"binary_cross_entropy"', '"binary_crossentropy"')
    assert Experiment.from_toml(spelled) == Experiment.from_toml(FILE)


def test_repeats_are_written_out() -> None:
    network = Experiment.from_toml(FILE.replace("units = 3", "units = 3, repeat = 4")).network
    assert [layer.units for layer in network.layers] == [3, 3, 3, 3, 1]


FILE = """
[data]
source = "make_moons"
[network]
hidden = [{ units = 3, activation = "relu" }]
output = { units = 1, activation = "sigmoid" }
loss = "binary_cross_entropy"
[training]
epochs = 3
"""
BAD = [
    ('units = 1, activation = "sigmoid"', 'units = 2, activation = "glu"', "glu: it makes 1 outputs of 2 units"),
    ('1, activation = "sigmoid"', '1, activation = "prelu", learn_activation = true', "or learn_activation; put"),
    ("epochs = 3", "clip_norm = 1\nclip_value = 1", "clip_norm, clip_value cannot be given together"),
    ("epochs = 3", 'schedule = "cosin"', "there is no 'cosin'. Did you mean cosine"),
    ("epochs = 3", 'schedule = { name = "cosine", power = 2 }', "cosine has no argument 'power'; it takes: decay_"),
    ("epochs = 3", 'schedule = "exponential"', "exponential needs decay_rate."),
    ("epochs = 3", 'schedule = { name = "piecewise_constant", boundaries = [3, 2], factors = [1, 2, 3] }', "must rise"),
    (
        "epochs = 3",
        'schedule = { name = "piecewise_constant", boundaries = [3], factors = [1, -2] }',
        "factors[1] is -2.0",
    ),
    ("epochs = 3", 'schedule = { name = "cosine_restarts", t_mul = 0.5 }', "t_mul is 0.5; it must be at least 1."),
    ("epochs = 3", 'schedule = { name = "one_cycle", pct_start = 1 }', "pct_start is 1.0; it must be below 1."),
    ("epochs = 3", 'schedule = { name = "plateau", factor = 2 }', "factor is 2.0; it must be below 1."),
    ("epochs = 3", 'class_weight = { a = "b" }', "class_weight: a is 'b'; expected a number."),
    ("epochs = 3", "class_weight = { a = 0 }", "class_weight: a is 0.0; it must be greater than 0."),
    ("epochs = 3", 'optimizer = "lbfgs"\ndecay = 0.1', "decay has no effect on lbfgs; leave it out."),
    ("units = 3", "units = 3, learn_activation = true", "relu has no parameter to train"),
    ('3, activation = "relu"', '3, activation = "glu"', "units is 3, but glu joins several into one output"),
    ("units = 3", "units = 3, residual = true, repeat = 2 }, { units = 4, residual = true", "3 inputs and 4 outputs"),
    ("epochs = 3", "epochs = 0", "e.toml, [training]: epochs is 0; it must be at least 1."),
    ("epochs = 3", "epochs = 2.5", "e.toml, [training]: epochs is 2.5; expected a whole number."),
    ("epochs = 3", "epoch = 3", "e.toml, [training]: unknown key 'epoch'. Did you mean epochs, epsilon?"),
    ("epochs = 3", "learning_rate = 0", "e.toml, [training]: learning_rate is 0.0; it must be greater than 0."),
    ("epochs = 3", "learning_rate = inf", "e.toml, [training]: learning_rate is inf; it must be finite."),
    ("epochs = 3", "learning_rate = nan", "e.toml, [training]: learning_rate is nan; it must be greater than 0."),
    ("epochs = 3", "seed = -1", "e.toml, [training]: seed is -1; it must be at least 0."),
    ("epochs = 3", "beta_1 = 1.0", "e.toml, [training]: beta_1 is 1.0; it must be below 1."),
    ("epochs = 3", "shuffle = 1", "e.toml, [training]: shuffle is 1; expected true or false."),
    (
        "epochs = 3",
        "momentum = 0.9",
        "e.toml, [training]: adam has no argument 'momentum'; it takes: beta_1, beta_2, epsilon.",
    ),
    (
        "epochs = 3",
        'optimizer = "adm"',
        "e.toml, [training]: optimizer: there is no 'adm'. Did you mean adam, nadam, adamw?",
    ),
    ("units = 3", "units = 0", "e.toml, [network]: hidden[0]: units is 0; it must be at least 1."),
    ("units = 3", "units = true", "e.toml, [network]: hidden[0]: units is True; expected a whole number."),
    ("units = 3", "unit = 3", "e.toml, [network]: hidden[0]: unknown key 'unit'. Did you mean units?"),
    ("units = 3, ", "", "e.toml, [network]: hidden[0]: the key 'units' is missing."),
    ("units = 3", "units = 3, dropout = 1.0", "e.toml, [network]: hidden[0]: dropout is 1.0; it must be below 1."),
    ("units = 3", "units = 3, l2 = -1", "e.toml, [network]: hidden[0]: l2 is -1.0; it must be at least 0."),
    (
        "units = 3",
        'units = 3, initialiser = { name = "he_normal", gain = 1 }',
        "e.toml, [network]: hidden[0]: he_normal has no argument 'gain'; it takes: -.",
    ),
    (
        "units = 3",
        'units = 3, initialiser = { name = "constant", value = "a" }',
        "e.toml, [network]: hidden[0]: initialiser: value is 'a'; expected a number.",
    ),
    (
        "units = 1",
        "units = 1, dropout = 0.5",
        "The output layer takes no repeat, normalisation, dropout, residual or learn_activation; ",
    ),
    ('[{ units = 3, activation = "relu" }]', "3", "e.toml, [network]: hidden is 3; expected a table or a list."),
    ('[{ units = 3, activation = "relu" }]', "[3]", "e.toml, [network]: hidden[0] is 3; expected a table or a list."),
    ('loss = "binary_cross_entropy"', "", "e.toml, [network]: the key 'loss' is missing."),
    ('source = "make_moons"', "source = 3", "e.toml, [data]: source is 3; expected a text."),
    ("[data]", "[dat]", "e.toml: the table [data] is missing."),
    ("[training]", "[trainig]", "e.toml: unknown table [trainig]."),
    ("epochs = 3", "epochs =", "e.toml is not valid TOML"),
]


@pytest.mark.parametrize(("good", "bad", "sentence"), BAD)
def test_a_bad_file_is_answered_with_place_and_key(good: str, bad: str, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        Experiment.from_toml(FILE.replace(good, bad), "e.toml")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("good", "bad"), [('"relu"', '"rleu"'), ('"binary_cross_entropy"', '"binary_cross"')])
def test_an_unknown_function_is_answered_with_the_nearest(good: str, bad: str) -> None:
    with pytest.raises(UsageError, match=rf"e\.toml, \[network\].*{bad[1:-1]}.*{good[1:-1]}"):
        Experiment.from_toml(FILE.replace(good, bad), "e.toml")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.toml cannot be read"):
        Experiment.from_file(tmp_path / "no.toml")
