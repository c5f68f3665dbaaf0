"""The opening of the report: the verdict, large, and the few numbers behind it."""

import re
from collections.abc import Sequence

from gradoscope.comparison import Study, names
from gradoscope.language import say
from gradoscope.plots.numbers import bounds, metric_name, score
from gradoscope.plots.style import plain
from gradoscope.report.parts import Fact, Head

_SENTENCE_END = re.compile(r"(?<=[.!?]) +")


def task_name(task: str) -> str:
    """What a task is called."""
    if task == "regression":
        return say("regression")
    return say("binary classification") if task == "binary" else say("classification into several classes")


def head(study: Study) -> Head:
    """The opening."""
    answer, *rest = _SENTENCE_END.split(study.verdict)
    subject = f"{study.name}: {task_name(study.task)}, {compared(study)}"
    return Head(subject, answer, " ".join(rest), (_best(study), _baseline(study), _networks(study), _rows(study)))


def _best(study: Study) -> Fact:
    best = study.arms[0]
    inside = bounds(study.metric, best.score)
    note = say("{name} at learning rate {rate}", name=names(study.arms)[id(best)], rate=plain(best.learning_rate))
    note = f"{note}; {say('95 % interval {interval}', interval=inside)}" if inside else note
    title = say("best {metric} on test rows", metric=metric_name(study.metric))
    return Fact(title, score(study.metric, best.score.mean), note)


def _baseline(study: Study) -> Fact:
    classes = study.task != "regression"
    note = say("always answering the commonest class") if classes else say("always answering the mean of the target")
    return Fact(say("baseline"), score(study.metric, study.baseline), note)


def layers_name(units: Sequence[int]) -> str:
    """What hidden layers are called."""
    return ",\N{NO-BREAK SPACE}".join(map(str, units)) or say("none")


def compared(study: Study) -> str:
    """What was compared, counted."""
    same = len({(result.arm.loss, result.arm.hidden) for result in study.arms}) == 1
    arms = len(study.arms)
    return say("{arms} activations", arms=arms) if same else say("{arms} combinations", arms=arms)


def _networks(study: Study) -> Fact:
    settings = study.settings
    counts = {
        "arms": compared(study),
        "rates": len(settings.choices),
        "seeds": len(settings.seeds),
        "seconds": f"{study.seconds:.0f}" if study.seconds >= 10 else f"{study.seconds:.1f}",
    }
    if settings.tune.names:
        note = say("{arms} × {rates} combinations to choose from × {seeds} seeds, in {seconds} s", **counts)
    else:
        note = say("{arms} × {rates} learning rates × {seeds} seeds, in {seconds} s", **counts)
    return Fact(say("networks trained"), f"{len(study.all_members):,}", note)


def _rows(study: Study) -> Fact:
    rows = study.rows
    note = say(
        "{train} to train, {validation} to validate, {test} to test; {inputs} inputs",
        train=f"{rows.train:,}",
        validation=f"{rows.validation:,}",
        test=f"{rows.test:,}",
        inputs=f"{rows.inputs:,}",
    )
    return Fact(say("rows"), f"{rows.train + rows.validation + rows.test:,}", note)
