"""The accuracy of functions of rows: softmax, log softmax and cross-entropy, ours and the peers'."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.special
import torch

from benchmarks.scoring import Function, Score, score
from gradoscope.functions import activations, exact, losses

SOFTMAX, LOG_SOFTMAX = activations["softmax"], activations["log_softmax"]
OURS = ("ours numpy", "ours jax", "ours torch")


def rows() -> list[list[float]]:
    """Logits at several scales, some with a large common offset."""
    rng = np.random.default_rng(0)
    drawn = [rng.normal(size=6) * scale + offset for scale in (1, 8, 40) for offset in (0, 300) for _ in range(4)]
    return [[float(logit) for logit in row.astype(np.float32)] for row in drawn]


def of_rows(dtype: str) -> Iterator[tuple[str, str, Score, Score | None]]:
    """Softmax, log softmax and cross-entropy: of all entries of all rows; gradient of output 0."""
    logits = rows()
    labels = [0] * len(logits)
    cases: list[tuple[str, str, dict[str, Function]]] = [
        ("softmax", "[exp(a) / sum(exp(b) for b in x) for a in x]",
         dict.fromkeys(OURS, SOFTMAX)
         | {"torch": lambda x: torch.softmax(x, -1), "jax": jax.nn.softmax,
            "scipy": lambda x: scipy.special.softmax(x, -1)}),
        ("log_softmax", "[a - log(sum(exp(b) for b in x)) for a in x]",
         dict.fromkeys(OURS, LOG_SOFTMAX)
         | {"torch": lambda x: torch.log_softmax(x, -1), "jax": jax.nn.log_softmax,
            "scipy": lambda x: scipy.special.log_softmax(x, -1)}),
        ("categorical_cross_entropy", "[log(sum(exp(b) for b in x)) - x[0]]",
         dict.fromkeys(OURS, lambda x: losses["cross_entropy"](x, np.array(labels))[..., None])
         | {"torch": lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(labels), reduction="none")[:, None],
          "jax": lambda x: optax.losses.softmax_cross_entropy_with_integer_labels(x, jnp.array(labels))[:, None]}),
    ]  # fmt: skip
    for name, formula, functions in cases:
        values = [value for row in logits for value in exact.evaluate(formula, {"x": row})]
        slopes = [exact.derivative(formula, {"x": row}, place=k)[0] for row in logits for k in range(len(row))]
        for who, function in functions.items():
            value, slope = _of_rows(who, function, logits, dtype)
            yield (
                name, who,
                score(value.ravel(), values, [0.0] * len(values), dtype, lambda _, right: abs(right)),
                None if slope is None
                else score(slope.ravel(), slopes, [0.0] * len(slopes), dtype, lambda _, right: abs(right)),
            )  # fmt: skip


def _of_rows(who: str, function: Function, logits: list[list[float]], dtype: str) -> tuple[Any, Any]:
    if who.endswith("torch"):
        x = torch.tensor(logits, dtype=getattr(torch, dtype), requires_grad=True)
        value = function(x)
        (slope,) = torch.autograd.grad(value[:, 0].sum(), x)
        return value.detach().double().numpy(), slope.double().numpy()
    if who.endswith("jax"):
        with jax.enable_x64(dtype == "float64"):
            y = jnp.asarray(logits, dtype)
            found = jax.jit(function)(y), jax.jit(jax.grad(lambda at: function(at)[:, 0].sum()))(y)
            return tuple(np.asarray(part, np.float64) for part in found)
    return np.asarray(function(np.asarray(logits, dtype)), np.float64), None
