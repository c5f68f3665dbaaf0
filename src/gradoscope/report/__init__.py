"""The report of a study: sections as values, then one HTML file that needs nothing else."""

from gradoscope.report.page import render, write_report

__all__ = ["render", "write_report"]
