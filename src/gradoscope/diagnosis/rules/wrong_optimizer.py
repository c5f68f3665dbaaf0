"""Another optimiser (or its settings) is needed.

**Why it hurts.** Plain gradient descent takes the same step in every direction, and crawls where the loss is steep in
one and flat in another; Adadelta and Adagrad shrink their own steps, at some settings to nothing.

**How it is seen.** When a run fails and neither scaling nor ten or a hundred times more or less learning rate nor
more epochs explain it, twins with Adam at its usual rate and at ten times that are trained. If one makes up at least
half of what is missing, the optimiser was the reason.

**What to do.** Adam with 0.001, or gradient descent with momentum 0.9 and a tuned learning rate.

References: Kingma & Ba 2015; Schmidt, Schneider & Hennig 2021.
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import twin_finding
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether Adam does better."""
    return twin_finding(evidence, "wrong-optimizer", "[training] optimizer", ("adam", "adam-faster"))


@rule(lambda: say("Wrong optimiser"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
