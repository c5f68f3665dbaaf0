"""The verdict dares to say that there is no difference, and says a difference with its interval."""

from dataclasses import replace

import numpy as np
import pytest

from gradoscope.comparison import ArmResult, Study
from gradoscope.comparison.statistics import Evidence, differences, interval
from gradoscope.comparison.verdict import verdict


def arms_with(study: Study, *scores: list[float]) -> list[ArmResult]:
    """The arms of a real study with other test scores."""
    known = Evidence(np.array(scores), np.zeros((len(scores), len(scores))))
    gaps = differences(known)
    return [
        replace(
            arm,
            score=interval(known, place),
            difference_from_best=None if arm is study.arms[0] else gap,
            beaten=arm is not study.arms[0] and gap.is_below(0),
        )
        for place, (arm, gap) in enumerate(zip(study.arms, gaps, strict=True))
    ]


@pytest.fixture
def name(study: Study) -> list[str]:
    return [arm.arm.activation for arm in study.arms]


def test_equal_arms(study: Study, name: list[str]) -> None:
    said = verdict(arms_with(study, [0.9, 0.8, 0.95], [0.85, 0.9, 0.8], [0.8, 0.9, 0.85]), "accuracy", 0.3)
    assert said.startswith(f"No detectable difference: {name[0]} scored best, 3.3 points ahead of {name[1]}")
    assert "runs in all would show 1.0 points" in said


def test_a_clear_winner(study: Study, name: list[str]) -> None:
    said = verdict(arms_with(study, [0.9, 0.91, 0.92], [0.7, 0.711, 0.72], [0.5, 0.512, 0.52]), "accuracy", 0.3)
    assert said.startswith(f"{name[0]} beats all others, the next ({name[1]}) by 20.0 points, 95 % interval 19")
    assert "3 paired runs" in said


def test_some_are_beaten(study: Study, name: list[str]) -> None:
    said = verdict(arms_with(study, [0.9, 0.91, 0.92], [0.92, 0.9, 0.9], [0.5, 0.512, 0.52]), "accuracy", 0.3)
    assert said == f"{name[0]} scored best; it beats {name[2]}, but no difference from {name[1]} can be detected."


def test_no_better_than_the_constant_answer(study: Study) -> None:
    arms = arms_with(study, [0.4, 0.3, 0.35], [0.3, 0.4, 0.3], [0.3, 0.3, 0.3])
    assert "always answering the commonest class" in verdict(arms, "accuracy", 0.34)
    assert "always answering the mean" in verdict(arms, "r2", 0.34)


def test_one_run_and_one_arm(study: Study) -> None:
    single = [replace(arm, score=interval(Evidence(arm.test_scores[None, :1], np.zeros((1, 1))))) for arm in study.arms]
    assert "--seeds 5" in verdict(single, "accuracy", 0.3)
    assert "the only one" in verdict(list(study.arms[:1]), "accuracy", 0.1)
