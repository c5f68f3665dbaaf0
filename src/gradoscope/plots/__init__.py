"""Plots: one file per kind of plot. Each is a tuple of numbers that knows how to draw itself."""
