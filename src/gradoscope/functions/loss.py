"""Losses: a per-example measure of prediction against target, with its derivative, facts and guidance.

A page of the catalogue writes a function of (prediction, target), decorates it with `@loss(facts..., tasks=...)`, and
writes the derivative with respect to the prediction below it. Other forms of the prediction (probabilities instead of
logits, say) are added with `@name.form("probabilities")`.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

from gradoscope.arrays import Array, is_array
from gradoscope.errors import UsageError
from gradoscope.functions.catalogue import Catalogue
from gradoscope.functions.facts import Fact
from gradoscope.functions.guidance import NO_PEERS, Guidance, Peers
from gradoscope.functions.labels import (
    SMOOTHING,
    can_be_smoothed,
    notice_double_softmax,
    smoothed,
    weights_of_classes,
    without,
)
from gradoscope.functions.parameters import Domain, Parameter, check_parameters, parameters_of
from gradoscope.functions.reduction import Mean, arithmetic_mean, left_out, reduce
from gradoscope.functions.rules import Formula, Partial, Pointwise, Rowwise, Rule, evaluate, run
from gradoscope.functions.targets import Targets, check_prediction
from gradoscope.language import say


@final
class Form:
    """One form of a loss: what its prediction is (values, logits, probabilities), value and derivative."""

    def __init__(
        self,
        owner: str,
        input: str,
        textbook: str,
        value: Formula,
        parameters: Mapping[str, Parameter],
        axes: int,
        rows: bool,
        residual: bool,
        light: bool = False,
    ) -> None:
        self.owner, self.input, self.textbook = owner, input, textbook
        self.value, self.parameters = value, parameters
        self._axes = axes
        self._rows = rows
        self._residual = residual
        self._light = light
        self._partials: list[Partial | None] = [None, None]
        self._native: Formula | None = None
        self._both: Formula | None = None
        self._rule: Rule | None = None

    def derivative(self, formula: Formula) -> None:
        """Decorator: the derivative with respect to the prediction."""
        self._partials[0] = self._partial(formula)
        if self._residual:
            self._partials[1] = self._partial(lambda *arguments, **options: -formula(*arguments, **options))

    def target_derivative(self, formula: Formula) -> None:
        """Decorator: the derivative with respect to the target, where people need it (distillation)."""
        self._partials[1] = self._partial(formula)

    def in_torch(self, native: Formula) -> None:
        """Decorator: `native(torch.nn.functional, prediction, target)`, PyTorch's own loss, where it is as exact."""
        self._native = native

    def together(self, both: Formula) -> None:
        """Decorator: `both(prediction, target, slope)` gives the value and fills `slope` with the derivative."""
        self._both = both

    def _partial(self, formula: Formula) -> Partial:
        return Rowwise(formula, self._axes) if self._axes else Pointwise(formula)

    @property
    def slope(self) -> Formula:
        """The written derivative with respect to the prediction."""
        partial = self._partials[0]
        assert isinstance(partial, Pointwise | Rowwise)
        return partial.derivative

    @property
    def rule(self) -> Rule:
        """Value and derivatives, as every array world uses them."""
        if self._rule is None:
            labels = ("prediction", "target")
            partials = tuple(self._partials)
            kernels = (self._native, self._both)
            self._rule = Rule(self.owner, self.value, partials, labels, self._rows, self._light, *kernels)
        return self._rule


@dataclass(frozen=True)
class Description:
    """What `@loss` writes about a loss beside its formulas."""

    formula: str
    textbook: str
    bound: float
    floor: float
    source: str
    guidance: Guidance
    tasks: tuple[str, ...]
    link: str
    aliases: tuple[str, ...]
    peers: Peers
    before_link: str
    after_link: str


@final
class Loss:
    """A per-example measure of prediction against target.

    `loss(prediction, target)` takes NumPy arrays, JAX arrays or PyTorch tensors and returns one value per element
    (elementwise losses) or per row (losses over classes, `rowwise`), in the dtype of the prediction.

    Attributes
    ----------
    name, aliases, family, formula, source : str
        Canonical name, other names, page of the catalogue, LaTeX, paper.
    textbook : str
        The formula in Python notation (p prediction, t target), as `gradoscope.functions.exact` evaluates it.
    bound : float
        Value and derivative are that many units in the last place from the exact result at most.
    floor : float
        Where they cross zero by cancellation: results smaller than it are as exact as a result of that size.
    tasks : tuple of str
        Among "binary", "multiclass", "regression".
    link : str
        The matched output activation.
    inputs : tuple of str
        The forms of prediction it takes, the default one first.
    before_link, after_link : str
        The form that takes what goes into the matched activation (fused, stable), and the one that takes its output.
    targets : Targets
        What targets it takes.
    rowwise : bool
        Whether the last axis of the prediction holds classes, so that a row gives one value.
    outputs : int
        How many predictions belong to one target, in the last axis (2: a mean and a log variance, say); 0 for any.
    parameters : Mapping[str, Parameter]
        Of the default form.

    Examples
    --------
    >>> from gradoscope.functions import losses
    >>> losses["cross_entropy"]([[2.0, 0.0], [0.0, 3.0]], [0, 1]).round(4)
    array([0.1269, 0.0486])
    >>> float(losses["mse"]([1.0, 2.0], [0.0, 4.0], reduction="mean"))
    2.5
    """

    def __init__(
        self,
        native: Form,
        facts: tuple[Fact, ...],
        described: Description,
        axes: int,
        outputs: int,
        targets: Targets,
        mean: Mean,
    ) -> None:
        self.name = native.owner
        self.__doc__ = native.value.__doc__
        self.family = native.value.__module__.rpartition(".")[2]
        self.facts, self.axes, self.outputs, self.targets = facts, axes, outputs, targets
        self.rowwise = axes > 0
        self.formula, self.source, self.aliases = described.formula, described.source, described.aliases
        self.textbook, self.bound, self.floor = described.textbook, described.bound, described.floor
        self.guidance, self.peers = described.guidance, described.peers
        self.tasks, self.link = described.tasks, described.link
        self.before_link, self.after_link = described.before_link, described.after_link
        self.parameters = native.parameters
        self._forms = {native.input: native}
        self._mean = mean

    @property
    def inputs(self) -> tuple[str, ...]:
        """The forms of prediction it takes, the default one first."""
        return tuple(self._forms)

    def __call__(
        self,
        prediction: Array,
        target: Array = None,
        *,
        input: str | None = None,
        reduction: str = "none",
        weights: Array | None = None,
        class_weights: Array | None = None,
        ignore_class: int | None = None,
        **parameters: Any,
    ) -> Array:
        """The loss of `prediction` against `target`.

        Parameters
        ----------
        prediction : array
            Of any shape; for losses over classes the last axis holds the classes.
        target : array
            In the shape of the prediction; for losses over classes also integer labels with one axis less.
        input : str, optional
            What the prediction is, one of `inputs`; the first of them by default.
        reduction : {"none", "mean", "sum"}
            "mean" is sum(weights * values) / sum(weights), and 0 where the weights sum to 0.
        weights : array, optional
            One weight (or True/False) per value, 1 by default. Where it is 0, the value is 0 whatever was predicted.
        class_weights : array, optional
            One weight per class (of 0 and of 1 for binary targets), which multiplies the weight of each value.
        ignore_class : int, optional
            Integer label whose values count with weight 0.
        **parameters
            Parameters of the form, as `parameters` lists them. Where targets are probabilities, `label_smoothing`
            spreads that share of them evenly over the classes.

        Raises
        ------
        UsageError
            If shapes differ, a target is impossible, or a name or parameter is unknown.
        """
        form = self._form(input, parameters)
        scales = [] if weights is None else [weights]
        if ignore_class is not None:
            target, stays = without(self.name, target, ignore_class)
            scales.append(stays)
        arrays = self._prepared(form, prediction, target)
        if class_weights is not None:
            scales.append(weights_of_classes(self.name, self.targets, *arrays, class_weights))
        if scales and self.targets is not Targets.GROUPS:  # there, every row matters to the others
            arrays = left_out(arrays[0], scales, self.axes), arrays[1]
        values = run(form.rule, *self._smoothed(arrays, parameters))
        return reduce(self.name, values, reduction, scales, self._mean)

    def derivative(
        self, prediction: Array, target: Array = None, *, input: str | None = None, **parameters: Any
    ) -> Array:
        """The derivative of each value with respect to the prediction, in the shape of the prediction.

        As a decorator, what writes it down for the default form.
        """
        if isinstance(prediction, types.FunctionType):
            return self._form(None, {}).derivative(prediction)
        form = self._form(input, parameters)
        return evaluate(form.rule, form.slope, *self._smoothed(self._prepared(form, prediction, target), parameters))

    def _prepared(self, form: Form, prediction: Array, target: Array) -> tuple[Array, Array]:
        """Prediction and target as arrays of one world, checked."""
        arrays = self.targets.prepared(self.name, prediction, target, self.rowwise, self.outputs)
        check_prediction(self.name, form.input, arrays[0])
        if form.input == "logits" and self.targets is Targets.CLASSES:
            notice_double_softmax(self.name, arrays[0])
        return arrays

    def _smoothed(
        self, arrays: tuple[Array, Array], parameters: dict[str, Any]
    ) -> tuple[tuple[Array, Array], dict[str, Any]]:
        """Prediction, smoothed target, and the other parameters."""
        prediction, target = arrays
        share = parameters.pop(SMOOTHING.name, 0.0)
        return (prediction, smoothed(self.targets, target, prediction, share) if share else target), parameters

    def target_derivative(self, formula: Formula) -> None:
        """Decorator: the derivative with respect to the target, for the default form."""
        self._form(None, {}).target_derivative(formula)

    def in_torch(self, native: Formula) -> None:
        """Decorator: `native(torch.nn.functional, prediction, target)`, PyTorch's own loss, where it is as exact."""
        self._form(None, {}).in_torch(native)

    def together(self, both: Formula) -> None:
        """Decorator: `both(prediction, target, slope)` gives the value and fills `slope` with the derivative."""
        self._form(None, {}).together(both)

    def form(
        self, input: str, textbook: str, domains: Mapping[str, Domain] = MappingProxyType({})
    ) -> Callable[[Formula], Form]:
        """Decorator: the loss of another form of prediction."""

        def enter(value: Formula) -> Form:
            parameters = _parameters(value, domains, self.targets, input)
            form = Form(
                self.name,
                input,
                textbook,
                value,
                parameters,
                self.axes,
                self.targets is not Targets.GROUPS,
                residual=False,
            )
            self._forms[input] = form
            return form

        return enter

    def textbook_for(self, input: str) -> str:
        """The textbook formula of the form that takes `input`."""
        return self._form(input, {}).textbook

    def parameters_for(self, input: str) -> Mapping[str, Parameter]:
        """The parameters of the form that takes `input`."""
        return self._form(input, {}).parameters

    def _form(self, input: str | None, parameters: Mapping[str, Any]) -> Form:
        form = self._forms.get(input or self.inputs[0])
        if form is None:
            raise UsageError(
                say("{function} takes {inputs} as input, not {input}",
                    function=self.name, inputs=", ".join(self.inputs), input=input)
            )  # fmt: skip
        if parameters:
            check_parameters(self.name, form.parameters, parameters)
            self._refuse_arrays(parameters)
        return form

    def _refuse_arrays(self, parameters: Mapping[str, Any]) -> None:
        for name, value in parameters.items():
            if is_array(value):
                raise UsageError(say("{name} of {function} is a number, not an array", name=name, function=self.name))

    def __repr__(self) -> str:
        return self.name

    def _repr_html_(self) -> str:
        from gradoscope.functions.wording import html

        return html(self)


def _parameters(value: Formula, domains: Mapping[str, Domain], targets: Targets, input: str) -> Mapping[str, Parameter]:
    """The parameters of one form: those of its formula, and label smoothing where targets are probabilities."""
    written = parameters_of(value, domains, (), arrays=2)
    return {**written, SMOOTHING.name: SMOOTHING} if can_be_smoothed(targets, input) else written


losses: Catalogue[Loss] = Catalogue("loss")


def loss(
    *facts: Fact,
    formula: str,
    textbook: str,
    source: str,
    guidance: Guidance,
    tasks: tuple[str, ...],
    targets: Targets,
    link: str = "identity",
    input: str = "values",
    before_link: str = "values",
    after_link: str = "values",
    aliases: tuple[str, ...] = (),
    peers: Peers = NO_PEERS,
    bound: float = 4,
    floor: float = 0,
    rowwise: bool = False,
    outputs: int = 0,
    residual: bool = False,
    light: bool = False,
    mean: Mean = arithmetic_mean,
    domains: Mapping[str, Domain] = MappingProxyType({}),
) -> Callable[[Formula], Loss]:
    """Decorator: a function of (prediction, target) becomes an entry of the catalogue `losses`.

    `rowwise`: a row of predictions (the last axis) gives one value. `outputs`: how many predictions belong to one
    target, in the last axis. `residual`: the value depends on prediction - target alone. `light`: its formulas are
    so short that NumPy takes many numbers at once.
    """

    def enter(value: Formula) -> Loss:
        parameters = _parameters(value, domains, targets, input)
        axes = 2 if targets is Targets.SEQUENCES else int(rowwise or outputs > 0)
        rows = targets is not Targets.GROUPS
        native = Form(value.__name__, input, textbook, value, parameters, axes, rows, residual, light)
        about = Description(
            formula, textbook, bound, floor, source, guidance, tasks, link, aliases, peers, before_link, after_link
        )
        entry = Loss(native, facts, about, axes, outputs, targets, mean)
        losses.add(entry)
        return entry

    return enter
