"""ONNX's own test vectors of its operators, for each that has a counterpart here."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.case import node as onnx_cases

from gradoscope.functions import activations, losses

Attributes = dict[str, Any]
Run = Callable[[Attributes, Any], Any]


def plain(name: str, **renamed: str) -> Run:
    """An activation whose parameters have other names in ONNX."""
    return lambda given, x: activations[name](x[0], **{renamed[key]: value for key, value in given.items()})


def gelu(given: Attributes, x: Any) -> Any:
    return activations["gelu_tanh" if given.get("approximate") == b"tanh" else "gelu"](x[0])


def shrink(given: Attributes, x: Any) -> Any:
    name = "softshrink" if given.get("bias") else "hardshrink"
    return activations[name](x[0], threshold=given["lambd"])


def along_axis(name: str) -> Run:
    return lambda given, x: activations[name](x[0], axis=given.get("axis", -1))


def prelu(given: Attributes, x: Any) -> Any:
    return activations["prelu"](x[0], negative_slope=x[1])


OPERATORS: dict[str, Run] = {
    "Atan": plain("arctan"),
    "Celu": plain("celu", alpha="alpha"),
    "Elu": plain("elu", alpha="alpha"),
    "Erf": plain("erf"),
    "Exp": plain("exponential"),
    "Gelu": gelu,
    "HardSigmoid": lambda given, x: activations["hard_sigmoid"](
        x[0], slope=given.get("alpha", 0.2), offset=given.get("beta", 0.5)
    ),
    "HardSwish": plain("hard_swish"),
    "LeakyRelu": plain("leaky_relu", alpha="negative_slope"),
    "LogSoftmax": along_axis("log_softmax"),
    "Mish": plain("mish"),
    "PRelu": prelu,
    "Relu": plain("relu"),
    "Selu": plain("selu", alpha="alpha", gamma="scale"),
    "Shrink": shrink,
    "Sigmoid": plain("sigmoid"),
    "Sign": plain("sign"),
    "Sin": plain("sine"),
    "Softmax": along_axis("softmax"),
    "Softplus": plain("softplus"),
    "Softsign": plain("softsign"),
    "Swish": plain("swish", alpha="beta"),
    "Tanh": plain("tanh"),
    "ThresholdedRelu": lambda given, x: activations["threshold"](x[0], theta=given.get("alpha", 1.0)),
}
LOSSES = {"NegativeLogLikelihoodLoss": "log_probabilities", "SoftmaxCrossEntropyLoss": "logits"}


def cases() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collected = onnx_cases.collect_testcases(None)
    for case in collected:
        node = case.model.graph.node[0]
        wanted = node.op_type in OPERATORS or node.op_type in LOSSES
        if wanted and "expanded" not in case.name and len(case.model.graph.node) == 1:
            yield case


def attributes_of(case: Any) -> Attributes:
    return {item.name: onnx.helper.get_attribute_value(item) for item in case.model.graph.node[0].attribute}


def loss_of(form: str, given: Attributes, inputs: Any) -> Any:
    """Classes lie on axis 1 in ONNX; `weight` holds one weight per class, and one class can be left out."""
    rows, labels = np.moveaxis(inputs[0], 1, -1), inputs[1]
    weights = inputs[2][np.clip(labels, 0, len(inputs[2]) - 1)] if len(inputs) > 2 else np.ones(labels.shape)
    left_out = labels == given.get("ignore_index", np.iinfo(labels.dtype).min)
    return losses["cross_entropy"](
        rows,
        np.where(left_out, 0, labels),
        input=form,
        reduction=given.get("reduction", b"mean").decode(),
        weights=np.where(left_out, 0, weights).astype(rows.dtype),
    )


def test_operators_give_what_onnx_publishes() -> None:
    seen = set()
    for case in cases():
        operator = case.model.graph.node[0].op_type
        seen.add(operator)
        given = attributes_of(case)
        for inputs, outputs in case.data_sets:
            if operator in LOSSES:
                found = loss_of(LOSSES[operator], given, inputs)
            else:
                found = OPERATORS[operator](given, inputs)
            precise = outputs[0].dtype.itemsize > 2
            np.testing.assert_allclose(
                np.asarray(found, np.float64),
                np.asarray(outputs[0], np.float64),
                rtol=2e-5 if precise else 1e-2,
                atol=1e-6 if precise else 1e-2,
                err_msg=case.name,
            )
    assert seen == {*OPERATORS, *LOSSES}
