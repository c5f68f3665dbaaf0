"""How a study is divided into populations."""

import pytest

from gradoscope.comparison import Settings
from gradoscope.comparison.arms import USUAL_ACTIVATIONS, Arm, choose_arms
from gradoscope.comparison.units import Unit, plan_units
from gradoscope.data import Dataset, load

SETTINGS = Settings(hidden=((4,), (4, 4)), learning_rates=(0.01, 0.03, 0.1), seeds=(0, 1))


@pytest.fixture(scope="module")
def tumour() -> Dataset:
    return load("tumour")


def arms(tumour: Dataset, count: int, *losses: str) -> tuple[Arm, ...]:
    return choose_arms(tumour, USUAL_ACTIVATIONS[:count], losses, SETTINGS.hidden)


def rates(unit: Unit) -> set[float]:
    return {choice.learning_rate for _, choice in unit.members}


def test_few_arms_stay_together(tumour: Dataset) -> None:
    units = plan_units(arms(tumour, 2), SETTINGS)
    assert [(unit.seed, len(unit.members), len(rates(unit))) for unit in units] == [(s, 6, 3) for s in (0, 0, 1, 1)]


def test_many_arms_are_divided_by_rate_and_loss(tumour: Dataset) -> None:
    units = plan_units(arms(tumour, 8, "binary_cross_entropy", "mean_squared_error"), SETTINGS)
    assert len(units) == 2 * 2 * 2 * 3  # seeds, layers, losses, rates
    for unit in units:
        assert (len(unit.members), len(rates(unit)), len({arm.loss for arm, _ in unit.members})) == (8, 1, 1)


def test_what_is_compiled_comes_first_in_every_seed(tumour: Dataset) -> None:
    units = plan_units(arms(tumour, 8, "binary_cross_entropy", "mean_squared_error"), SETTINGS)
    programs = {unit.program for unit in units}
    assert len(programs) == 2 * 2  # layers, losses
    assert {unit.program for unit in units[:4]} == {unit.program for unit in units[12:16]} == programs


def test_every_arm_is_planned_once_at_every_rate_and_seed(tumour: Dataset) -> None:
    chosen = arms(tumour, 8)
    units = plan_units(chosen, SETTINGS)
    planned = [(unit.seed, *member) for unit in units for member in unit.members]
    assert len(planned) == len(set(planned)) == len(chosen) * 3 * 2
    assert plan_units(chosen, SETTINGS, units) == []
    assert plan_units(chosen, SETTINGS, units[:-1]) == units[-1:]
