"""Optimisers by their Keras names, with Keras's defaults: optax transformations that leave the learning rate out.

The learning rate is data, one per member, so that a grid of rates trains in one compiled program.
"""

from collections.abc import Callable

import optax

from gradoscope.networks import TrainingSpec


def _sgd(spec: TrainingSpec) -> optax.GradientTransformation:
    return optax.trace(spec.momentum, nesterov=bool(spec.nesterov)) if spec.momentum else optax.identity()


def _adam(spec: TrainingSpec, *, nesterov: bool = False) -> optax.GradientTransformation:
    return optax.scale_by_adam(*_betas(spec), _epsilon(spec), nesterov=nesterov)


def _nadam(spec: TrainingSpec) -> optax.GradientTransformation:
    return _adam(spec, nesterov=True)


def _adamw(spec: TrainingSpec) -> optax.GradientTransformation:
    return optax.chain(_adam(spec), optax.add_decayed_weights(_or(spec.weight_decay, 0.004)))


def _adamax(spec: TrainingSpec) -> optax.GradientTransformation:
    return optax.scale_by_adamax(*_betas(spec), _epsilon(spec))


def _rmsprop(spec: TrainingSpec) -> optax.GradientTransformation:
    scale = optax.scale_by_rms(_or(spec.rho, 0.9), _epsilon(spec), eps_in_sqrt=True)
    return optax.chain(scale, optax.trace(spec.momentum)) if spec.momentum else scale


def _adagrad(spec: TrainingSpec) -> optax.GradientTransformation:
    return optax.scale_by_rss(initial_accumulator_value=0.1, eps=_epsilon(spec))


def _adadelta(spec: TrainingSpec) -> optax.GradientTransformation:
    return optax.scale_by_adadelta(_or(spec.rho, 0.95), _epsilon(spec))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _betas(spec: TrainingSpec) -> tuple[float, float]:
    return _or(spec.beta_1, 0.9), _or(spec.beta_2, 0.999)


def _epsilon(spec: TrainingSpec) -> float:
    return _or(spec.epsilon, 1e-7)


_OPTIMIZERS: dict[str, Callable[[TrainingSpec], optax.GradientTransformation]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "nadam": _nadam,
    "adamax": _adamax,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
}


def direction(spec: TrainingSpec) -> optax.GradientTransformation:
    """From gradients to the step of one member, before it is multiplied by minus the learning rate."""
    rule = _OPTIMIZERS[spec.optimizer](spec)
    return rule if spec.clip_norm is None else optax.chain(optax.clip_by_global_norm(spec.clip_norm), rule)
