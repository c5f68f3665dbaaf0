"""Repair against a human fix and against random search, on a folder of experiments whose fixes are known.

`python -m benchmarks.repairs FOLDER [--only NAME,NAME]`: FOLDER holds `labels.json` (a name to `status`, `metric`,
`fixed_score`, and the `baseline` of its `reference`) and, for every name, `NAME/experiment.toml`. One line per faulty
experiment: its score, the repaired one's, the human fix's, and that of a random search over the same remedies in chains
of one to four, which spends as many trainings and chooses by the same rows.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from gradoscope.compilation import keep_compiled_programs
from gradoscope.diagnosis import remedies, repair
from gradoscope.diagnosis.examine import examined
from gradoscope.diagnosis.remedies import applied
from gradoscope.diagnosis.repair import PAIRS
from gradoscope.diagnosis.search import halves
from gradoscope.networks import Experiment

BUDGET, CLOSE, LONGEST = 20, 0.05, 4


class Line(NamedTuple):
    """One experiment in the table; scores on its validation rows."""

    name: str
    before: float
    after: float
    human: float | None
    random: float
    gain_low: float
    trainings: int
    seconds: float
    changes: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether the repair comes close to the human fix or, where there is none, gains beyond doubt."""
        return self.gain_low > 0 if self.human is None else self.after >= self.human - CLOSE

    @property
    def random_reached(self) -> bool:
        return self.human is not None and self.random >= self.human - CLOSE

    def __str__(self) -> str:
        human = "     -" if self.human is None else f"{self.human:6.3f}"
        mark = "" if self.reached else "  MISSED"
        return (
            f"{self.name:<12} {self.before:8.3f} {self.after:8.3f} {human} {self.random:8.3f} {self.gain_low:8.3f}"
            f" {self.trainings:4d} {self.seconds:6.1f} s{mark}  {'; '.join(self.changes)}"
        )


def random_search(experiment: Experiment, folder: Path) -> float:
    """The validation score of the best of random chains, as the choosing rows see it."""
    evidence, rng = examined(experiment, folder), np.random.default_rng(experiment.training.seed)
    best = evidence.own
    while evidence.trainings < BUDGET - 2 * PAIRS:
        names = rng.choice(list(remedies), rng.integers(1, LONGEST + 1), replace=False)
        changed = applied(names, evidence).experiment
        trial = evidence.own if changed == experiment else evidence.trial(changed)
        best = max(best, trial, key=lambda trial: float(halves(trial.validation)[0].mean()))
    return best.run.validation_score


def line(name: str, label: dict[str, Any], folder: Path, *, random: bool) -> Line:
    """Repair one experiment both ways."""
    experiment = Experiment.from_file(folder / "experiment.toml")
    found = repair(experiment, folder, budget=BUDGET)
    other = random_search(experiment, folder) if random else float("nan")
    low = found.proof.low if found.proof else 0.0
    return Line(
        name, found.before, found.after, label.get("fixed_score"), other, low, found.trainings, found.seconds,
        found.changes,
    )  # fmt: skip


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--no-random", action="store_true", help="leave out the random search")
    asked = parser.parse_args()
    labels = json.loads((asked.folder / "labels.json").read_text("utf-8"))
    names = asked.only.split(",") if asked.only else [n for n in sorted(labels) if labels[n]["status"] == "faulty"]
    keep_compiled_programs()
    print("name           before repaired  human   random gain_low trainings seconds  changes")
    lines = []
    for name in names:
        lines.append(line(name, labels[name], asked.folder / name, random=not asked.no_random))
        print(lines[-1], flush=True)
        jax.clear_caches()
    reached, others = sum(each.reached for each in lines), sum(each.random_reached for each in lines)
    print(f"repaired {reached} of {len(lines)}; random search {others} of {len(lines)}")


if __name__ == "__main__":
    main()
