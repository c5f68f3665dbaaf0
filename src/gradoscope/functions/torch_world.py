"""Rules in PyTorch: an autograd function whose backward pass is the written derivative."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from gradoscope.arrays import Array
from gradoscope.errors import UsageError
from gradoscope.functions.rules import Partial, Pointwise, Rule, in_blocks
from gradoscope.language import say


def apply_rule(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
    """The value of `rule`, differentiable (twice, and in `torch.compile`) by its written derivatives."""
    for argument, derivative, label in zip(arguments, rule.partials, rule.labels, strict=True):
        if derivative is None and argument.requires_grad:
            raise UsageError(
                say("{function} is not differentiated with respect to {argument}; detach() it",
                    function=rule.name, argument=label)
            )  # fmt: skip
    if torch.is_grad_enabled() and any(argument.requires_grad for argument in arguments):
        return Differentiable.apply(rule, options, *arguments)  # type: ignore[no-untyped-call]
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
            _backward(part, cotangents[0], place, ctx.saved_tensors, ctx.options)
            if part is not None and ctx.needs_input_grad[2 + place]
            else None
            for place, part in enumerate(ctx.rule.partials)
        ]
        return None, None, *gradients


def _backward(
    part: Partial, cotangent: Array, place: int, arguments: tuple[Array, ...], options: Mapping[str, Any]
) -> Array:
    """The gradient in one argument; block by block where it is not differentiated again."""
    again = torch.is_grad_enabled() or torch.compiler.is_compiling()
    if again or not isinstance(part, Pointwise):
        return part.backward(cotangent, place, arguments, options)
    quick = Pointwise(in_blocks(part.derivative, partial(torch.empty, device=cotangent.device)))
    return quick.backward(cotangent, place, arguments, options)


def _value(rule: Rule, options: Mapping[str, Any], arguments: tuple[Array, ...]) -> Array:
    """The value, block by block where that is possible."""
    if torch.compiler.is_compiling() or not rule.pointwise:
        return rule.value(*arguments, **options)
    return in_blocks(rule.value, partial(torch.empty, device=arguments[0].device))(*arguments, **options)
