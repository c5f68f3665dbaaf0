"""The plots of a study on numbers made by hand: what is drawn where, and what cannot be drawn."""

from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from gradoscope.comparison import Interval
from gradoscope.plots.epochs import span, together, typical
from gradoscope.plots.gradient_norms import GradientNorms
from gradoscope.plots.labels import Label
from gradoscope.plots.learning_curves import ArmCurves, LearningCurves
from gradoscope.plots.numbers import bounds, change, score
from gradoscope.plots.ranking import Ranking, Row
from gradoscope.plots.rates import Sensitivity
from gradoscope.plots.svg import svg

NAN = float("nan")
A, B = Label("a", "a", ""), Label("b / mse", "b", "mse")


def row(name: str, mean: float, half: float = 0.02, *, beaten: bool = False) -> Row:
    return Row(name, mean, mean - half, mean + half, np.array([mean - half / 2, mean + half / 2]), beaten)


def texts(figure: object) -> list[str]:
    source = svg(figure, name="x", title="t", description="d")  # type: ignore[arg-type]
    return ["".join(e.itertext()) for e in ElementTree.fromstring(source).iter() if e.tag.endswith("}text")]


@pytest.mark.parametrize("width", [960.0, 336.0])
def test_the_ranking_names_every_arm_with_its_score(width: float) -> None:
    numbers = Ranking((row("relu", 0.975), row("tanh", 0.95, beaten=True), row("step", NAN)), "accuracy", 0.62)
    shown = texts(numbers.draw(width))
    for text in ("relu", "97.5%", "tanh", "95.0%", "step", "–", "no finite score"):
        assert text in shown
    assert any("62.0%" in text for text in shown)


def test_the_axis_of_the_ranking_stays_where_scores_can_be() -> None:
    low, high, _ = Ranking((row("a", 0.99, 0.2),), "accuracy", 0.5).limits()
    assert low < 0.79
    assert high < 1.03
    low, high, _ = Ranking((row("a", 0.5), row("b", -40.0, 30)), "r2", 0.0).limits()
    assert -1.2 < low <= -1


def test_a_baseline_far_away_does_not_squeeze_the_intervals() -> None:
    near, far = (Ranking((row("a", 0.97),), "accuracy", baseline).limits() for baseline in (0.92, 0.1))
    assert near[0] < 0.92
    assert near[2]
    assert far[0] > 0.9
    assert not far[2]


def test_a_ranking_without_one_finite_score_can_be_drawn() -> None:
    assert "no finite score" in texts(Ranking((row("a", NAN),), "r2", -0.1).draw())


def test_runs_that_end_early() -> None:
    runs = together([np.array([4.0, 2.0, 1.0, 1.0]), np.array([3.0, 3.0]), np.array([5.0, np.inf])])
    np.testing.assert_array_equal(runs[2], [5, NAN, NAN, NAN])
    # Half of three runs or more: epochs 1 and 2; a run that ended counts with its last value.
    np.testing.assert_array_equal(typical(runs), [4, 3, NAN, NAN])


def test_one_run_that_explodes_does_not_flatten_the_others() -> None:
    assert span([np.array([1.0, 0.5]), np.array([2.0, 0.1]), np.array([1e30, 1.0])]) == (0.1, 20.0)
    assert span([np.array([NAN])]) is None


@pytest.mark.parametrize(
    "losses",
    [
        np.array([[1.0, 0.5, 0.2], [0.9, 0.4, NAN]]),
        np.array([[NAN, NAN], [NAN, NAN]]),
        np.array([[-1.0, -2.0], [0.0, -3.0]]),
        np.array([[0.5], [0.5]]),
        np.array([[1e-30, 1e30, 0.0], [1.0, 1.0, 1.0]]),
    ],
)
def test_learning_curves_of_every_shape_can_be_drawn(losses: NDArray[np.float64]) -> None:
    numbers = LearningCurves((ArmCurves(A, "mse", losses, losses, (1, 1)), ArmCurves(B, "mse", losses, losses, (1, 0))))
    shown = texts(numbers.draw())
    assert {"a", "b", "mse"} <= set(shown)
    assert ("nothing finite" in shown) == (not np.isfinite(losses).any())
    assert numbers.arms[0].sentence().startswith("a: ")


def test_gradients_of_zero_and_nan_can_be_drawn() -> None:
    norms = (np.zeros((3, 2)), np.array([[1.0, 1e-20], [NAN, NAN]]), np.full((1, 8), 1e20))
    numbers = GradientNorms((A, B, A), norms)
    assert "gradient norm" in texts(numbers.draw())
    assert [numbers.sentence(arm)[:2] for arm in range(3)] == ["a:", "b ", "a:"]


def test_rates_without_a_score_are_crossed_out() -> None:
    scores = np.array([[0.5, NAN, 0.9], [NAN, NAN, NAN]])
    numbers = Sensitivity((A, B), np.array([1e-3, 1e-2, 1e-1]), scores, (2, 0), "accuracy")
    assert {"0.001", "0.01", "0.1"} <= set(texts(numbers.draw()))
    assert numbers.sentence(0) == "a: from 50.0% to 90.0% over the grid; the rate 0.1 was chosen most often."
    assert numbers.sentence(1) == "b / mse: no learning rate gave a finite score."


def test_numbers_are_written_for_people() -> None:
    assert score("accuracy", 1.0) == "100.0%"
    assert score("r2", -12.3456) == "−12.346"
    assert change("accuracy", -0.00001) == "0.0"
    assert change("r2", 0.0123) == "+0.012"
    assert bounds("r2", Interval(0.9, 0.7, 1.1, 3)) == "0.700 to 1.000"
    assert bounds("r2", Interval(0.9, None, None, 1)) == ""
    assert bounds("accuracy", Interval(NAN, NAN, NAN, 3)) == ""
