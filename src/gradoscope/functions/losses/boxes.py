"""Losses for boxes: how much predicted and true boxes overlap."""

import math
from typing import NamedTuple

from gradoscope.arrays import Array, as_array, atan, where, world_of
from gradoscope.arrays.pairs import Wide, beside, choose, leading, narrow, wider
from gradoscope.functions.facts import Bounded, NonNegative
from gradoscope.functions.guidance import Guidance
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import OneOf
from gradoscope.functions.targets import Targets

VARIANTS = ("giou", "iou", "diou", "ciou")


@loss(
    NonNegative(),
    Bounded(2),
    formula=r"\ell = 1 - \frac{|P \cap T|}{|P \cup T|} + \frac{|H| - |P \cup T|}{|H|},\quad H = \text{hull of both}",
    textbook=(
        "sum(1 - i / u + (h - u) / h"
        " for i in [max(0, min(p[2], t[2]) - max(p[0], t[0])) * max(0, min(p[3], t[3]) - max(p[1], t[1]))]"
        " for u in [(p[2] - p[0]) * (p[3] - p[1]) + (t[2] - t[0]) * (t[3] - t[1]) - i]"
        " for h in [(max(p[2], t[2]) - min(p[0], t[0])) * (max(p[3], t[3]) - min(p[1], t[1]))])"
    ),
    aliases=("iou_loss", "giou", "giou_loss", "generalized_iou", "generalised_iou", "diou", "ciou"),
    source="Rezatofighi et al. 2019, CVPR, arXiv 1902.09630; Zheng et al. 2020, AAAI, arXiv 1911.08287",
    tasks=(),
    targets=Targets.BOXES,
    outputs=4,
    input="boxes",
    before_link="boxes",
    after_link="boxes",
    domains={"variant": OneOf(VARIANTS)},
    guidance=Guidance(
        use="Boxes in object detection: four outputs, left, top, right and bottom.",
        strengths=("Free of scale, and measures what detectors are scored by.",),
        weaknesses=("Not convex: a bad start can stay bad.",),
        pairs_with=("identity",),
        differs="iou has no gradient for boxes that do not touch; giou, diou and ciou have.",
    ),
)
def iou_box(prediction: Array, target: Array, variant: str = "giou") -> Array:
    """One minus the intersection over union of boxes, plus the penalty of the variant.

    A box is (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2; a predicted box turned inside out has no area. The penalty is
    the empty share of the hull (`giou`), the squared distance of the centres over the squared diagonal of the hull
    (`diou`), the same and the difference of the aspect ratios, whose weight is constant for the gradient (`ciou`), or
    nothing (`iou`).

    Examples
    --------
    >>> iou_box([[0.0, 0.0, 2.0, 2.0]], [[1.0, 1.0, 3.0, 3.0]]).round(6)
    array([1.079365])
    """
    ours, theirs = wider(prediction), wider(target)
    both = _measured(ours, theirs)
    missing = both.apart / _safe(both.union)
    if variant == "iou":
        return narrow(missing, prediction)[..., 0]
    if variant == "giou":
        return narrow(missing + both.empty / _safe(both.hull), prediction)[..., 0]
    near = narrow(missing + _squares(_between(ours, theirs)) / _safe(_squares(both.sides)), prediction)
    if variant == "diou":
        return near[..., 0]
    shape = _turned(both, prediction) ** 2
    return (near + shape * _weight(shape, narrow(missing, prediction)))[..., 0]


@iou_box.derivative
def _(prediction: Array, target: Array, variant: str = "giou") -> Array:
    ours, theirs = wider(prediction), wider(target)
    both = _measured(ours, theirs)
    union, hull = _safe(both.union), _safe(both.hull)
    missing = both.apart / union
    of_area, of_common, of_sides = _slopes(ours, theirs, both)
    of_union = of_area - of_common
    slope = ((1 - missing) * of_union - of_common) / union
    if variant == "giou":
        of_hull = _twice(_other(both.sides)) * of_sides
        slope = slope + ((1 - both.empty / hull) * of_hull - of_union) / hull
    if variant in ("diou", "ciou"):
        between, diagonal = _between(ours, theirs), _safe(_squares(both.sides))
        share = _squares(between) / diagonal
        slope = slope + (_twice(between) - 2 * share * _twice(both.sides) * of_sides) / diagonal
    rises = narrow(slope, prediction)
    if variant == "ciou":
        turned = _turned(both, prediction)
        rise = narrow(_other(both.ours) / _safe(_squares(both.ours)), prediction) * (2 / math.pi)
        turn = 2 * turned * _weight(turned**2, narrow(missing, prediction)) * rise
        signs = as_array([-1.0, 1.0, 1.0, -1.0], world_of(rises), like=rises)
        rises = rises + signs * beside(turn, turn)
    return _of_corners(prediction, rises)


class _Both(NamedTuple):
    """Sides of our box, of theirs, of what they share and of their hull; and areas, all without cancellation."""

    ours: Wide
    theirs: Wide
    shared: Wide
    sides: Wide
    apart: Wide  # the union without what they share
    union: Wide
    empty: Wide  # the hull without the union
    hull: Wide


def _measured(prediction: Wide, target: Wide) -> _Both:
    low, high = _corners(prediction)
    left, right = target[..., :2], target[..., 2:]
    ours, theirs = high - low, right - left
    shared = _positive(_smaller(high, right) - _larger(low, left))
    alone = _smaller(ours, _positive(left - low) + _positive(high - right))
    missed = _smaller(theirs, _positive(low - left) + _positive(right - high))
    gap = _positive(_larger(low, left) - _smaller(high, right))
    sides = _larger(high, right) - _smaller(low, left)
    apart = _beyond(shared, alone) + _beyond(shared, missed)
    empty = _x(alone) * _y(missed) + _x(missed) * _y(alone)
    empty = empty + _x(gap) * _y(sides) + _y(gap) * (_x(sides) - _x(gap))
    union = _x(shared) * _y(shared) + apart
    return _Both(ours, theirs, shared, sides, apart, union, empty, _x(sides) * _y(sides))


def _corners(box: Wide) -> tuple[Wide, Wide]:
    """The low and the high corner of a predicted box; without extent where it is turned inside out."""
    return box[..., :2], _larger(box[..., :2], box[..., 2:])


def _of_corners(box: Array, slope: Array) -> Array:
    """The derivative in the box for that in its corners: where it is inside out, only its low corner counts."""
    low, high = slope[..., :2], slope[..., 2:]
    inside_out = box[..., 2:] < box[..., :2]
    return beside(where(inside_out, low + high, low), where(inside_out, 0.0, high))


def _slopes(prediction: Wide, target: Wide, both: _Both) -> tuple[Wide, Wide, Wide]:
    """The derivatives of our area, of the shared area and of the hull's sides in (low, high)."""
    (low, high), left, right = _corners(prediction), target[..., :2], target[..., 2:]
    touch = leading(both.shared) > 0
    area = beside(-_other(both.ours), _other(both.ours))
    width = _other(both.shared)
    shared = beside(_if(touch & _exceeds(low, left), -width), _if(touch & _exceeds(right, high), width))
    one = low * 0 + 1.0
    return area, shared, beside(_if(_exceeds(left, low), -one), _if(_exceeds(high, right), one))


def _beyond(shared: Wide, alone: Wide) -> Wide:
    """The area of a box with the sides shared + alone, without the shared part."""
    return _x(alone) * (_y(shared) + _y(alone)) + _x(shared) * _y(alone)


def _between(prediction: Wide, target: Wide) -> Wide:
    """The vector from their centre to ours."""
    low, high = _corners(prediction)
    return ((low - target[..., :2]) + (high - target[..., 2:])) * 0.5


def _turned(both: _Both, like: Array) -> Array:
    """The difference of the angles of the diagonals, as a share of a right angle."""
    return (_angle(both.ours, like) - _angle(both.theirs, like)) * (2 / math.pi)


def _angle(sides: Wide, like: Array) -> Array:
    return atan(narrow(_x(sides) / _safe(_y(sides)), like))


def _weight(shape: Array, missing: Array) -> Array:
    whole = shape + missing
    return shape / where(whole == 0, 1.0, whole)


def _squares(x: Wide) -> Wide:
    return _x(x) * _x(x) + _y(x) * _y(x)


def _safe(x: Wide) -> Wide:
    """X, but 1 where it is 0."""
    return choose(leading(x) == 0, 1.0, x)


def _exceeds(x: Wide, y: Wide) -> Array:
    return leading(x) > leading(y)


def _if(condition: Array, x: Wide) -> Wide:
    """X where the condition holds, else 0."""
    return choose(condition, x, 0.0)


def _positive(x: Wide) -> Wide:
    return _if(leading(x) > 0, x)


def _larger(x: Wide, y: Wide) -> Wide:
    return choose(_exceeds(x, y), x, y)


def _smaller(x: Wide, y: Wide) -> Wide:
    return choose(leading(x - y) < 0, x, y)


def _x(x: Wide) -> Wide:
    return x[..., :1]


def _y(x: Wide) -> Wide:
    return x[..., 1:]


def _other(x: Wide) -> Wide:
    """The other one of two numbers."""
    return beside(_y(x), _x(x))


def _twice(x: Wide) -> Wide:
    return beside(x, x)
