"""Rules in PyTorch: an autograd function whose backward pass is the written derivative."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch

from gradoscope.arrays import Array, is_plain, is_wrapped
from gradoscope.errors import UsageError
from gradoscope.functions.rules import Formula, Pointwise, Rowwise, Rule, blocks
from gradoscope.language import say

TOGETHER = 1 << 18  # numbers that are worked off at once: the caches hold them, and calls hardly count


def apply_rule(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
    """The value of `rule`, differentiable (twice, and in `torch.compile`) by its written derivatives."""
    if len(arguments) > 1:
        _refuse_gradients(rule, arguments)
    if rule.native is not None:
        value: Array = rule.native(torch.nn.functional, *arguments, **options)
        return value
    if torch.is_grad_enabled() and _is_differentiated(arguments):
        function = _function(rule, arguments, options)
        return function.apply(rule, options, *arguments)  # type: ignore[no-untyped-call]
    return _value(rule, options, arguments)


def _is_differentiated(arguments: tuple[Array, ...]) -> bool:
    return arguments[0].requires_grad or any(argument.requires_grad for argument in arguments[1:])


def _function(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> type[torch.autograd.Function]:
    """What differentiates the rule here."""
    if _is_together(rule, arguments, options):
        return Together
    return Differentiable if torch.compiler.is_compiling() else BothWays


def _refuse_gradients(rule: Rule, arguments: tuple[Array, ...]) -> None:
    for argument, derivative, label in zip(arguments, rule.partials, rule.labels, strict=True):
        if derivative is None and argument.requires_grad:
            raise UsageError(
                say("{function} is not differentiated with respect to {argument}; detach() it",
                    function=rule.name, argument=label)
            )  # fmt: skip


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


class BothWays(Differentiable):
    """Any rule in forward mode, too (`torch.func.hessian`, say), which `torch.compile` refuses to read."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Array) -> None:
        """Keep the arguments for both ways."""
        Differentiable.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*inputs[2:])

    @staticmethod
    def jvp(ctx: Any, *tangents: Array | None) -> Array:
        """The change of the value for changes of the arguments."""
        terms = [
            part.forward(tangent, ctx.saved_tensors, ctx.options)
            for part, tangent in zip(ctx.rule.partials, tangents[2:], strict=True)
            if part is not None and tangent is not None
        ]
        return sum(terms[1:], terms[0])


class Together(torch.autograd.Function):
    """A rule whose derivative is computed with the value, in the cache, and waits for the backward pass."""

    @staticmethod
    def forward(ctx: Any, rule: Rule, options: Mapping[str, Any], *arguments: Array) -> Array:
        """The value."""
        ctx.rule, ctx.options = rule, options
        values, kept = _together(rule, options, arguments)
        ctx.shared = kept is values  # then PyTorch has to keep it, and to notice who overwrites it
        ctx.kept = None if ctx.shared else kept
        ctx.save_for_backward(*arguments, *((values,) if ctx.shared else ()))
        return values

    @staticmethod
    def backward(ctx: Any, *cotangents: Array) -> tuple[Any, ...]:
        """The gradient; by operations that PyTorch can differentiate again where it must, or what waited is used up."""
        rule: Rule = ctx.rule
        (coming,), saved, count = cotangents, ctx.saved_tensors, len(ctx.rule.partials)
        kept, ctx.kept = saved[-1] if ctx.shared else ctx.kept, None
        if kept is None or torch.is_grad_enabled() or is_wrapped(coming):
            gradient = _backward(rule, 0, coming, saved[:count], ctx.options)
        elif rule.pull is not None:
            gradient = _pulled(rule, ctx.options, coming, kept, in_place=not ctx.shared)
        else:
            gradient = kept.mul_(coming[..., None] if isinstance(rule.partials[0], Rowwise) else coming)
        return None, None, gradient, *(None,) * (count - 1)


def _is_together(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> bool:
    """Whether `Together` takes the rule: only the first argument is differentiated, in eager PyTorch on the CPU."""
    first, *rest = arguments
    if not is_plain(first) or not first.numel() or any(argument.requires_grad for argument in rest):
        return False
    if rule.pointwise:
        return all(argument.shape == first.shape for argument in rest)
    return rule.both is not None and first.ndim > 1 and options.get("axis", -1) == -1


def _together(rule: Rule, options: Mapping[str, Any], arguments: tuple[Array, ...]) -> tuple[Array, Array]:
    """The value, and what `both` keeps for the backward pass; a few numbers or rows at a time."""
    first = arguments[0]
    both = rule.both if rule.both is not None and (rule.rows or first.dtype == torch.float32) else partial(_both, rule)
    if first.numel() <= TOGETHER:
        kept = first.new_empty(first.shape)
        values = both(*arguments, kept, **options)
        return values.clone() if any(values is argument for argument in arguments) else values, kept
    if rule.pointwise:
        arguments = tuple(argument.reshape(-1) for argument in arguments)
    kept, values = first.new_empty(arguments[0].shape), None
    for here in _pieces(kept):
        left = kept[here]
        part = both(*(argument[here] for argument in arguments), left, **options)
        if part is left:
            values = kept
            continue
        if values is None:  # no view, as PyTorch refuses to change one in place
            values = first.new_empty(first.shape if rule.pointwise else (len(kept), *part.shape[1:]))
            room = values.view(-1) if rule.pointwise else values
        room[here] = part
    return values, kept.reshape(first.shape) if rule.pointwise else kept


def _both(rule: Rule, *arguments: Array, **options: Any) -> Array:
    """Value and derivative of any rule, in place of its kernel."""
    *inputs, slope = arguments
    part = rule.partials[0]
    assert isinstance(part, Pointwise)
    slope.copy_(part.derivative(*inputs, **options))
    return rule.value(*inputs, **options)


def _pulled(rule: Rule, options: Mapping[str, Any], coming: Array, kept: Array, in_place: bool) -> Array:
    """The gradient from what was kept, a few rows at a time."""
    assert rule.pull is not None
    gradient = kept if in_place else kept.new_empty(kept.shape)  # contiguous: some of PyTorch's kernels need that
    for here in _pieces(kept):
        rule.pull(coming[here], kept[here], gradient[here], **options)
    return gradient


def _pieces(first: Array) -> Iterator[slice]:
    """Slices of the first axis."""
    step = max(1, TOGETHER * len(first) // first.numel())
    for start in range(0, len(first), step):
        yield slice(start, start + step)


def _backward(
    rule: Rule, place: int, cotangent: Array, arguments: tuple[Array, ...], options: Mapping[str, Any]
) -> Array:
    """The gradient in one argument; block by block where it is not differentiated again."""
    part = rule.partials[place]
    assert part is not None
    again = torch.is_grad_enabled() or torch.compiler.is_compiling() or is_wrapped(cotangent)
    if again or not (rule.pointwise or rule.rows):
        return part.backward(cotangent, place, arguments, options)
    if isinstance(part, Pointwise):
        return Pointwise(_quick(rule, part.derivative, cotangent)).backward(cotangent, place, arguments, options)

    def backward(coming: Array, *rest: Array, **settings: Any) -> Array:
        return part.backward(coming, place, rest, settings)

    return _quick(rule, backward, cotangent)(cotangent, *arguments, **options)


def _value(rule: Rule, options: Mapping[str, Any], arguments: tuple[Array, ...]) -> Array:
    """The value, block by block where that is possible."""
    if arguments[0].numel() <= TOGETHER or torch.compiler.is_compiling():
        return rule.value(*arguments, **options)
    return _quick(rule, rule.value, arguments[0])(*arguments, **options)


def _quick(rule: Rule, formula: Formula, like: Array) -> Formula:
    """The formula in blocks that lie in the caches of all threads of PyTorch."""
    return blocks(rule, formula, partial(torch.empty, device=like.device), TOGETHER)
