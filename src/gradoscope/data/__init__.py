"""Data: tables, images and built-ins, divided and prepared for a network."""

from gradoscope.data.builtins import Builtin, catalogue
from gradoscope.data.dataset import Dataset, Guess
from gradoscope.data.fingerprint import fingerprint, rows_fingerprint
from gradoscope.data.loading import load
from gradoscope.data.new_rows import NewRows, load_new_rows
from gradoscope.data.preparation import Preparation, prepare
from gradoscope.data.spec import DataSpec, Prepared, Rows, prepare_experiment
from gradoscope.data.splitting import Split, split
from gradoscope.data.streaming import Streamed, stream

__all__ = [
    "Builtin",
    "DataSpec",
    "Dataset",
    "Guess",
    "NewRows",
    "Preparation",
    "Prepared",
    "Rows",
    "Split",
    "Streamed",
    "catalogue",
    "fingerprint",
    "load",
    "load_new_rows",
    "prepare",
    "prepare_experiment",
    "rows_fingerprint",
    "split",
    "stream",
]
