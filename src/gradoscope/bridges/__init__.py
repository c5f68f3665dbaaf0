"""Bridges: one file per framework, and the only place that imports it."""
