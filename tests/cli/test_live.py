"""The table that a terminal shows while a study runs."""

import io
from statistics import fmean

from rich.console import Console

from gradoscope.cli.live import Standing, watched
from gradoscope.comparison import Settings, compare
from gradoscope.data import load


def test_arms_stand_by_their_smallest_validation_losses() -> None:
    settings = Settings(hidden=((4,),), learning_rates=(0.001, 0.03), seeds=(0, 1), epochs=3)
    standing, text = Standing(), io.StringIO()
    study = compare(load("iris"), activations=["relu", "tanh"], settings=settings, found=standing.add)
    Console(file=text, width=100).print(standing.table())
    means = {result.arm.activation: fmean(member.validation_loss for member in result.members) for result in study.arms}
    first, second = sorted(means, key=lambda name: means[name])
    rows = [line.split() for line in text.getvalue().splitlines()[1:]]
    assert [(row[0], row[-2:]) for row in rows] == [
        (first, [f"{means[first]:.4f}", "2"]), (second, [f"{means[second]:.4f}", "2"])
    ]  # fmt: skip


def test_nothing_is_shown_where_there_is_no_terminal(capsys) -> None:
    with watched(quiet=False) as watch:
        watch.progress(1, 2)
        watch.found([])
    assert capsys.readouterr() == ("", "")
