"""Plots: each computes a NamedTuple of numbers, then draws it. The only place that imports matplotlib."""
