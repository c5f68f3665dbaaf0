"""Lessons: runnable experiments that show one well-known claim each, and measure it."""
