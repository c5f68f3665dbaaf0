"""Activations: a value, a derivative, facts and guidance, defined in one place.

A page of the catalogue writes a function on arrays, decorates it with `@activation(facts..., formula=...)`, and
writes its derivative below it with `@name.derivative`.
"""

import copy
import types
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, final

from gradoscope.arrays import Array, is_array
from gradoscope.errors import UsageError
from gradoscope.functions.catalogue import Catalogue
from gradoscope.functions.facts import Fact
from gradoscope.functions.guidance import NO_PEERS, Guidance, Peers
from gradoscope.functions.parameters import Domain, Parameter, check_parameters, parameters_of
from gradoscope.functions.rules import Formula, Linear, Partial, Pointwise, Rule, evaluate, prepared, run
from gradoscope.language import say


@final
class Activation:
    """A function applied to a layer's pre-activation, with its derivative and what is known about it.

    Calling it takes a NumPy array (or list, or number), a JAX array or a PyTorch tensor `x` of any shape, and
    returns the same kind in the same floating dtype; integers promote to the default float, half types compute in
    float32. JAX and PyTorch differentiate it with `derivative`. NaN propagates, and the limits at infinity are right.

    Attributes
    ----------
    name, aliases, family, formula, source : str
        Canonical name, other names, page of the catalogue, LaTeX, paper.
    textbook : str
        The formula in Python notation, as `gradoscope.functions.exact` evaluates it.
    bound : float
        Value and derivative are that many units in the last place from the exact result at most, in float32 and
        float64 and in every array world.
    floor : float
        Where value or derivative crosses zero by cancellation: results smaller than it are as exact as a result of that
        size.
    elementwise : bool
        Whether each output depends on its own input alone (softmax is not elementwise).
    parameters : Mapping[str, Parameter]
        Defaults, domains, and which of them a network may train.
    initialiser : str
        The initialiser (Keras name) of a hidden layer that uses it.
    guidance, peers : Guidance, Peers
        What it is for; what other libraries call it.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> leaky = activations["leaky_relu"].with_parameters(negative_slope=0.2)
    >>> leaky([-1.0, 2.0]), leaky.derivative([-1.0, 2.0])
    (array([-0.2,  2. ]), array([0.2, 1. ]))
    """

    def __init__(
        self,
        formula_on_arrays: Formula,
        facts: tuple[Fact, ...],
        formula: str,
        textbook: str,
        bound: float,
        floor: float,
        source: str,
        initialiser: str,
        guidance: Guidance,
        peers: Peers,
        aliases: tuple[str, ...],
        elementwise: bool,
        parameters: Mapping[str, Parameter],
        light: bool,
    ) -> None:
        self.name = formula_on_arrays.__name__
        self.__doc__ = formula_on_arrays.__doc__
        self.family = formula_on_arrays.__module__.rpartition(".")[2]
        self.aliases, self.formula, self.source = aliases, formula, source
        self.textbook, self.bound, self.floor = textbook, bound, floor
        self.initialiser, self.guidance, self.peers = initialiser, guidance, peers
        self.elementwise, self.parameters = elementwise, parameters
        self._facts = facts
        self._bound: Mapping[str, Any] = MappingProxyType({})
        self._definition = _Definition(self.name, formula_on_arrays, light)

    def __call__(self, x: Array, /, **parameters: Any) -> Array:
        """The value at `x`."""
        arrays, options = self._arguments(parameters)
        inputs = prepared((x, *arrays.values()))
        if not self.elementwise:
            self._check_rows(tuple(inputs[0].shape), options)
        return run(self._definition.rule(tuple(arrays)), inputs, options)

    def derivative(self, x: Array, /, **parameters: Any) -> Array:
        """The derivative at `x`, elementwise, in the shape of `x`; as a decorator, what writes it down.

        Raises
        ------
        UsageError
            If the activation maps rows to rows: its derivative is a matrix, which `vjp` multiplies with.
        """
        if isinstance(x, types.FunctionType):
            return self._definition.write(None, Pointwise(x))
        return self.derivative_in(None, x, **parameters)

    def derivative_in(self, parameter: str | None, x: Array, /, **parameters: Any) -> Array:
        """The derivative with respect to a trainable parameter (None: with respect to `x`), in the shape of `x`."""
        arrays, options = self._arguments(parameters)
        partial = self._definition.partials.get(parameter)
        if not isinstance(partial, Pointwise):
            raise UsageError(
                say("the derivative of {function} is a matrix; use vjp(x, gradient) to multiply with it",
                    function=self.name)
            )  # fmt: skip
        formula = self._definition.with_named(partial.derivative, tuple(arrays))
        rule = self._definition.rule(tuple(arrays))
        return evaluate(rule, formula, prepared((x, *arrays.values())), options)

    def vjp(self, x: Array, gradient: Array, /, **parameters: Any) -> Array:
        """The gradient in `x` for a `gradient` in the value: what backpropagation computes."""
        arrays, options = self._arguments(parameters)
        rule = self._definition.rule(tuple(arrays))
        inputs = prepared((x, gradient, *arrays.values()))
        shape, coming_shape = (tuple(array.shape) for array in inputs[:2])
        if not self.elementwise:
            self._check_rows(shape, options)
        elif coming_shape not in ((), shape):
            raise UsageError(
                say("{function}: the gradient has the shape {gradient} and the input {input}; they must be equal",
                    function=self.name, gradient=coming_shape, input=shape)
            )  # fmt: skip

        def backward(at: Array, coming: Array, *rest: Array, **settings: Any) -> Array:
            partial = rule.partials[0]
            assert partial is not None
            return partial.backward(coming, 0, (at, *rest), settings)

        return evaluate(rule, backward, inputs, options)

    def _check_rows(self, shape: tuple[int, ...], options: Mapping[str, Any]) -> None:
        """Refuse what has no rows along the axis, or empty ones."""
        axis = options.get("axis", -1)
        if not -len(shape) <= axis < len(shape) or not shape[axis]:
            raise UsageError(
                say("{function} takes rows of numbers along axis {axis}; an input of the shape {shape} has none",
                    function=self.name, axis=axis, shape=shape)
            )  # fmt: skip

    def gradient(self, parameter: str) -> Callable[[Formula], None]:
        """Decorator: the derivative with respect to a trainable parameter."""
        return lambda formula: self._definition.write(parameter, Pointwise(formula))

    def tangent(self, formula: Formula) -> None:
        """Decorator for functions of rows: `tangent(v, x)`, the change of the value when `x` changes along `v`."""
        self._definition.write(None, Linear(formula, formula))

    def cotangent(self, formula: Formula) -> None:
        """Decorator, after `tangent`: its transpose `cotangent(u, x)`, where that is another formula."""
        written = self._definition.partials[None]
        assert isinstance(written, Linear)
        self._definition.write(None, Linear(written.tangent, formula))

    def in_torch(self, native: Formula) -> None:
        """Decorator: `native(torch.nn.functional, x)`, PyTorch's own function, where it is as exact as ours.

        It differentiates itself. Where an input is NaN, its value is NaN, and its derivative may be another number.
        """
        self._definition.native = native

    def together(self, both: Formula) -> None:
        """Decorator: `both(x, slope)`, of float32 numbers in eager PyTorch, gives the value and fills `slope`.

        Where there is `pull`, it fills what that needs instead.
        """
        self._definition.both = both

    def pull(self, pull: Formula) -> None:
        """Decorator, after `together`: `pull(u, kept, out)` fills `out` with the gradient, from what that kept."""
        self._definition.pull = pull

    def with_parameters(self, **parameters: Any) -> "Activation":
        """The same activation with other default parameters.

        Raises
        ------
        UsageError
            If there is no such parameter, or its value lies outside its domain.
        """
        check_parameters(self.name, self.parameters, parameters)
        bound = copy.copy(self)
        changed = {
            name: Parameter(name, parameters.get(name, known.default), known.domain, known.trainable)
            for name, known in self.parameters.items()
        }
        vars(bound).pop("facts", None)
        vars(bound).update(_bound=MappingProxyType({**self._bound, **parameters}), parameters=MappingProxyType(changed))
        return bound

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What is known of it; with other parameters than the default ones, what still holds."""
        return tuple(fact for fact in self._facts if fact.check(self).holds) if self._bound else self._facts

    def _arguments(self, given: Mapping[str, Any]) -> tuple[dict[str, Array], dict[str, Any]]:
        """Parameters that are arrays (they may be trained), and those that are settings."""
        if not given and not self._bound:
            return {}, {}
        if given:
            check_parameters(self.name, self.parameters, given)
        merged = {**self._bound, **given}
        arrays = {name: value for name, value in merged.items() if is_array(value)}
        return arrays, {name: value for name, value in merged.items() if name not in arrays}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, tuple[tuple[str, Any], ...]]:
        return self.name, tuple(sorted(self._bound.items()))

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self._bound.items())
        return f"{self.name}({settings})" if settings else self.name

    def _repr_html_(self) -> str:
        from gradoscope.functions.wording import html

        return html(self)


class _Definition:
    """The formulas of one activation, filled in while its page is read."""

    def __init__(self, name: str, value: Formula, light: bool) -> None:
        self.name, self.value, self.light = name, value, light
        self.partials: dict[str | None, Partial] = {}
        self.native: Formula | None = None
        self.both: Formula | None = None
        self.pull: Formula | None = None
        self._rules: dict[tuple[str, ...], Rule] = {}

    def write(self, argument: str | None, partial: Partial) -> None:
        self.partials[argument] = partial

    def with_named(self, formula: Formula, names: tuple[str, ...]) -> Formula:
        """`formula(x, **parameters)` with the parameters `names` taken by position after `x`."""
        if not names:
            return formula
        return lambda x, *values, **options: formula(x, **dict(zip(names, values, strict=True)), **options)

    def rule(self, names: tuple[str, ...]) -> Rule:
        """The rule whose arguments are x and the parameters `names`; always the same one, as JAX caches by it."""
        if names not in self._rules:
            partials = tuple(self._partial(argument, names) for argument in (None, *names))
            value = self.with_named(self.value, names)
            kernels = (None, None, None) if names else (self.native, self.both, self.pull)
            rows = isinstance(partials[0], Linear)
            self._rules[names] = Rule(self.name, value, partials, ("x", *names), rows, self.light, *kernels)
        return self._rules[names]

    def _partial(self, argument: str | None, names: tuple[str, ...]) -> Partial | None:
        match self.partials.get(argument):
            case Pointwise(derivative):
                return Pointwise(self.with_named(derivative, names))
            case Linear(tangent, cotangent):
                return Linear(self._along(tangent, names), self._along(cotangent, names))
        return None

    def _along(self, formula: Formula, names: tuple[str, ...]) -> Formula:
        if not names:
            return formula
        return lambda v, x, *values, **options: formula(v, x, **dict(zip(names, values, strict=True)), **options)


activations: Catalogue[Activation] = Catalogue("activation")


def activation(
    *facts: Fact,
    formula: str,
    textbook: str,
    source: str,
    guidance: Guidance,
    initialiser: str = "glorot_uniform",
    bound: float = 4,
    floor: float = 0,
    aliases: tuple[str, ...] = (),
    peers: Peers = NO_PEERS,
    elementwise: bool = True,
    domains: Mapping[str, Domain] = MappingProxyType({}),
    trainable: tuple[str, ...] = (),
    light: bool = False,
) -> Callable[[Formula], Activation]:
    """Decorator: a function on arrays becomes an entry of the catalogue `activations`.

    `Activation` says what the arguments mean. A `bound` above 4 needs its reason beside it. `light`: its formulas are
    so short that NumPy takes many numbers at once.
    """

    def enter(formula_on_arrays: Formula) -> Activation:
        parameters = parameters_of(formula_on_arrays, domains, trainable, arrays=1)
        entry = Activation(
            formula_on_arrays, facts, formula, textbook, bound, floor, source, initialiser, guidance, peers, aliases,
            elementwise, parameters, light,
        )  # fmt: skip
        activations.add(entry)
        return entry

    return enter
