"""Losses for boxes: how much predicted and true boxes overlap."""

import math
from typing import NamedTuple

from gradoscope.arrays import Array, as_array, at_least, atan, cast, namespace, stacked, where, world_of
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
    bound=64,
    floor=0.1,  # the parts of the derivative partly cancel
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
    both = _measured(prediction, target)
    missing = both.apart / _safe(both.union)
    if variant == "iou":
        return missing
    if variant == "giou":
        return missing + both.empty / _safe(both.hull)
    centres = _squares(_between(prediction, target)) / _safe(_squares(both.sides))
    if variant == "diou":
        return missing + centres
    shape = _turned(both) ** 2
    return missing + centres + shape * _weight(shape, missing)


@iou_box.derivative
def _(prediction: Array, target: Array, variant: str = "giou") -> Array:
    both = _measured(prediction, target)
    union, hull = _safe(both.union)[..., None], _safe(both.hull)[..., None]
    missing = both.apart / _safe(both.union)
    of_area, of_common, of_sides = _slopes(prediction, target, both)
    of_union = of_area - of_common
    slope = ((1 - missing[..., None]) * of_union - of_common) / union
    if variant == "giou":
        of_hull = of_sides * _twice(_other(both.sides))
        slope = slope + ((1 - both.empty[..., None] / hull) * of_hull - of_union) / hull
    if variant in ("diou", "ciou"):
        between, diagonal = _between(prediction, target), _safe(_squares(both.sides))[..., None]
        share = _squares(between)[..., None] / diagonal
        slope = slope + (_twice(between) - 2 * share * of_sides * _twice(both.sides)) / diagonal
    if variant == "ciou":
        turned = _turned(both)
        rise = (2 / math.pi) * _other(both.ours) / _safe(_squares(both.ours))[..., None]
        turn = (2 * turned * _weight(turned**2, missing))[..., None] * rise
        signs = as_array([-1.0, 1.0, 1.0, -1.0], world_of(slope), like=slope)
        slope = slope + signs * _twice(turn)
    return _of_corners(prediction, slope)


class _Both(NamedTuple):
    """Sides of our box, of theirs, of what they share and of their hull; and areas, all without cancellation."""

    ours: Array
    theirs: Array
    shared: Array
    sides: Array
    apart: Array  # the union without what they share
    union: Array
    empty: Array  # the hull without the union
    hull: Array


def _measured(prediction: Array, target: Array) -> _Both:
    low, high = _corners(prediction)
    left, right = target[..., :2], target[..., 2:]
    ours, theirs = high - low, right - left
    shared = at_least(_smaller(high, right) - _larger(low, left), 0.0)
    alone = _smaller(ours, at_least(left - low, 0.0) + at_least(high - right, 0.0))
    missed = _smaller(theirs, at_least(low - left, 0.0) + at_least(right - high, 0.0))
    gap = at_least(_larger(low, left) - _smaller(high, right), 0.0)
    sides = _larger(high, right) - _smaller(low, left)
    apart = _beyond(shared, alone) + _beyond(shared, missed)
    empty = alone[..., 0] * missed[..., 1] + missed[..., 0] * alone[..., 1]
    empty = empty + gap[..., 0] * sides[..., 1] + gap[..., 1] * (sides[..., 0] - gap[..., 0])
    union = shared[..., 0] * shared[..., 1] + apart
    return _Both(ours, theirs, shared, sides, apart, union, empty, sides[..., 0] * sides[..., 1])


def _corners(box: Array) -> tuple[Array, Array]:
    """The low and the high corner of a predicted box; without extent where it is turned inside out."""
    return box[..., :2], _larger(box[..., :2], box[..., 2:])


def _of_corners(box: Array, slope: Array) -> Array:
    """The derivative in the box for that in its corners: where it is inside out, only its low corner counts."""
    low, high = slope[..., :2], slope[..., 2:]
    inside_out = box[..., 2:] < box[..., :2]
    return _joined(where(inside_out, low + high, low), where(inside_out, 0.0, high))


def _slopes(prediction: Array, target: Array, both: _Both) -> tuple[Array, Array, Array]:
    """The derivatives of our area, of the shared area and of the hull's sides in (low, high)."""
    low, high = _corners(prediction)
    left, right = target[..., :2], target[..., 2:]
    kind, touch = low.dtype, cast(both.shared > 0, low.dtype)
    area = _joined(-_other(both.ours), _other(both.ours))
    shared = _joined(-touch * cast(low > left, kind), touch * cast(high < right, kind)) * _twice(_other(both.shared))
    return area, shared, _joined(-cast(low < left, kind), cast(high > right, kind))


def _beyond(shared: Array, alone: Array) -> Array:
    """The area of a box with the sides shared + alone, without the shared part."""
    return alone[..., 0] * (shared[..., 1] + alone[..., 1]) + shared[..., 0] * alone[..., 1]


def _between(prediction: Array, target: Array) -> Array:
    """The vector from their centre to ours."""
    low, high = _corners(prediction)
    return ((low - target[..., :2]) + (high - target[..., 2:])) / 2


def _turned(both: _Both) -> Array:
    """The difference of the angles of the diagonals, as a share of a right angle."""
    return (_angle(both.ours) - _angle(both.theirs)) * (2 / math.pi)


def _angle(sides: Array) -> Array:
    return atan(sides[..., 0] / _safe(sides[..., 1]))


def _weight(shape: Array, missing: Array) -> Array:
    return shape / _safe(shape + missing)


def _squares(x: Array) -> Array:
    return x[..., 0] ** 2 + x[..., 1] ** 2


def _safe(x: Array) -> Array:
    """X, but 1 where it is 0."""
    return where(x == 0, 1.0, x)


def _larger(x: Array, y: Array) -> Array:
    return where(x > y, x, y)


def _smaller(x: Array, y: Array) -> Array:
    return where(x < y, x, y)


def _other(x: Array) -> Array:
    """The other one of two numbers."""
    return stacked(x[..., 1], x[..., 0])


def _twice(x: Array) -> Array:
    return _joined(x, x)


def _joined(low: Array, high: Array) -> Array:
    return namespace(low).concatenate([low, high], axis=-1)
