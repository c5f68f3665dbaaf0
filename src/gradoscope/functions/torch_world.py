"""Rules in PyTorch: an autograd function whose backward pass is the written derivative."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from gradoscope.arrays import Array, is_plain
from gradoscope.errors import UsageError
from gradoscope.functions.rules import BLOCK, Formula, Pointwise, Rule, blocks
from gradoscope.language import say

ROWS_BLOCK = 1 << 18  # numbers in the rows that are worked off at once


def apply_rule(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
    """The value of `rule`, differentiable (twice, and in `torch.compile`) by its written derivatives."""
    for argument, derivative, label in zip(arguments, rule.partials, rule.labels, strict=True):
        if derivative is None and argument.requires_grad:
            raise UsageError(
                say("{function} is not differentiated with respect to {argument}; detach() it",
                    function=rule.name, argument=label)
            )  # fmt: skip
    if rule.native is not None:
        value: Array = rule.native(torch.nn.functional, *arguments, **options)
        return value
    if torch.is_grad_enabled() and any(argument.requires_grad for argument in arguments):
        together = rule.both is not None and arguments[0].ndim > 1 and is_plain(arguments[0])
        function = Together if together and not arguments[1].requires_grad else Differentiable
        return function.apply(rule, options, *arguments)  # type: ignore[no-untyped-call]
    return _value(rule, options, arguments)


class Differentiable(torch.autograd.Function):
    """Any rule as an autograd function."""

    generate_vmap_rule = True

    @staticmethod
    def forward(rule: Rule, options: Mapping[str, Any], *arguments: Array) -> Array:
        """The value."""
        value = _value(rule, options, arguments)
        # PyTorch cannot save an argument that is returned as it is (the identity does that).
        return value.view_as(value) if any(value is argument for argument in arguments) else value

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        """Keep what the backward pass needs: the arguments themselves."""
        rule, options, *arguments = inputs
        ctx.rule, ctx.options = rule, options
        ctx.save_for_backward(*arguments)

    @staticmethod
    def backward(ctx: Any, *cotangents: Array) -> tuple[Any, ...]:
        """The gradients, by operations that PyTorch can differentiate once more."""
        gradients = [
            _backward(ctx.rule, place, cotangents[0], ctx.saved_tensors, ctx.options)
            if part is not None and ctx.needs_input_grad[2 + place]
            else None
            for place, part in enumerate(ctx.rule.partials)
        ]
        return None, None, *gradients


class Together(torch.autograd.Function):
    """A rule of rows whose derivative is computed with the value, and waits for the backward pass."""

    @staticmethod
    def forward(ctx: Any, rule: Rule, options: Mapping[str, Any], prediction: Array, target: Array) -> Array:
        """The value; a few rows at a time, so that they lie in the cache."""
        assert rule.both is not None
        slopes, values = torch.empty_like(prediction), prediction.new_empty(prediction.shape[:-1])
        step = max(1, ROWS_BLOCK * len(prediction) // max(prediction.numel(), 1))
        for start in range(0, len(prediction), step):
            rows = slice(start, start + step)
            values[rows] = rule.both(prediction[rows], target[rows], slopes[rows], **options)
        ctx.rule, ctx.options, ctx.slopes = rule, options, slopes
        ctx.save_for_backward(prediction, target)
        return values

    @staticmethod
    def backward(ctx: Any, *cotangents: Array) -> tuple[Any, ...]:
        """The waiting derivative, used up by the first backward pass; later ones compute it again."""
        slopes, ctx.slopes = ctx.slopes, None
        if slopes is None or torch.is_grad_enabled():
            return None, None, _backward(ctx.rule, 0, cotangents[0], ctx.saved_tensors, ctx.options), None
        return None, None, slopes.mul_(cotangents[0][..., None]), None


def _backward(
    rule: Rule, place: int, cotangent: Array, arguments: tuple[Array, ...], options: Mapping[str, Any]
) -> Array:
    """The gradient in one argument; block by block where it is not differentiated again."""
    part = rule.partials[place]
    assert part is not None
    again = torch.is_grad_enabled() or torch.compiler.is_compiling()
    if again or not (rule.pointwise or rule.rows):
        return part.backward(cotangent, place, arguments, options)
    if isinstance(part, Pointwise):
        return Pointwise(_quick(rule, part.derivative, cotangent)).backward(cotangent, place, arguments, options)

    def backward(coming: Array, *rest: Array, **settings: Any) -> Array:
        return part.backward(coming, place, rest, settings)

    return _quick(rule, backward, cotangent)(cotangent, *arguments, **options)


def _value(rule: Rule, options: Mapping[str, Any], arguments: tuple[Array, ...]) -> Array:
    """The value, block by block where that is possible."""
    if torch.compiler.is_compiling():
        return rule.value(*arguments, **options)
    return _quick(rule, rule.value, arguments[0])(*arguments, **options)


def _quick(rule: Rule, formula: Formula, like: Array) -> Formula:
    """The formula in blocks that lie in the caches of all threads of PyTorch."""
    return blocks(rule, formula, partial(torch.empty, device=like.device), BLOCK * torch.get_num_threads())
