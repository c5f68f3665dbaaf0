"""How numbers are written for people: scores and differences."""

import math

from gradoscope.comparison import Interval
from gradoscope.comparison.metrics import METRICS, decimal, title
from gradoscope.language import say

NOTHING = "\N{EN DASH}"


def metric_name(metric: str) -> str:
    """What a score is called."""
    return title(metric)


def score(metric: str, value: float) -> str:
    """A score: accuracy in percent, R2 with three decimals, a dash where it is not finite.

    Examples
    --------
    >>> score("accuracy", 0.9745), score("r2", -0.25), score("r2", float("nan"))
    ('97.5%', '−0.250', '–')
    """
    unit = "%" if METRICS[metric].share else ""
    return f"{decimal(metric, value)}{unit}" if math.isfinite(value) else NOTHING


def bounds(metric: str, interval: Interval) -> str:
    """The interval of a score, cut at what a score can be; empty where one run cannot tell.

    Examples
    --------
    >>> bounds("accuracy", Interval(0.97, 0.931, 1.009, 5))
    '93.1 to 100.0'
    """
    if interval.low is None or interval.high is None or not math.isfinite(interval.mean):
        return ""
    low, high = max(interval.low, METRICS[metric].low), min(interval.high, METRICS[metric].high)
    return say("{low} to {high}", low=decimal(metric, low), high=decimal(metric, high))


def change(metric: str, value: float) -> str:
    """A difference with its sign: accuracy in points (of 100).

    Examples
    --------
    >>> change("accuracy", -0.0123), change("r2", 0.05), change("accuracy", -1e-9)
    ('−1.2', '+0.050', '0.0')
    """
    if not math.isfinite(value):
        return NOTHING
    text = decimal(metric, value)
    return f"+{text}" if value > 0 and any(digit in text for digit in "123456789") else text


def change_bounds(metric: str, interval: Interval) -> str:
    """The interval of a difference; empty where one run cannot tell."""
    if interval.low is None or interval.high is None or not math.isfinite(interval.mean):
        return ""
    return say("{low} to {high}", low=change(metric, interval.low), high=change(metric, interval.high))
