"""The ranking, as a plot and as a table."""

from collections.abc import Iterator, Sequence

from gradoscope.comparison import ArmResult, Study
from gradoscope.language import say
from gradoscope.plots.colours import MUTED, SERIES
from gradoscope.plots.numbers import bounds, change, change_bounds, metric_name, score
from gradoscope.plots.ranking import Ranking, ranking
from gradoscope.plots.style import plain
from gradoscope.plots.svg import svg
from gradoscope.report.parts import Cell, Column, Key, Line, Picture, Section, Table, Text
from gradoscope.training import Outcome

WIDE, NARROW = 960.0, 336.0


def results(study: Study) -> Section:
    """The section of the ranking."""
    numbers = ranking(study)
    return Section("ranking", say("Ranking"), (Text(_lead(study)), _picture(numbers), _table(study)))


def _lead(study: Study) -> str:
    first = say("Scores on test rows that no choice was based on, mean over the seeds, best first.")
    if study.arms[0].score.low is None:
        return f"{first} {say('With one run each there are no intervals; use --seeds 5.')}"
    bars = say("The bars are 95 % intervals; each small point is one run.")
    apart = say(
        "Bars may overlap although one arm beats the other: "
        "what counts is the difference, paired by seed, in the table."
    )
    return f"{first} {bars} {apart}" if len(study.arms) > 1 else f"{first} {bars}"


def _picture(numbers: Ranking) -> Picture:
    title, description = say("Ranking with intervals"), _describe(numbers)
    wide, narrow = (
        svg(numbers.draw(width), name=f"ranking-{name}", title=title, description=description)
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    )
    keys = [Key(say("mean and 95 % interval"), SERIES[0], "dot")]
    if any(row.beaten for row in numbers.rows):
        keys.append(Key(say("surely worse than the best"), MUTED, "hollow"))
    keys.append(Key(say("one run"), MUTED, "run"))
    return Picture(title, tuple(keys), wide=wide, narrow=narrow)


def _describe(numbers: Ranking) -> str:
    rows = "; ".join(f"{row.name} {score(numbers.metric, row.mean)}" for row in numbers.rows)
    return say(
        "{metric} on test rows, best first: {rows}. Always the same answer: {baseline}.",
        metric=metric_name(numbers.metric),
        rows=rows,
        baseline=score(numbers.metric, numbers.baseline),
    )


def _table(study: Study) -> Table:
    losses, depths = len({r.arm.loss for r in study.arms}) > 1, len({r.arm.hidden for r in study.arms}) > 1
    unit = say("points") if study.metric == "accuracy" else "R²"
    notes = [", ".join(_notes(result, study)) for result in study.arms]
    columns = [Column(say("activation")), Column(say("rank"), number=True)]
    columns += [Column(say("loss"))] * losses + [Column(say("hidden layers"))] * depths
    columns += [
        Column(say("learning rate"), number=True),
        Column(metric_name(study.metric), number=True),
        Column(say("difference from the best, {unit}", unit=unit), number=True),
    ]
    columns += [Column(say("notes"))] * any(notes)
    lines = []
    for rank, (result, note) in enumerate(zip(study.arms, notes, strict=True), 1):
        cells = [Cell(result.arm.activation, code=True), Cell(str(rank))]
        cells += [Cell(result.arm.loss, code=True)] * losses + [Cell(_layers(result))] * depths
        cells += [Cell(plain(result.learning_rate)), _score(result, study.metric), _gap(result, study.metric)]
        cells += [Cell(note)] * any(notes)
        lines.append(Line(tuple(cells), strong=rank == 1))
    return Table(_common(study.arms, losses, depths), tuple(columns), tuple(lines))


def _layers(result: ArmResult) -> str:
    return ", ".join(map(str, result.arm.hidden)) or say("none")


def _score(result: ArmResult, metric: str) -> Cell:
    return Cell(score(metric, result.score.mean), bounds(metric, result.score))


def _gap(result: ArmResult, metric: str) -> Cell:
    gap = result.difference_from_best
    return Cell("") if gap is None else Cell(change(metric, gap.mean), change_bounds(metric, gap))


def _common(arms: Sequence[ArmResult], losses: bool, depths: bool) -> str:
    """The caption: means with 95 % intervals, and what all arms have in common."""
    parts = [] if arms[0].score.low is None else [say("Means with 95 % intervals.")]
    if not losses:
        parts.append(say("Loss: {loss}.", loss=arms[0].arm.loss))
    if not depths:
        parts.append(say("Hidden layers: {layers}.", layers=_layers(arms[0])))
    return " ".join(parts)


def _notes(result: ArmResult, study: Study) -> Iterator[str]:
    """What one should know about an arm before trusting its place."""
    runs = len(result.members)
    if result.failures:
        yield say("{count} of {runs} runs became infinite or NaN", count=result.failures, runs=runs)
    if result.at_edge:
        yield say("rate at the edge of the grid: a wider grid might do better")
    unfinished = sum(
        member.run.outcome is Outcome.MAX_EPOCHS and member.run.best_epoch >= 0.98 * member.run.epochs
        for member in result.members
    )
    if 2 * unfinished >= runs:
        yield say(
            "{count} of {runs} runs were still improving after {epochs} epochs",
            count=unfinished,
            runs=runs,
            epochs=study.settings.epochs,
        )
