"""Every lesson runs, says what it must, and its verdicts follow from what it measured."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

from gradoscope.errors import UsageError
from gradoscope.language import speaking
from gradoscope.lessons import LessonResult, Verdict, find, lessons
from gradoscope.plots.figure import png, svg

NAMES = [lesson.name for lesson in lessons()]
HANGUL = range(ord("가"), ord("힣") + 1)


@cache
def result_of(name: str) -> LessonResult:
    lesson = find(name)
    return lesson.run(**dict[str, Any](lesson.small))


@pytest.fixture(params=NAMES)
def result(request: pytest.FixtureRequest) -> LessonResult:
    return result_of(request.param)


def test_every_claim_has_its_lesson() -> None:
    assert sorted(number for lesson in lessons() for number in lesson.numbers) == list(range(1, 24))


def test_the_claims_are_judged(result: LessonResult) -> None:
    assert tuple(claim.number for claim in result.claims) == result.lesson.numbers
    for claim in result.claims:
        assert claim.measured
        assert claim.condition
        assert (claim.verdict is Verdict.DOES_NOT_HOLD) == (claim.number == 18)


def test_the_document_is_plain(result: LessonResult) -> None:
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert list(document) == ["lesson", "summary", "parameters", "claims", "tables", "figures", "try_this"]
    for claim in document["claims"]:
        assert list(claim) == ["number", "text", "verdict", "condition", "measured"]
        assert all(isinstance(figure, float | int | None) for figure in claim["measured"].values())
    for table in document["tables"]:
        assert {len(row) for row in table["rows"]} == {len(table["columns"])}


def test_the_tables_are_written(result: LessonResult) -> None:
    for table in result.tables:
        assert len(table.formats) == len(table.columns)
        assert all(isinstance(cell, str) for row in table.written() for cell in row)


def test_the_figures_are_drawn(result: LessonResult) -> None:
    for figure in result.figures:
        assert svg(figure.plot.draw()).rstrip().endswith(b"</svg>")
    with speaking("ko"):
        for figure in result.figures:
            assert png(figure.plot.draw()).startswith(b"\x89PNG")


def test_it_speaks_korean(result: LessonResult) -> None:
    with speaking("ko"):
        texts = [result.lesson.summary(), *(each.help() for each in result.lesson.parameters)]
        texts += [text for claim in result.claims for text in (claim.text, claim.condition, claim.verdict.word)]
        texts += [figure.caption for figure in result.figures] + [shows for _, shows in result.hints]
        texts += [table.title for table in result.tables]
    assert [text for text in texts if not any(ord(letter) in HANGUL for letter in text)] == []


def test_the_hints_are_options_that_it_takes(result: LessonResult) -> None:
    known = {f"--{each.option}": each for each in result.lesson.parameters}
    assert result.hints
    for options, _ in result.hints:
        words = options.split()
        for flag, value in zip(words[::2], words[1::2], strict=True):
            assert flag == "--seed" or known[flag].checked(type(known[flag].default)(value)) is not None


def measured(name: str, number: int) -> Any:
    return next(claim.measured for claim in result_of(name).claims if claim.number == number)


def test_row_14_to_all_printed_digits() -> None:
    figures = measured("cross-entropy", 14)
    assert (figures["right"], figures["wrong"]) == (0.0195, 0.1195)  # 0.195 / 10 and 1.195 / 10, by hand


def test_row_15_to_all_printed_digits() -> None:
    p, q = [mpmath.mpf(each) for each in ("0.5", "0.125", "0.125", "0.25")], ("0.5", "0.25", "0.125", "0.125")
    figures = measured("cross-entropy", 15)
    assert figures["uniform"] == pytest.approx(float(mpmath.log(4)), rel=1e-15)
    assert figures["nearer"] == pytest.approx(float(-sum(a * mpmath.log(b) for a, b in zip(p, q, strict=True))))
    shown = ("uniform", "nearer", "entropy", "kl_uniform", "kl_nearer")
    assert [f"{figures[name]:.4f}" for name in shown] == ["1.3863", "1.2997", "1.2130", "0.1733", "0.0866"]


def test_row_16_to_all_printed_digits() -> None:
    figures = measured("cross-entropy", 16)
    assert (figures["right"], figures["wrong"]) == (0.510825457099338, 2.302584092994546)


def test_row_19_to_all_printed_digits() -> None:
    figures = measured("tumour-size", 19)
    assert f"{figures['at_3_cm']:.3f} {figures['at_6_cm']:.3f} {figures['boundary_cm']:.2f}" == "0.535 0.997 2.93"
    for name in ("slope", "intercept"):
        assert f"{figures[name]:.3g}" == f"{figures[f'sklearn_{name}']:.3g}"
    assert figures["tumour_accuracy"] >= 0.96


def test_relu_learns_where_sigmoid_does_not() -> None:
    figures = measured("vanishing-gradient", 6)
    assert figures["largest_derivative"] == 0.25
    assert figures["accuracy_relu"] > 0.9 > 0.6 > figures["accuracy_sigmoid"]
    assert figures["factor_per_layer_sigmoid"] < 0.4


def test_no_dead_unit_comes_back_with_relu() -> None:
    result = result_of("dead-relu").measurement
    relu, *leaky = (dead[12:] for dead in result.dead.values())
    assert relu[0].any()
    assert not (relu[:-1] & ~relu[1:]).any()
    for dead in leaky:
        assert (dead[0] & ~dead[1:].all(0)).any()


# A false measurement planted in each lesson, and the claim whose verdict must turn.
PLANTED: list[tuple[str, int, Callable[[Any], Any]]] = [
    ("activation-shapes", 3, lambda m: m._replace(softmax_sum=1.1)),
    ("perceptron-to-network", 1, lambda m: m._replace(step_unit=m.step_unit | {"XOR": 1.0})),
    ("perceptron-to-network", 2, lambda m: m._replace(loss=np.ones(5))),
    ("linear-collapse", 4, lambda m: m._replace(cubed=m.expected * 1.01)),
    ("linear-collapse", 5, lambda m: m._replace(least_squares=0.99)),
    ("vanishing-gradient", 6, lambda m: m._replace(accuracy=m.accuracy | {"sigmoid": 0.99})),
    ("vanishing-gradient", 7, lambda m: m._replace(steepest=2.0)),
    ("relu-speed", 8, lambda m: m._replace(relu_slope=0.5)),
    ("dead-relu", 9, lambda m: m._replace(dead=m.dead | {"relu": ~m.dead["relu"]})),
    ("dead-relu", 10, lambda m: m._replace(dead=dict.fromkeys(m.dead, m.dead["relu"]))),
    ("zigzag", 11, lambda m: m._replace(hidden=m.hidden | {"sigmoid": m.hidden["tanh"]})),
    ("losses-by-task", 12, lambda m: m._replace(results=tuple(r._replace(improper=0.5) for r in m.results))),
    ("regression-losses", 13, lambda m: m._replace(mean_error=1.0)),
    ("cross-entropy", 14, lambda m: m._replace(squared=(0.0195, 0.1196))),
    ("cross-entropy", 15, lambda m: m._replace(crossed=(1.3863, 1.2998, 1.2130, 0.1733, 0.0866))),
    ("cross-entropy", 16, lambda m: m._replace(printed_offset=(0.510825457099338, 2.3025840929945465))),
    ("softmax", 17, lambda m: m._replace(loss=1e-3)),
    ("tumour-size", 19, lambda m: m._replace(fitted=(m.fitted[0] * 1.02, m.fitted[1]))),
    ("digits", 20, lambda m: m._replace(beside=tuple(b._replace(ours=0.5) for b in m.beside))),
    ("digits", 21, lambda m: m._replace(history=m.history._replace(train_loss=m.history.train_loss[::-1]))),
    ("saturation", 22, lambda m: m._replace(kept=m.kept | {"tanh": m.kept["sigmoid"]})),
    ("backpropagation", 23, lambda m: m._replace(numerical=(0.1, 0.1, 0.1))),
]


@pytest.mark.parametrize(("name", "number", "plant"), PLANTED, ids=[str(number) for _, number, _ in PLANTED])
def test_a_false_measurement_turns_the_verdict(name: str, number: int, plant: Callable[[Any], Any]) -> None:
    result = result_of(name)
    judged = {claim.number: claim.verdict for claim in result.lesson.claims(plant(result.measurement))}
    assert judged[number] is Verdict.DOES_NOT_HOLD


def test_row_18_follows_the_measurement() -> None:
    """Where squared error were best for classes and cross-entropy for numbers, the printed sentence would hold."""
    result = result_of("losses-by-task")

    def swapped(each: Any) -> Any:
        squared = each.loss == "mean_squared_error"
        return each._replace(score=0.9 if squared == (each.task != "regression") else 0.1)

    m = result.measurement
    planted = m._replace(results=tuple(map(swapped, m.results)), bad_start=tuple(map(swapped, m.bad_start)))
    verdicts = {claim.number: claim.verdict for claim in result.lesson.claims(planted)}
    assert verdicts[18] is Verdict.HOLDS
    assert {claim.number: claim.verdict for claim in result.claims}[18] is Verdict.DOES_NOT_HOLD


def test_every_claim_but_18_has_a_planted_measurement() -> None:
    assert sorted({number for _, number, _ in PLANTED} | {18}) == list(range(1, 24))


def test_the_same_seed_gives_the_same_result() -> None:
    first, second = (find("backpropagation").run(seed=3).to_json() for _ in range(2))
    assert first == second


def test_a_limit_shows_where_it_begins() -> None:
    """Without the constant in the logarithm nothing is lost, and the claim holds without limits."""
    verdicts = {claim.number: claim.verdict for claim in find("cross-entropy").run(offset=0.0).claims}
    assert verdicts[16] is Verdict.HOLDS


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("dead-relu", {"units": 1}, "--units is 1; it must be a whole number from 2 to 512."),
        ("softmax", {"temperature": -1.0}, "--temperature is -1.0; it must be a number from 0.05 to 100."),
        ("backpropagation", {"activation": "gelu"}, "--activation is 'gelu'; it must be one of"),
        ("zigzag", {"activation": "softmax"}, "an activation that works on each number by itself"),
        ("zigzag", {"depth": 3}, "The lesson zigzag has no parameter 'depth'; it takes: activation, rows, push, seed."),
    ],
)
def test_wrong_parameters_are_refused(name: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(".", r"\.")):
        find(name).run(**given)


def test_lessons_are_found_in_any_spelling() -> None:
    assert find("Vanishing_Gradient").name == "vanishing-gradient"
    assert find("XOR").name == "perceptron-to-network"
    with pytest.raises(UsageError, match="Did you mean zigzag"):
        find("zigzagg")
