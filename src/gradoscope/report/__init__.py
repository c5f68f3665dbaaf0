"""The report of a study: sections as values, then one HTML file that needs nothing else."""

from gradoscope.report.page import render, write_report
from gradoscope.report.several import write_across

__all__ = ["render", "write_across", "write_report"]
