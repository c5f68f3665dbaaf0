"""One run for every experiment, however many tests ask about it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.diagnosis.experiments import write_files

from gradoscope.diagnosis import Diagnosis, diagnose
from gradoscope.networks import Experiment

Diagnose = Callable[[Experiment], Diagnosis]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files of the experiments lie."""
    made = tmp_path_factory.mktemp("data")
    write_files(made)
    return made


@pytest.fixture(scope="session")
def diagnosed(folder: Path) -> Diagnose:
    known: list[tuple[Experiment, Diagnosis]] = []

    def of(experiment: Experiment) -> Diagnosis:
        for seen, diagnosis in known:
            if seen == experiment:
                return diagnosis
        known.append((experiment, diagnose(experiment, folder)))
        return known[-1][1]

    return of
