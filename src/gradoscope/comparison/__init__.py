"""Comparison: which activation and which loss, with learning rates tuned, seeds paired and intervals that hold."""

from gradoscope.comparison.arms import Arm, choose_activations, choose_losses
from gradoscope.comparison.budget import Budget
from gradoscope.comparison.compare import compare, default_settings, guesses, single_experiment
from gradoscope.comparison.dask_cluster import cluster
from gradoscope.comparison.findings import with_findings
from gradoscope.comparison.folder import document, write_study
from gradoscope.comparison.keeping import Place
from gradoscope.comparison.listing import progress_of, studies_in, table_of
from gradoscope.comparison.several import Across, across
from gradoscope.comparison.statistics import Interval
from gradoscope.comparison.store import read_request
from gradoscope.comparison.study import ArmResult, MemberResult, Settings, Study
from gradoscope.comparison.tuning import Choice, Tune
from gradoscope.comparison.verdict import names

__all__ = [
    "Across",
    "Arm",
    "ArmResult",
    "Budget",
    "Choice",
    "Interval",
    "MemberResult",
    "Place",
    "Settings",
    "Study",
    "Tune",
    "across",
    "choose_activations",
    "choose_losses",
    "cluster",
    "compare",
    "default_settings",
    "document",
    "guesses",
    "names",
    "progress_of",
    "read_request",
    "single_experiment",
    "studies_in",
    "table_of",
    "with_findings",
    "write_study",
]
