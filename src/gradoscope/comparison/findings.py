"""What diagnosis finds in the arms of a study: by the rules that measure, without any further training."""

from dataclasses import replace
from pathlib import Path

from gradoscope.comparison.study import ArmResult, MemberResult, Settings, Study
from gradoscope.data import Dataset, Prepared, Rows, prepare
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.examine import measured
from gradoscope.diagnosis.reference import Reference


def with_findings(study: Study, dataset: Dataset) -> Study:
    """The study, with what is found in the run of every arm on the first seed."""
    known: dict[str, list[Reference]] = {}
    return replace(study, arms=tuple(_examined(result, dataset, study.settings, known) for result in study.arms))


def _examined(result: ArmResult, dataset: Dataset, settings: Settings, known: dict[str, list[Reference]]) -> ArmResult:
    member = result.members[0]
    evidence = Evidence(member.run.experiment, Path(), _prepared(member, dataset, settings), member.run)
    targets = member.arm.head.targets  # arms with the same rows and targets have the same plain models beside them
    vars(evidence)["references"] = known.setdefault(targets, known.get(targets) or evidence.references)
    return replace(result, findings=tuple(measured(evidence)))


def _prepared(member: MemberResult, dataset: Dataset, settings: Settings) -> Prepared:
    parts = settings.split(dataset, member.seed)
    preparation = prepare(dataset, parts.train, targets=member.arm.head.targets)
    train, validation, test = (
        Rows(preparation.inputs(dataset.inputs[rows]), preparation.target.apply(dataset.target[rows])) for rows in parts
    )
    return Prepared(train, validation, test, dataset.task, dataset.classes, preparation, dataset)
