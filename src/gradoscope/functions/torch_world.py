"""Rules in PyTorch: an autograd function whose backward pass is the written derivative."""

from collections.abc import Mapping
from typing import Any

import torch

from gradoscope.arrays import Array
from gradoscope.errors import UsageError
from gradoscope.functions.rules import Rule
from gradoscope.language import say


def apply_rule(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
    """The value of `rule`, differentiable (twice, and in `torch.compile`) by its written derivatives."""
    for argument, derivative, label in zip(arguments, rule.partials, rule.labels, strict=True):
        if derivative is None and argument.requires_grad:
            raise UsageError(
                say("{function} is not differentiated with respect to {argument}; detach() it",
                    function=rule.name, argument=label)
            )  # fmt: skip
    return Differentiable.apply(rule, options, *arguments)  # type: ignore[no-untyped-call]


class Differentiable(torch.autograd.Function):
    """Any rule as an autograd function."""

    generate_vmap_rule = True

    @staticmethod
    def forward(rule: Rule, options: Mapping[str, Any], *arguments: Array) -> Array:
        """The value."""
        value = rule.value(*arguments, **options)
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
            partial.backward(cotangents[0], place, ctx.saved_tensors, ctx.options)
            if partial is not None and ctx.needs_input_grad[2 + place]
            else None
            for place, partial in enumerate(ctx.rule.partials)
        ]
        return None, None, *gradients
