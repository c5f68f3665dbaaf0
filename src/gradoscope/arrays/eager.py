"""Kernels of float32 for eager PyTorch on the CPU: float64 loses nothing, and large temporaries are used again."""

import math
import sys

from gradoscope.arrays.worlds import Array, doubled, is_plain, world_of


def is_still(x: Array) -> bool:
    """Whether x is a tensor of eager PyTorch that nothing differentiates here: temporaries may be overwritten."""
    return world_of(x) == "torch" and is_plain(x) and not (x.requires_grad and sys.modules["torch"].is_grad_enabled())


def widened_here(x: Array) -> Array | None:
    """float32 numbers of eager PyTorch, which nothing differentiates here, as new float64 numbers; else None."""
    return doubled(x) if is_still(x) else None


def times_normal_cdf(x: Array, wide: Array) -> Array:
    """X Phi(x); 0 at -infinity."""
    near = wide.clamp_(min=-40)
    return (near * -math.sqrt(0.5)).erfc_().mul_(near).mul_(0.5).to(x.dtype)


def times_normal_cdf_slope(x: Array, wide: Array) -> Array:
    """Phi(x) + x phi(x)."""
    near = wide.clamp_(-40, 40)
    share = (near * -math.sqrt(0.5)).erfc_().mul_(0.5)
    density = (near * near).mul_(-0.5).exp_().mul_(near)
    return share.add_(density, alpha=1 / math.sqrt(2 * math.pi)).to(x.dtype)


def gelu_tanh(x: Array, wide: Array, steep: float, bent: float) -> Array:
    """X sigmoid(x (steep + bent x^2)); 0 at -infinity."""
    near = wide.clamp(-1e3, 1e3)
    return (near * near).mul_(bent).add_(steep).mul_(near).sigmoid_().mul_(wide.clamp_(min=-1e3)).to(x.dtype)


def gelu_tanh_slope(x: Array, wide: Array, steep: float, bent: float) -> Array:
    """Its derivative."""
    near = wide.clamp_(-1e3, 1e3)
    square = (near * near).mul_(bent)
    opening = (square + steep).mul_(near).sigmoid_()
    rise = square.mul_(3).add_(steep).mul_(near).mul_(opening)
    return opening.add_(rise.sub_(rise * opening)).to(x.dtype)


def silu_slope(x: Array) -> Array:
    """sigmoid(x) (1 + x sigmoid(-x)) for x from -80 to 80."""
    return (-x).sigmoid_().mul_(x).add_(1).mul_(x.sigmoid())
