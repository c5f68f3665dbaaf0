"""The ranking, as a plot and as a table."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gradoscope.comparison import ArmResult, Study
from gradoscope.comparison.metrics import METRICS, metrics_of
from gradoscope.language import say
from gradoscope.plots.colours import MUTED, SERIES
from gradoscope.plots.labels import labels
from gradoscope.plots.numbers import bounds, change, change_bounds, metric_name, score
from gradoscope.plots.ranking import Ranking, ranking
from gradoscope.plots.style import plain
from gradoscope.plots.svg import svg
from gradoscope.report.head import layers_name
from gradoscope.report.parts import NARROW, WIDE, Cell, Column, Key, Line, Picture, Section, Table, Text
from gradoscope.training import Outcome

AT_EDGE = "*"


def results(study: Study) -> Section:
    """The section of the ranking."""
    numbers = ranking(study)
    return Section("ranking", say("Ranking"), (Text(_lead(study)), _picture(numbers), _table(study)))


def scores(study: Study) -> Section:
    """The section of all metrics, and of what each arm cost."""
    shown = list(metrics_of(study.task))
    columns = [Column(say("arm"))]
    columns += [Column(metric_name(metric), number=True) for metric in shown]
    columns.append(Column(say("seconds"), number=True))
    arms = zip(study.arms, labels(study), strict=True)
    lines = tuple(
        Line(
            (
                Cell(label.full, code=True),
                *(Cell(score(metric, _mean(result, metric))) for metric in shown),
                Cell(f"{_seconds(study, result):.1f}"),
            ),
            rank == 0,
        )
        for rank, (result, label) in enumerate(arms)
    )
    lead = say(
        "Means over the seeds on the same test rows. Losses are compared by these, never by their own values. Seconds "
        "are the training time of all networks of an arm, every learning rate included; arms trained together share "
        "theirs evenly."
    )
    return Section("metrics", say("All metrics and cost"), (Text(lead), Table("", tuple(columns), lines)))


def _mean(result: ArmResult, metric: str) -> float:
    return float(np.mean([member.test.scores[metric] for member in result.members]))


def _seconds(study: Study, result: ArmResult) -> float:
    return sum(member.run.seconds for member in study.all_members if member.arm == result.arm)


def _lead(study: Study) -> str:
    sentences = [say("Scores on test rows that no choice was based on, mean over the seeds, best first.")]
    if study.arms[0].score.low is None:
        sentences.append(say("With one run each there are no intervals; use --seeds 5."))
    else:
        sentences.append(say("The bars are 95 % intervals; each small point is one run."))
    if study.task != "regression":
        sentences.append(say("The baseline always answers the commonest class."))
    else:
        sentences.append(say("The baseline always answers the mean of the target."))
    if len(study.arms) > 1 and study.arms[0].score.low is not None:
        sentences.append(
            say("Bars may overlap although one arm beats the other: the table has the differences, paired by seed.")
        )
    return " ".join(sentences)


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
        "{metric} on test rows, best first: {rows}. Baseline: {baseline}.",
        metric=metric_name(numbers.metric),
        rows=rows,
        baseline=score(numbers.metric, numbers.baseline),
    )


def _table(study: Study) -> Table:
    """One row per arm; what all arms have in common, or none has, gets no column."""
    losses, depths = len({r.arm.loss for r in study.arms}) > 1, len({r.arm.hidden for r in study.arms}) > 1
    unit = say("points") if METRICS[study.metric].share else metric_name(study.metric)
    inside = Column(say("95 % interval"), number=True)
    tune = study.settings.tune
    shown = (
        (Column(say("activation")), True),
        (Column(say("loss")), losses),
        (Column(say("hidden layers")), depths or bool(tune.hidden)),
        (Column(say("learning rate"), number=True), True),
        (Column(say("weight decay")), bool(tune.weight_decay)),
        (Column(say("initialiser")), bool(tune.initialiser)),
        (Column(metric_name(study.metric), number=True), True),
        (inside, study.arms[0].score.low is not None),
        (Column(say("difference from the best ({unit})", unit=unit), number=True), len(study.arms) > 1),
        (inside, study.arms[0].score.low is not None and len(study.arms) > 1),
        (Column(say("p (Holm)"), number=True), any(result.p_value is not None for result in study.arms)),
    )
    lines = tuple(
        Line(tuple(cell for cell, (_, wanted) in zip(_cells(study, rank), shown, strict=True) if wanted), rank == 0)
        for rank in range(len(study.arms))
    )
    columns = tuple(column for column, wanted in shown if wanted)
    return Table(_common(study.arms, losses, depths or bool(tune.hidden)), columns, lines, tuple(_notes(study)))


def _cells(study: Study, rank: int) -> tuple[Cell, ...]:
    """Everything there is to say about an arm, in the order of the columns of the table."""
    result, metric = study.arms[rank], study.metric
    gap = result.difference_from_best
    return (
        Cell(result.arm.activation, before=str(rank + 1), code=True),
        Cell(result.arm.loss, code=True),
        Cell(_layers(result)),
        Cell(plain(result.learning_rate) + AT_EDGE * result.at_edge),
        Cell(_chosen({plain(decay or 0): runs for decay, runs in result.chosen("weight_decay").items()})),
        Cell(_chosen(result.chosen("initialiser"))),
        Cell(score(metric, result.score.mean)),
        Cell(bounds(metric, result.score)),
        Cell("" if gap is None else change(metric, gap.mean)),
        Cell("" if gap is None else change_bounds(metric, gap)),
        Cell("" if result.p_value is None else _p(result.p_value)),
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _layers(result: ArmResult) -> str:
    """The hidden layers of an arm; where they are tuned, those that were chosen."""
    if result.arm.hidden is None:
        return _chosen({layers_name(layers): runs for layers, runs in result.chosen("hidden").items()})
    return layers_name(result.arm.hidden)


def _chosen(times: Mapping[str, int]) -> str:
    """Every value that was chosen, with the number of seeds where there are several."""
    if len(times) == 1:
        return next(iter(times))
    return "; ".join(f"{value} (\N{MULTIPLICATION SIGN}{runs})" for value, runs in times.items())


def _common(arms: Sequence[ArmResult], losses: bool, depths: bool) -> str:
    """The caption: what all arms have in common."""
    parts = []
    if not losses:
        parts.append(say("Loss: {loss}.", loss=arms[0].arm.loss))
    if not depths:
        parts.append(say("Hidden layers: {layers}.", layers=_layers(arms[0])))
    return " ".join(parts)


def _notes(study: Study) -> Iterator[str]:
    """What one should know before trusting a place in the ranking."""
    if any(result.at_edge for result in study.arms):
        hint = say("At the edge of the grid of learning rates: a wider one (--learning-rates) might do better.")
        yield f"{AT_EDGE} {hint}"
    if study.settings.tune.names and len(study.settings.seeds) > 1:
        yield say(
            "Of what was tuned, all that was chosen is given, with the number of seeds; of the learning rate, what was "
            "chosen most often."
        )
    arms = list(zip(study.arms, labels(study), strict=True))
    if failed := [f"{label.full} ({r.failures} / {len(r.members)})" for r, label in arms if r.failures]:
        yield say("Runs that became infinite or NaN: {arms}.", arms=", ".join(failed))
    if unfinished := [label.full for r, label in arms if 2 * _unfinished(r) >= len(r.members)]:
        yield say(
            "Still improving at the last epoch in at least half of their runs (use more --epochs): {arms}.",
            arms=", ".join(unfinished),
        )


def _unfinished(result: ArmResult) -> int:
    """How many runs kept the parameters of their last epoch, or one close to it, because training was over."""
    runs = [member.run for member in result.members]
    return sum(run.outcome is Outcome.MAX_EPOCHS and run.best_epoch >= 0.98 * run.epochs for run in runs)
