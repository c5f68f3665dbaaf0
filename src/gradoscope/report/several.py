"""Several data sets as one page: average ranks, the critical-difference diagram, every score, every pair."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gradoscope.comparison import Across
from gradoscope.files import write_text
from gradoscope.language import say
from gradoscope.plots.colours import SERIES
from gradoscope.plots.critical_difference import critical_difference
from gradoscope.plots.numbers import metric_name, score
from gradoscope.plots.svg import svg
from gradoscope.report.page import fill
from gradoscope.report.parts import (
    NARROW,
    WIDE,
    Cell,
    Column,
    Command,
    Entries,
    Entry,
    Fact,
    Head,
    Key,
    Line,
    Picture,
    Section,
    Table,
    Text,
)


def write_across(found: Across, folders: Sequence[str], path: Path, *, command: str) -> None:
    """Write the page of several data sets to `path`, whole or not at all.

    Parameters
    ----------
    found
        What `gradoscope.comparison.across` returned.
    folders
        Where the report of each of its data sets lies, beside `path`.
    path
        The HTML file.
    command
        The command line that made them.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    sections = (_diagram(found), _scores(found), _pairs(found), _method(found), _sources(found, folders, command))
    write_text(path, fill(_head(found), sections, ", ".join(found.datasets)))


def _head(found: Across) -> Head:
    test = found.friedman
    facts = (
        Fact(say("best average rank"), f"{found.average_ranks[0]:.2f}", found.arms[0]),
        Fact(say("critical difference"), f"{test.critical_difference:.2f}", say("between two average ranks (Nemenyi)")),
        Fact("p", _p(test.p_value), say("that all arms are equal (Friedman, Iman and Davenport)")),
        Fact(say("data sets"), str(len(found.datasets)), ", ".join(found.datasets)),
    )
    return Head(say("{arms} arms on several data sets", arms=len(found.arms)), found.verdict, "", facts)


def _diagram(found: Across) -> Section:
    plot = critical_difference(found)
    title = say("Critical-difference diagram")
    wide, narrow = (
        svg(plot.draw(width), name=f"ranks-{name}", title=title, description=plot.sentence())
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    )
    lead = say("Average rank of every arm over the data sets; a bar joins arms that the data sets do not tell apart.")
    keys = (Key(say("not told apart"), SERIES[0], "line"),)
    return Section("ranks", say("Ranks"), (Text(lead), Picture(title, keys, wide=wide, narrow=narrow)))


def _scores(found: Across) -> Section:
    columns = (Column(say("data set")), Column(say("metric")), *(Column(arm, number=True) for arm in found.arms))
    lines = [
        Line((Cell(name, code=True), Cell(metric_name(metric)), *map(_ranked, [metric] * len(row), row, ranks)))
        for name, metric, row, ranks in zip(found.datasets, found.metrics, found.scores, found.ranks, strict=True)
    ]
    mean = Line((Cell(say("average rank")), Cell(""), *(Cell(f"{r:.2f}") for r in found.average_ranks)), strong=True)
    lead = say("Mean test score of every arm, and in brackets its rank on the data set.")
    return Section("scores", say("Scores"), (Text(lead), Table("", columns, (*lines, mean))))


def _ranked(metric: str, value: float, rank: float) -> Cell:
    return Cell(f"{score(metric, float(value))} ({rank:g})")


def _pairs(found: Across) -> Section:
    columns = (Column(say("arm")), *(Column(arm, number=True) for arm in found.arms))
    lines = tuple(
        Line((Cell(arm, code=True), *(Cell("" if np.isnan(p) else _p(float(p))) for p in row)))
        for arm, row in zip(found.arms, found.pairs, strict=True)
    )
    lead = say(
        "P-values of Wilcoxon's signed-rank test for every pair over the data sets, adjusted by Holm. With fewer than "
        "six data sets no pair can reach 0.05, however clear it is."
    )
    return Section("pairs", say("Pairs"), (Text(lead), Table("", columns, lines)))


def _method(found: Across) -> Section:
    text = say(
        "Arms were ranked by their mean test score on each of {datasets} data sets (ties share ranks). Average ranks "
        "were compared by Friedman's test (χ² = {chi:.2f}; F = {f:.2f} in the form of Iman and Davenport, p = {p}) and "
        "by Nemenyi's critical difference ({critical:.2f} at 5 %), pairs by Wilcoxon's signed-rank test with Holm's "
        "adjustment (Demšar, 2006, Journal of Machine Learning Research 7, 1–30).",
        datasets=len(found.datasets),
        chi=found.friedman.chi_squared,
        f=found.friedman.f,
        p=_p(found.friedman.p_value),
        critical=found.friedman.critical_difference,
    )
    return Section("method", say("How it was done"), (Text(text),))


def _sources(found: Across, folders: Sequence[str], command: str) -> Section:
    reports = zip(found.datasets, folders, strict=True)
    entries = tuple(Entry(name, f"{folder}/report.html") for name, folder in reports)
    return Section("reproduce", say("How to reproduce it"), (Command(command), Entries(entries)))


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
