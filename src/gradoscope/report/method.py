"""How the study was done: what was guessed, a paragraph fit for a paper, and how to do it again."""

import math
from collections.abc import Mapping

from gradoscope.comparison import Settings, Study
from gradoscope.comparison.economy import FIRST, LEVEL
from gradoscope.language import say
from gradoscope.plots.style import plain
from gradoscope.report.head import compared, layers_name, task_name
from gradoscope.report.parts import Cell, Column, Command, Entries, Entry, Line, Section, Table, Text

OPTIMIZER_NAMES = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}


def guessed(study: Study) -> Section:
    """The section of what was decided for the user."""
    title = say("What was guessed")
    if not study.guesses:
        return Section("guesses", title, (Text(say("Nothing: everything was said.")),))
    columns = (Column(say("what")), Column(say("taken as")), Column(say("because")), Column(say("change it with")))
    lines = tuple(
        Line((Cell(guess.what), Cell(guess.value), Cell(guess.reason), Cell(guess.flag or "", code=True)))
        for guess in study.guesses
    )
    lead = say("What the command did not say was decided from the data. Check it: a wrong guess spoils the answer.")
    return Section("guesses", title, (Text(lead), Table("", columns, lines)))


def method(study: Study) -> Section:
    """The section of the method."""
    paragraphs = (_what(study) + " " + _division(study), _training(study), _intervals(study))
    return Section("method", say("How it was done"), tuple(Text(text) for text in paragraphs if text))


def _what(study: Study) -> str:
    rows = study.rows
    return say(
        "{arms} were compared on {name} ({task}; {rows} rows, {inputs} inputs after preparation).",
        arms=compared(study),
        name=study.name,
        task=task_name(study.task),
        rows=f"{rows.train + rows.validation + rows.test:,}",
        inputs=rows.inputs,
    )


def _division(study: Study) -> str:
    data = study.arms[0].members[0].run.experiment.data
    stratified = ""
    if study.task != "regression" and data.time is None:
        stratified = say("Every part has the same share of each class.")
    together = say("Rows with the same {column} stayed together.", column=data.group) if data.group else ""
    learned = say("Scaling and the filling of gaps were learned from the training rows alone.")
    return " ".join(text for text in (_parts(study), together, stratified, learned) if text)


def _parts(study: Study) -> str:
    """How the rows were divided."""
    rows, settings = study.rows, study.settings
    sizes = {"train": f"{rows.train:,}", "validation": f"{rows.validation:,}", "test": f"{rows.test:,}"}
    data = study.arms[0].members[0].run.experiment.data
    if data.time is not None:
        return say(
            "In each of {seeds} windows, counted back from the latest rows by {column}, about {test} rows were for "
            "testing, the {validation} before them for validation, and all earlier ones for training.",
            seeds=len(settings.seeds),
            column=data.time,
            test=sizes["test"],
            validation=sizes["validation"],
        )
    if study.overlap == 0:
        return say(
            "The {test} test rows are those that come with the data; for each of {seeds} seeds the other rows were "
            "divided at random into {train} for training and {validation} for validation.",
            seeds=len(settings.seeds),
            **sizes,
        )
    if settings.folds is not None:
        return say(
            "The rows were divided by {repeats} repeats of {folds}-fold cross-validation, {seeds} runs in all: about "
            "{train} rows for training, {validation} for validation and {test} for testing.",
            repeats=len(settings.seeds) // settings.folds,
            folds=settings.folds,
            seeds=len(settings.seeds),
            **sizes,
        )
    return say(
        "For each of {seeds} seeds the rows were divided at random into {train} for training, {validation} for "
        "validation and {test} for testing.",
        seeds=len(settings.seeds),
        **sizes,
    )


def _training(study: Study) -> str:
    settings = study.settings
    losses = dict.fromkeys(result.arm.loss for result in study.arms)
    compared_layers = [result.arm.hidden for result in study.arms if result.arm.hidden is not None]
    layers = dict.fromkeys(layers_name(each) for each in compared_layers or settings.tune.hidden)
    networks = say(
        "Loss: {losses}; units of the hidden layers: {layers}.", losses=", ".join(losses), layers="; ".join(layers)
    )
    optimised = say(
        "Each network was trained with {optimizer} on batches of {batch} rows for at most {epochs} epochs, and stopped "
        "when the validation loss had not fallen for {patience} epochs; the parameters of its best epoch were kept.",
        optimizer=OPTIMIZER_NAMES.get(settings.optimizer, settings.optimizer),
        batch=settings.batch_size,
        epochs=settings.epochs,
        patience=settings.patience,
    )
    same = say(
        "Within a seed, all arms shared the division of the rows, the random numbers of the start and the order of the "
        "batches; hidden layers started from {starts}.",
        starts=_starts(study),
    )
    tested = say("Test rows served for the final scores alone.")
    return " ".join(text for text in (networks, optimised, _rate(study), same, tested, _stopped(study)) if text)


def _stopped(study: Study) -> str:
    """Which arms are not ranked, since they were beaten before all seeds were trained."""
    if not study.beaten_early:
        return ""
    return say(
        "Arms that were clearly worse than the best one on validation rows (one-sided corrected resampled t test at "
        "{level} after {first} seeds, and after every doubling) were not trained further and are not ranked: {names}.",
        level=LEVEL,
        first=FIRST,
        names=", ".join(arm.title for arm in study.beaten_early),
    )


def _rate(study: Study) -> str:
    grid = ", ".join(plain(rate) for rate in study.settings.learning_rates)
    if study.settings.tune.names:
        return _tuned(study.settings, grid)
    if len(study.settings.learning_rates) == 1:
        return say("The learning rate was {rate}.", rate=grid)
    return say(
        "For every seed, the learning rate of each arm was chosen among {grid} by the smallest validation loss of that "
        "seed, so that no test row had a part in it.",
        grid=grid,
    )


def _tuned(settings: Settings, grid: str) -> str:
    """What was chosen together, from which values."""
    tune = settings.tune
    values = [(say("learning rate"), grid)]
    if tune.weight_decay:
        values.append((say("weight decay"), ", ".join(map(plain, tune.weight_decay))))
    if tune.initialiser:
        values.append((say("initialiser"), ", ".join(tune.initialiser)))
    if tune.hidden:
        values.append((say("hidden layers"), "; ".join(map(layers_name, tune.hidden))))
    return say(
        "For every seed, what each arm was trained with was chosen by the smallest validation loss of that seed among "
        "the same {count} combinations, so that no test row had a part in it: {values}.",
        count=len(settings.choices),
        values=", ".join(f"{name} ({known})" for name, known in values),
    )


def _starts(study: Study) -> str:
    """Every initialiser of a hidden layer, with the activations that it was used for."""
    if study.settings.tune.initialiser:
        return say("the initialiser that was chosen")
    used: dict[str, dict[str, None]] = {}
    for result in study.arms:
        for layer in result.members[0].run.experiment.network.hidden:
            used.setdefault(str(layer.start), {})[result.arm.activation] = None
    if len(used) <= 1:
        return "".join(used)
    return "; ".join(f"{start} ({', '.join(functions)})" for start, functions in used.items())


def _intervals(study: Study) -> str:
    if study.arms[0].score.low is None:
        return say("One run each: no intervals.")
    scores = say(
        "Intervals are 95 %: Student's t for the mean over runs, with the variance between runs and the covariance "
        "through test rows that several runs share (two-way clustering; Cameron, Gelbach and Miller, 2011, Journal of "
        "Business & Economic Statistics 29, 238–249)."
    )
    if len(study.arms) == 1:
        return scores
    pairs = say(
        "Differences are paired by seed; their spread is pooled over the arms (randomised blocks), and their intervals "
        "hold for all {pairs} pairs of arms at once (studentized range; Tukey, 1953). P-values are adjusted for all "
        "pairs by Holm (1979).",
        pairs=math.comb(len(study.arms), 2),
    )
    return f"{scores} {pairs}"


def reproduce(study: Study, command: str, versions: Mapping[str, str]) -> Section:
    """The section that lets somebody else do it again."""
    settings = study.settings
    tuned = (Entry(say("tuned"), str(settings.tune)),) if settings.tune.names else ()
    entries = (
        Entry(say("data"), study.source),
        Entry(say("seeds"), ", ".join(map(str, settings.seeds))),
        Entry(say("learning rates"), ", ".join(plain(rate) for rate in settings.learning_rates)),
        *tuned,
        Entry(say("versions"), ", ".join(f"{name} {version}" for name, version in versions.items())),
    )
    lead = say("The same command with the same versions gives the same numbers on the same kind of machine.")
    return Section("reproduce", say("How to reproduce it"), (Text(lead), Command(command), Entries(entries)))
