"""Handwritten digits and clothes: ten softmax nodes beside scikit-learn; loss and accuracy while learning."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from gradoscope.data import Rows, load
from gradoscope.errors import DataError
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, network, parts, said
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Whole
from gradoscope.networks import TrainingSpec
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import Curves as History
from gradoscope.training import Run, fit_population, score

Array = NDArray[np.floating]
FEW = 200  # rows that a large network can learn by heart
BY_HEART = 60  # epochs of that


class Beside(NamedTuple):
    """Test accuracy on a data set, ours and scikit-learn's, and the sizes of the data and of the training."""

    data: str
    rows: int
    tested: int
    epochs: int
    ours: float
    sklearn: float


class Measured(NamedTuple):
    """`missing` says how to get the clothes where they are not on this machine; `by_heart` is training on few rows."""

    beside: tuple[Beside, ...]
    missing: str
    history: History
    by_heart: History


def measure(hidden: int, epochs: int, rows: int, seed: int) -> Measured:
    """Train on the digits, on the clothes where they are found, and on a few digits for long."""
    data = parts("digits", seed, targets="one_hot")
    run, digits = _compared("digits", data.train, data.validation, data.test, hidden, epochs, seed)
    found, missing = [digits], ""
    try:
        found.append(_clothes(hidden, rows, seed))
    except DataError as error:
        missing = str(error)
    few = data.train.at(slice(FEW))
    by_heart = _trained(few, data.validation, 128, BY_HEART, 0.01, seed)
    return Measured(tuple(found), missing, run.curves, by_heart.curves)


def _clothes(hidden: int, rows: int, seed: int) -> Beside:
    """Fashion-MNIST: some of its training rows, a fifth as many of its test rows."""
    dataset = load("fashion-mnist")
    images, classes, tests = np.asarray(dataset.inputs), np.asarray(dataset.target), dataset.test_rows
    assert tests is not None
    rng = np.random.default_rng(seed)
    train = rng.choice(np.setdiff1d(np.arange(dataset.n_rows), tests), rows, replace=False)
    held = rng.choice(tests, min(rows // 5 + 1, len(tests)), replace=False)
    one_hot = np.eye(10, dtype=np.float32)
    part, test = (Rows((images[i] / 255).astype(np.float32), one_hot[classes[i]]) for i in (train, held))
    return _compared("fashion-mnist", part, test, test, hidden, 5, seed)[1]


def _trained(train: Rows, validation: Rows, hidden: int, epochs: int, rate: float, seed: int) -> Run:
    spec = network([hidden], "relu", outputs=10, link="softmax", loss="categorical_cross_entropy",
                   start="glorot_uniform")  # fmt: skip
    training = TrainingSpec(learning_rate=rate, epochs=epochs, seed=seed)
    return fit_population(experiments([spec], training), train, validation, "multiclass")[0]


def _compared(
    name: str, train: Rows, validation: Rows, test: Rows, hidden: int, epochs: int, seed: int
) -> tuple[Run, Beside]:
    run = _trained(train, validation, hidden, epochs, 0.001, seed)
    ours = score("accuracy", said([run.experiment.network], run.params, test.inputs)[0], test.targets)
    theirs = MLPClassifier(
        (hidden,), activation="relu", solver="adam", alpha=0.0, batch_size=32, learning_rate_init=0.001,
        max_iter=epochs, n_iter_no_change=epochs + 1, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is the point
        theirs.fit(train.inputs, train.targets.argmax(1))
    right = float(theirs.score(test.inputs, test.targets.argmax(1)))
    return run, Beside(name, len(train.inputs), len(test.inputs), epochs, ours, right)


def _rose(history: History) -> tuple[int, float, float, float, float]:
    """The epoch of the smallest validation loss; loss there and at the end; accuracy there and its best afterwards."""
    best = int(np.argmin(history.validation_loss))
    accuracy = history.validation_score
    return (best + 1, float(history.validation_loss[best]), float(history.validation_loss[-1]),
            float(accuracy[best]), float(accuracy[best:].max()))  # fmt: skip


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Accuracy beside scikit-learn; loss against accuracy."""
    return (_reads(measured), _smaller_loss(measured))


def _reads(measured: Measured) -> Claim:
    digits, *clothes = measured.beside
    behind = max(each.sklearn - each.ours for each in measured.beside)
    text = say("Digits: {ours:.1%} of {tested} held-out pictures right, scikit-learn's network of the same size and "
               "epochs {sklearn:.1%}.", ours=digits.ours, tested=digits.tested, sklearn=digits.sklearn)  # fmt: skip
    for each in clothes:
        text += " " + say("Clothes (Fashion-MNIST, {rows} training pictures): {ours:.1%}, scikit-learn {sklearn:.1%}.",
                          rows=each.rows, ours=each.ours, sklearn=each.sklearn)  # fmt: skip
    if measured.missing:
        text += " " + say("The clothes were left out: {reason}", reason=measured.missing)
    return Claim(
        20,
        say("A softmax network with ten output nodes reads handwritten digits."),
        Verdict.of(digits.ours > 0.9 and behind < 0.04),
        text,
        {f"{who}_{each.data}": value for each in measured.beside
         for who, value in (("ours", each.ours), ("sklearn", each.sklearn))},
    )  # fmt: skip


def _smaller_loss(measured: Measured) -> Claim:
    history = measured.history
    together = float(np.corrcoef(history.validation_loss, history.validation_score)[0, 1])
    falls, rises = (
        history.train_loss[-1] < history.train_loss[0],
        history.validation_score[-1] > history.validation_score[0],
    )
    epoch, low, end, accuracy, later = _rose(measured.by_heart)
    limit = end > 1.05 * low and later >= accuracy
    return Claim(
        21,
        say("Smaller loss means better prediction; training raises accuracy while it lowers the loss."),
        Verdict.of(falls and rises and together < -0.8, limited=limit),
        say("On the digits the loss fell from {first:.2f} to {last:.2f} while accuracy rose from {start:.1%} to "
            "{stop:.1%} (correlation {together:.2f}). The limit: a large network on {few} rows had its smallest "
            "validation loss, {low:.3f}, in epoch {epoch}; the loss ended at {end:.3f}, while accuracy "
            "went from {accuracy:.1%} to {later:.1%} at best.",
            first=history.validation_loss[0], last=history.validation_loss[-1], start=history.validation_score[0],
            stop=history.validation_score[-1], together=together, few=FEW, low=low, epoch=epoch, end=end,
            accuracy=accuracy, later=later),
        {"first_loss": float(history.validation_loss[0]), "last_loss": float(history.validation_loss[-1]),
         "first_accuracy": float(history.validation_score[0]), "last_accuracy": float(history.validation_score[-1]),
         "correlation": together, "by_heart_smallest_loss": low, "by_heart_last_loss": end,
         "by_heart_accuracy_there": accuracy, "by_heart_best_accuracy_later": later},
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Accuracies, and the two curves at some epochs."""
    columns = (say("data"), say("training rows"), say("test rows"), say("epochs"), "Gradoscope", "scikit-learn")
    history = measured.by_heart
    shown = sorted({0, 1, 4, 9, 19, len(history.train_loss) // 2, len(history.train_loss) - 1})
    rows = tuple((e + 1, *(float(curve[e]) for curve in history)) for e in shown if e < len(history.train_loss))
    return (
        Table(say("Ten softmax nodes: accuracy on held-out pictures"), columns, ("", "d", "d", "d", ".3f", ".3f"),
              tuple(tuple(each) for each in measured.beside)),
        Table(say("A large network on {few} digits", few=FEW),
              (say("epoch"), say("training loss"), say("validation loss"), say("validation accuracy")),
              ("d", ".4f", ".3f", ".3f"), rows),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Loss and accuracy on all digits, and learned by heart."""
    plots = []
    for title, history in (
        (say("All training digits"), measured.history),
        (say("A large network on {few} digits", few=FEW), measured.by_heart),
    ):
        epochs = np.arange(1, len(history.train_loss) + 1)
        lines = (
            Line(say("training loss"), epochs, history.train_loss),
            Line(say("validation loss"), epochs, history.validation_loss),
            Line(say("validation accuracy"), epochs, history.validation_score),
        )
        plots.append(Curves(title, say("epoch"), say("loss, accuracy"), lines, y_limits=(0, 1.2)))
    caption = say(
        "Loss falls while accuracy rises; learned by heart, validation loss rises and accuracy does not fall."
    )
    return (Figure("loss-and-accuracy", caption, Panels(tuple(plots))),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--hidden 16", say("a small network reads digits too")),
        ("--rows 30000", say("more pictures of clothes, better accuracy (takes longer)")),
        ("--epochs 100", say("many epochs")),
    )


LESSON = Lesson(
    name="digits",
    numbers=(20, 21),
    summary=lambda: say("Reading digits and clothes with ten softmax nodes"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("hidden", 64, Whole(2, 512), lambda: say("units of the hidden layer")),
        Parameter("epochs", 20, Whole(2, 500), lambda: say("number of epochs")),
        Parameter("rows", 6000, Whole(100, 60_000), lambda: say("training pictures of clothes")),
    ),
    small={"rows": 1000},
    aliases=("fashion-mnist", "mnist"),
)
