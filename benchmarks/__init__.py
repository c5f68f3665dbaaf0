"""Gradoscope beside its peers: the same work, in one run, as ratios. `python -m benchmarks [NAME ...]`."""
