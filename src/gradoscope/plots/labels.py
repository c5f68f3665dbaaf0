"""What a plot calls the arms of a study."""

from typing import NamedTuple

from gradoscope.comparison import Study, names


class Label(NamedTuple):
    """An arm: its full name, its activation, and what else tells it from the others."""

    full: str
    activation: str
    detail: str


def labels(study: Study) -> tuple[Label, ...]:
    """One label per arm, best first."""
    called = names(study.arms)
    losses = len({result.arm.loss for result in study.arms}) > 1
    depths = len({result.arm.hidden for result in study.arms}) > 1
    return tuple(
        Label(
            called[id(result)],
            result.arm.activation,
            ", ".join([result.arm.loss] * losses + [result.arm.layers] * depths),
        )
        for result in study.arms
    )
