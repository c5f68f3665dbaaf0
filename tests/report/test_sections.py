"""What the sections say, against the study itself."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.report.conftest import Render
from tests.report.pages import Element

from gradoscope.comparison import Interval, Settings, Study, compare, with_findings
from gradoscope.data import load
from gradoscope.plots.differences import paired_differences
from gradoscope.plots.gradient_norms import gradient_norms
from gradoscope.plots.learning_curves import learning_curves
from gradoscope.plots.ranking import ranking
from gradoscope.plots.rates import sensitivity
from gradoscope.plots.reliability import reliability


def cells(section: Element) -> list[list[str]]:
    """The rows of the first table."""
    rows = [[cell.text for cell in row.children] for row in next(section.all("table")).all("tr")]
    return [[text.replace("\N{MINUS SIGN}", "-") for text in row] for row in rows]


def test_the_table_has_the_numbers_of_the_study(iris: Study, page: Render) -> None:
    best, other = iris.arms
    score = Interval(0.925, 0.8912, 1.04, 2)
    gap = Interval(-0.0312, -0.101, 0.002, 2)
    known = replace(iris, arms=(replace(best, score=score), replace(other, difference_from_best=gap)))
    head, first, second = cells(page(known).section("ranking"))
    assert head[2:6] == ["accuracy", "95 % interval", "difference from the best (points)", "95 % interval"]
    assert first[0].split() == ["1", best.arm.activation]
    assert first[2:6] == ["92.5%", "89.1 to 100.0", "", ""]
    assert second[0].split() == ["2", other.arm.activation]
    assert second[4:6] == ["-3.1", "-10.1 to +0.2"]


def test_r2_has_three_decimals_and_losses_have_a_column(regression: Study, page: Render) -> None:
    head, *rows = cells(page(regression).section("ranking"))
    assert head[:5] == ["activation", "loss", "hidden layers", "learning rate", "R²"]
    assert [row[1] for row in rows] == [result.arm.loss for result in regression.arms]
    assert [row[4] for row in rows] == [f"{result.score.mean:.3f}" for result in regression.arms]


def test_one_seed_has_no_intervals(one_seed: Study, page: Render) -> None:
    read = page(one_seed)
    assert cells(read.section("ranking"))[0] == [
        "activation", "learning rate", "accuracy", "difference from the best (points)",
    ]  # fmt: skip
    assert "--seeds 5" in read.section("ranking").text
    assert "no intervals" in read.section("method").text


def test_what_is_not_finite_is_said(not_finite: Study, page: Render) -> None:
    failed = [result for result in not_finite.arms if result.failures]
    assert failed, "the study is made to fail"
    read = page(not_finite)
    for result in failed:
        counted = f"{result.arm.activation} ({result.failures} / {len(result.members)})"
        assert counted in read.section("ranking").text
    assert "nan" not in read.source.replace("NaN", "").lower()


def test_a_rate_at_the_edge_is_marked(iris: Study, page: Render) -> None:
    inside, outside = (
        replace(iris, arms=tuple(replace(result, at_edge=edge) for result in iris.arms)) for edge in (False, True)
    )
    assert "*" not in page(inside).section("ranking").text
    assert "edge of the grid" in page(outside).section("ranking").text
    assert [row[1][-1] for row in cells(page(outside).section("ranking"))[1:]] == ["*", "*"]


def test_one_learning_rate_needs_no_plot(one_arm: Study, page: Render) -> None:
    section = page(one_arm).section("rates")
    assert "0.01" in section.text
    assert list(section.all("svg")) == []


def test_the_method_has_the_sizes_and_the_grid(iris: Study, page: Render) -> None:
    text = page(iris).section("method").text
    for number in (iris.rows.train, iris.rows.validation, iris.rows.test):
        assert re.search(rf"\b{number}\b", text)
    for said in (
        "0.01, 0.1",
        "Adam",
        "at most 4 epochs",
        "Cameron",
        "Tukey",
        "categorical_cross_entropy",
        "he_normal",
    ):
        assert said in text


def test_a_fixed_test_set_needs_no_correction(iris: Study, page: Render) -> None:
    text = page(replace(iris, overlap=0.0)).section("method").text
    assert "come with the data" in text


def test_reproduction(iris: Study, page: Render) -> None:
    section = page(iris, command="gradoscope compare 'my data.csv' --seeds 2").section("reproduce")
    assert next(section.all("pre")).text == "gradoscope compare 'my data.csv' --seeds 2"
    for said in ("0, 1", "python 3.11.7", "jax 0.10.2"):
        assert said in section.text


def test_the_plots_hold_the_numbers_of_the_study(iris: Study) -> None:
    best = iris.arms[0]
    row = ranking(iris).rows[0]
    assert (row.mean, row.low, row.high) == best.score[:3]
    assert row.runs.tolist() == [member.test.scores["accuracy"] for member in best.members]

    curves = learning_curves(iris).arms[0]
    assert curves.validation.shape == (2, 4)
    np.testing.assert_array_equal(curves.training[1], best.members[1].run.curves.train_loss)
    assert curves.kept == tuple(member.run.best_epoch for member in best.members)

    rates = sensitivity(iris)
    np.testing.assert_array_equal(rates.scores[0], best.by_rate)
    assert rates.rates[rates.chosen[0]] == best.learning_rate

    norms = [np.asarray(member.run.signals.gradient_norm) for member in best.members]
    np.testing.assert_allclose(gradient_norms(iris).norms[0], (norms[0] + norms[1]) / 2, rtol=1e-6)


def test_all_metrics_have_the_means_of_the_study(iris: Study, page: Render) -> None:
    head, first, _ = cells(page(iris).section("metrics"))
    assert head[1:3] == ["accuracy", "balanced accuracy"]
    members = iris.arms[0].members
    assert first[1] == f"{100 * np.mean([m.test.scores['accuracy'] for m in members]):.1f}%"
    assert first[3] == f"{np.mean([m.test.scores['log_loss'] for m in members]):.3f}"


def test_differences_are_paired_by_seed(iris: Study) -> None:
    plot = paired_differences(iris)
    best, other = iris.arms
    assert plot.gaps[0].runs.tolist() == (other.test_scores - best.test_scores).tolist()
    assert other.difference_from_best is not None
    assert plot.gaps[0].mean == other.difference_from_best.mean


def test_reliability_is_that_of_all_test_rows(iris: Study, regression: Study) -> None:
    plot = reliability(iris)
    assert plot is not None
    assert plot.rows[0].sum() == iris.rows.test * len(iris.settings.seeds)
    right = np.nansum(plot.right[0] * plot.rows[0]) / plot.rows[0].sum()
    assert right == pytest.approx(np.mean(iris.arms[0].test_scores))
    assert reliability(regression) is None


def test_findings_are_those_of_diagnosis(page: Render) -> None:
    settings = Settings(hidden=((8,),), learning_rates=(0.01,), seeds=(0, 1), epochs=4)
    data = load("iris")
    study = with_findings(compare(data, activations=["step", "tanh"], settings=settings), data)
    found = {result.arm.activation: [each.fault for each in result.findings] for result in study.arms}
    assert "wrong-hidden-activation" in found["step"] or "dead-units" in found["step"]
    assert "step" in page(study).section("findings").text


def test_the_method_says_how_groups_and_time_divide_the_rows(iris: Study, page: Render) -> None:
    def divided_by(**column: str) -> Study:
        best = iris.arms[0]
        member = best.members[0]
        data = replace(member.run.experiment.data, **column)
        run = replace(member.run, experiment=replace(member.run.experiment, data=data))
        first = replace(best, members=(replace(member, run=run), *best.members[1:]))
        return replace(iris, arms=(first, *iris.arms[1:]))

    assert "same patient stayed together" in page(divided_by(group="patient")).section("method").text
    timed = page(divided_by(time="day")).section("method").text
    assert "latest rows by day" in timed
    assert "at random" not in timed.split("Loss:")[0]
