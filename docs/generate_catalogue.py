"""Write docs/catalogue.md: every activation and loss of Gradoscope, and the counterpart of every peer's function.

`python docs/generate_catalogue.py` writes the page; with `--check` it only says whether the page is current.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

from gradoscope.functions import Activation, Loss, activations, losses

PAGE = Path(__file__).parent / "catalogue.md"

# What a peer's function is called here, where the name alone does not say it.
RENAMED: Mapping[str, str] = {
    "keras.activations.swish": "silu",
    "jax.nn.swish": "silu",
    "jax.nn.gelu": "gelu_tanh",
    "torch.nn.Softmax2d": "softmax(axis=1)",
    "torch.nn.BCELoss": "binary_cross_entropy(input='probabilities')",
    "torch.nn.LinearCrossEntropyLoss": "categorical_cross_entropy of the layer's output",
    "torch.nn.MultiLabelSoftMarginLoss": "binary_cross_entropy, averaged over labels",
    "torch.nn.NLLLoss2d": "negative_log_likelihood",
    "torch.nn.PoissonNLLLoss": "poisson(input='log_rates')",
    "torch.nn.KLDivLoss": "kl_divergence(input='log_probabilities')",
    "torch.nn.MultiMarginLoss": "multiclass_hinge(variant='weston_watkins')",
    "torch.nn.TripletMarginWithDistanceLoss": "triplet_margin",
    "keras.losses.CategoricalCrossentropy": "categorical_cross_entropy",
    "keras.losses.CategoricalFocalCrossentropy": "focal",
    "keras.losses.BinaryFocalCrossentropy": "binary_focal",
    "optax.losses.l2_loss": "mean_squared_error, times 1/2",
    "optax.losses.binary_dice_loss": "dice",
    "optax.losses.multiclass_generalized_dice_loss": "dice, class by class",
    "optax.losses.convex_kl_divergence": "kl_divergence(input='log_probabilities')",
    "optax.losses.generalized_kl_divergence": "kl_divergence(input='log_probabilities')",
    "optax.losses.kl_divergence": "kl_divergence(input='log_probabilities')",
    "optax.losses.kl_divergence_with_log_targets": "kl_divergence(input='log_probabilities')",
    "optax.losses.ctc_loss_with_forward_probs": "ctc",
    "optax.losses.multiclass_perceptron_loss": "multiclass_hinge(margin=0)",
    "optax.losses.safe_softmax_cross_entropy": "categorical_cross_entropy",
    "optax.losses.softmax_cross_entropy": "categorical_cross_entropy",
    "optax.losses.sparsemax_loss": "sparse_plus(z) - t z: sparsemax_loss of two classes",
    "optax.losses.cosine_similarity": "1 - cosine_distance",
    "sklearn.neural_network.exp": "exponential",
    "sklearn._loss.AbsoluteError": "mean_absolute_error",
    "sklearn._loss.HalfBinomialLoss": "binary_cross_entropy",
    "sklearn._loss.HalfBinomialLossArrayAPI": "binary_cross_entropy",
    "sklearn._loss.HalfGammaLoss": "gamma",
    "sklearn._loss.HalfMultinomialLoss": "categorical_cross_entropy",
    "sklearn._loss.HalfMultinomialLossArrayAPI": "categorical_cross_entropy",
    "sklearn._loss.HalfPoissonLoss": "poisson(input='log_rates')",
    "sklearn._loss.HalfSquaredError": "mean_squared_error, times 1/2",
    "sklearn._loss.HalfTweedieLoss": "tweedie",
    "sklearn._loss.HalfTweedieLossIdentity": "tweedie(input='rates')",
    "sklearn._loss.PinballLoss": "quantile",
}
LEFT_OUT: Mapping[str, str] = {
    "torch.nn.MultiheadAttention": "a layer, not a function",
    "jax.nn.dot_product_attention": "a layer, not a function",
    "jax.nn.log1mexp": "a helper, neither activation nor loss",
    "jax.nn.logmeanexp": "a helper, neither activation nor loss",
    "jax.nn.logsumexp": "a helper, neither activation nor loss",
    "jax.nn.one_hot": "a helper: losses take integer labels",
    "jax.nn.standardize": "a normalisation, not an activation",
    "jax.nn.get_scaled_dot_general_config": "arithmetic of low precision",
    "jax.nn.scaled_dot_general": "arithmetic of low precision",
    "jax.nn.scaled_matmul": "arithmetic of low precision",
    "optax.losses.make_fenchel_young_loss": "a factory; its best known product is sparsemax_loss",
    "optax.losses.smooth_labels": "a helper for targets",
}
NOT_FUNCTIONS = {"deserialize", "get", "serialize", "Loss", "initializers", "link", "loss"}


def peer_names() -> Iterator[tuple[str, str]]:
    """Every public activation and loss of the peers: (prefix, name)."""
    import jax
    import keras
    import optax
    import torch
    from sklearn.neural_network._base import ACTIVATIONS

    listed = {
        "torch.nn.": [*torch.nn.modules.activation.__all__, *torch.nn.modules.loss.__all__],
        "keras.activations.": dir(keras.activations),
        "keras.losses.": dir(keras.losses),
        "jax.nn.": dir(jax.nn),
        "optax.losses.": dir(optax.losses),
        "sklearn.neural_network.": list(ACTIVATIONS),
        "sklearn._loss.": dir(import_module("sklearn._loss")),
    }
    for prefix, names in listed.items():
        for name in sorted(set(names) - NOT_FUNCTIONS):
            if not name.startswith("_"):
                yield prefix, name


def counterpart(prefix: str, name: str) -> str | None:
    """What a peer's function is called here; None where nothing answers to it."""
    if prefix + name in RENAMED:
        return RENAMED[prefix + name]
    for catalogue in (losses, activations) if "loss" in prefix.casefold() else (activations, losses):
        for spelling in (name, name.removesuffix("Loss"), name.removesuffix("_loss"), name.replace("ized", "ised")):
            if spelling in catalogue:
                return catalogue[spelling].name
    return None


def missing() -> list[str]:
    """Peers' functions that have neither a counterpart nor a reason to be left out."""
    return [p + n for p, n in peer_names() if counterpart(p, n) is None and p + n not in LEFT_OUT]


def row(*cells: str) -> str:
    """One row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(*header: str) -> list[str]:
    """The head of a table."""
    return [row(*header), row(*["---"] * len(header))]


def entry_row(entry: Activation | Loss) -> str:
    """One entry: name, formula, aliases, parameters, accuracy, source."""
    given = ", ".join(f"{name}={part.default}" for name, part in entry.parameters.items())
    return row(
        f"`{entry.name}`", f"${entry.formula}$", ", ".join(entry.aliases), given, f"{entry.bound:g}", entry.source
    )


def families(catalogue: Mapping[str, Activation] | Mapping[str, Loss]) -> Iterator[str]:
    """One table per family."""
    entries: list[Activation | Loss] = list(catalogue.values())
    for family in dict.fromkeys(entry.family for entry in entries):
        yield from ("", f"### {family.replace('_', ' ').capitalize()}", "")
        yield from table("name", "formula", "other names", "parameters", "ulp", "source")
        yield from (entry_row(entry) for entry in entries if entry.family == family)


def page() -> str:
    """The whole page."""
    lines = [
        "# Catalogue",
        "",
        "Written by `docs/generate_catalogue.py` from the definitions. `gradoscope show NAME` tells more.",
    ]
    lines += [
        "",
        "Column ulp: value and derivative are that many units in the last place from the exact result at most,",
    ]
    lines += ["in float32 and float64, for NumPy, JAX and PyTorch.", "", f"## {len(activations)} activations"]
    lines += [*families(activations), "", f"## {len(losses)} losses", *families(losses)]
    lines += ["", "## What the other libraries call them", "", *table("theirs", "ours")]
    named = [(prefix + name, counterpart(prefix, name)) for prefix, name in peer_names()]
    lines += [row(f"`{theirs}`", f"`{ours}`") for theirs, ours in named if ours is not None]
    lines += ["", "Left out:", "", *table("theirs", "why")]
    lines += [row(f"`{theirs}`", LEFT_OUT[theirs]) for theirs, ours in named if ours is None]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    if absent := missing():
        print("No counterpart for: " + ", ".join(absent), file=sys.stderr)
        return 1
    if "--check" in arguments:
        current = PAGE.read_text("utf-8") == page()
        print("current" if current else "docs/catalogue.md is old: run python docs/generate_catalogue.py")
        return int(not current)
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
