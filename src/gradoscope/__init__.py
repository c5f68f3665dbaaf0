"""Gradoscope: which activation and which loss, and why is it not learning? Measured, on your own data."""

__version__ = "0.1.0"
