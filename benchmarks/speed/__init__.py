"""What `benchmarks.functions` measures: one file per array world, each with `pairs(sizes)`."""

CLASSES = 32_000
ROWS = 2_048
