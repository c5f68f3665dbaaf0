"""Kernels for eager PyTorch on the CPU, on float32 numbers that lie in the cache: few passes, in place.

Each gives the value and writes the derivative into `slope`, where one is given, so that both share their exponentials.
"""

import math
import sys
from collections.abc import Callable

from gradoscope.arrays.worlds import Array, doubled, is_double, is_plain, world_of

Kernel = Callable[[Array, Array | None], Array]


def is_still(x: Array) -> bool:
    """Whether x is a tensor of eager PyTorch that nothing differentiates here: temporaries may be overwritten."""
    return world_of(x) == "torch" and is_plain(x) and not (x.requires_grad and sys.modules["torch"].is_grad_enabled())


def is_ours(x: Array) -> bool:
    """Whether the kernels of this page take x."""
    return is_still(x) and not is_double(x)


def slope_of(kernel: Kernel, x: Array) -> Array:
    """The derivative alone."""
    slope = sys.modules["torch"].empty_like(x)
    kernel(x, slope)
    return slope


def sigmoid(x: Array, slope: Array | None = None) -> Array:
    """1 / (1 + exp(-x)); its derivative is s (1 - s) for s = sigmoid(-|x|)."""
    if slope is not None:
        smaller = sys.modules["torch"].abs(x, out=slope).neg_().sigmoid_()
        smaller.addcmul_(smaller, smaller, value=-1)
    return x.sigmoid()


def tanh(x: Array, slope: Array | None = None) -> Array:
    """U / (u + 2) for u = exp(2 x) - 1; its derivative is 4 s (1 - s) for s = sigmoid(-2 |x|)."""
    if slope is not None:
        smaller = sys.modules["torch"].abs(x, out=slope).mul_(-2).sigmoid_()
        smaller.addcmul_(smaller, smaller, value=-1).mul_(4)
    power = x.clamp(-20, 20).mul_(2).expm1_()
    return power.div_(power + 2)


def gelu(x: Array, slope: Array | None = None) -> Array:
    """X Phi(x) by erfc in float32, corrected for the rounding of its argument; 0 at -infinity."""
    wide, near = doubled(x), x.clamp(min=-40)
    assert wide is not None
    wide = wide.clamp_(-40, 40).mul_(-math.sqrt(0.5))
    argument = wide.to(x.dtype)
    bell = (wide * wide).neg_().exp_().to(x.dtype)
    lost = wide.sub_(argument.to(wide.dtype)).to(x.dtype)
    share = argument.erfc_().addcmul_(bell, lost, value=-2 / math.sqrt(math.pi)).mul_(0.5)
    if slope is not None:
        slope.copy_(share).addcmul_(near.clamp(max=40), bell, value=1 / math.sqrt(2 * math.pi))
    return near.mul_(share)


def gelu_tanh(x: Array, steep: float, bent: float, slope: Array | None = None) -> Array:
    """X sigmoid(x (steep + bent x^2)) in float64; 0 at -infinity."""
    wide = doubled(x)
    assert wide is not None
    near = wide.clamp_(-1e3, 1e3)
    square = (near * near).mul_(bent)
    opening = (square + steep).mul_(near).sigmoid_()
    if slope is not None:
        gap = (opening * opening).neg_().add_(opening)
        slope.copy_(square.mul_(3).add_(steep).mul_(near).mul_(gap).add_(opening))
    return x.clamp(min=-1e3).mul_(opening.to(x.dtype))


def silu(x: Array, slope: Array | None = None) -> Array:
    """X sigmoid(x) for x from -80 to 80; its derivative is s + x s sigmoid(-x)."""
    share = x.sigmoid()
    value = x * share
    if slope is not None:
        sys.modules["torch"].neg(x, out=slope).sigmoid_().mul_(value).add_(share)
    return value


def mish(x: Array, slope: Array | None = None) -> Array:
    """X n / (n + 2) with n = e (e + 2), e = exp(x), for x from -80 on."""
    near = x.clamp(max=20)  # beyond, the gate is open
    power = near.exp()
    rise = (power + 2).mul_(power)
    below = rise + 2
    if slope is not None:
        sum_of_powers = (power + 4).mul_(power).add_(near, alpha=4).add_(6).mul_(power)
        sum_of_powers.add_(near.add_(1), alpha=4).mul_(power)
        sys.modules["torch"].div(sum_of_powers, below * below, out=slope)
    return rise.div_(below).mul_(x)


def logistic_loss(logit: Array, target: Array, slope: Array | None = None) -> Array:
    """(1 - t) log(1 + exp(z)) + t log(1 + exp(-z)) for finite z, as a sum of numbers that are not negative."""
    no = 1 - target
    if slope is not None:
        against = (-logit).sigmoid_().mul_(target)
        sys.modules["torch"].sigmoid(logit, out=slope).mul_(no).sub_(against)
    value = logit.abs().neg_().exp_().log1p_().addcmul_(no, logit.clamp(min=0))
    return value.addcmul_(target, logit.clamp(max=0), value=-1)


def softmax(x: Array, out: Array | None = None) -> Array:
    """Softmax of rows of numbers from -80 to 80, whose exponentials are ordinary numbers."""
    torch = sys.modules["torch"]
    powers = torch.exp(x, out=out) if out is not None else x.exp()
    whole = powers.sum(-1, keepdim=True, dtype=torch.float64)
    return powers.mul_(whole.reciprocal_().to(x.dtype))


def pull_softmax(u: Array, shares: Array) -> Array:
    """The gradient in logits for a gradient u in their softmax; a share near 1 gets minus what the others get."""
    torch = sys.modules["torch"]
    relative = u - torch.linalg.vecdot(u, shares.round())[..., None]
    return torch._softmax_backward_data(relative, shares, -1, shares.dtype)  # noqa: SLF001


def pull_log_softmax(u: Array, shares: Array) -> Array:
    """The gradient in logits for a gradient u in their log softmax; where a share is near 1, from the others."""
    dot = sys.modules["torch"].linalg.vecdot
    chosen = shares.round()
    beside = 1 - chosen
    left, others = dot(shares, beside)[..., None], dot(u, beside)[..., None]
    whole = others + dot(u, chosen)[..., None]
    return u.addcmul(shares, whole, value=-1).mul_(beside).addcmul_(chosen, whole * left - others)
