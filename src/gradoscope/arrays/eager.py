"""Kernels for eager PyTorch on the CPU, on float32 numbers that lie in the cache: few passes, in place, no `where`.

Those with a `slope` give the value and write the derivative into it, where one is given, so that both share their
exponentials. Those that pull take the gradient in the value, and what it was computed from, and write the gradient in
the argument into `out`, which is contiguous. Half a digit is cheaper in float64 than in corrections, and `exp2` cheaper
than `exp`.
"""

import math
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from threading import get_ident
from typing import Any

from gradoscope.arrays import polynomials
from gradoscope.arrays.worlds import Array, is_double, is_plain, world_of

Kernel = Callable[[Array, Array | None], Array]
LOG2_OF_E = 1 / math.log(2)
KEPT = 1 << 18  # numbers: larger rooms are given back


def is_ours(x: Array) -> bool:
    """Whether the kernels of this page take x: float32, in eager PyTorch on the CPU, and not differentiated here."""
    if world_of(x) != "torch" or is_double(x) or not is_plain(x):
        return False
    return not (x.requires_grad and sys.modules["torch"].is_grad_enabled())


def slope_of(kernel: Kernel, x: Array) -> Array:
    """The derivative alone."""
    slope = sys.modules["torch"].empty_like(x)
    kernel(x, slope)
    return slope


def doubles(x: Array, count: int) -> tuple[Array, ...]:
    """Room for float64 numbers in the shape of x: x itself, and `count - 1` without content.

    This thread gets the same room again; fresh memory would cost more than the arithmetic.
    """
    rooms = (_kept_rooms if x.numel() <= KEPT else _rooms)(tuple(x.shape), count, get_ident())
    rooms[0].copy_(x)
    return rooms


def _rooms(shape: tuple[int, ...], count: int, thread: int) -> tuple[Array, ...]:
    torch = sys.modules["torch"]
    with torch.inference_mode(False):
        return tuple(torch.empty(shape, dtype=torch.float64, device="cpu") for _ in range(count))


_kept_rooms = lru_cache(maxsize=4)(_rooms)


@cache
def _constants(numbers: tuple[float, ...]) -> tuple[Array, ...]:
    torch = sys.modules["torch"]
    with torch.inference_mode(False):
        return tuple(torch.tensor(number, dtype=torch.float64, device="cpu") for number in numbers)


def horner(x: Array, coefficients: tuple[float, ...], out: Array) -> Array:
    """The polynomial with these coefficients, lowest power first, of float64 numbers; one pass for each."""
    *lower, last, highest = _constants(coefficients)
    addcmul = sys.modules["torch"].addcmul
    addcmul(last, x, highest, out=out)
    for coefficient in reversed(lower):
        addcmul(coefficient, out, x, out=out)
    return out


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


def tanhshrink(x: Array, slope: Array | None = None) -> Array:
    """X - tanh(x), near 0 by its series; the derivative is the square of tanh(x) = x - (x - tanh(x))."""
    torch = sys.modules["torch"]
    bounded = x.clamp(-40, 40)  # beyond, tanh(x) is 1 in float64
    wide, value, near, choice, square = doubles(bounded, 5)
    torch.mul(wide, 2, out=value).sigmoid_().mul_(-2).add_(1).add_(wide)
    torch.clamp(wide, -0.01, 0.01, out=near)
    torch.mul(near, near, out=square)
    near.mul_(square).mul_(square.mul_(-2 / 15).add_(1 / 3))
    torch.mul(wide, wide, out=choice).gt_(0.01**2)
    value.sub_(near).mul_(choice).add_(near)
    if slope is not None:
        slope.copy_(wide.sub_(value).square_())
    return (x - bounded).add_(value.to(x.dtype))


def gelu(x: Array, slope: Array | None = None) -> Array:
    """max(x, 0) - a Phi(-a) for a = |x|, where Phi(-a) = exp(-a^2 / 2) times a polynomial; 0 at -infinity."""
    torch = sys.modules["torch"]
    wide, size, part, place, share = doubles(x, 5)
    torch.abs(wide, out=size).clamp_(max=40)
    torch.add(size, polynomials.MILLS_CENTER[0], out=part).reciprocal_()
    torch.sub(size, polynomials.MILLS_CENTER[0], out=place).mul_(part)
    bell = wide.square_().mul_(-LOG2_OF_E / 2).exp2_()
    horner(place, polynomials.MILLS[0], share).mul_(part)
    if slope is not None:
        slope.copy_(torch.sub(share, size, alpha=1 / math.sqrt(2 * math.pi), out=place).mul_(bell))
        step = torch.ge(x, 0, out=torch.empty_like(x))
        slope.addcmul_(slope, step, value=-2).add_(step)  # that of x > 0 is 1 less that of -x
    return x.relu().sub_(share.mul_(size).mul_(bell).to(x.dtype))


def gelu_tanh(x: Array, steep: float, bent: float, slope: Array | None = None) -> Array:
    """X sigmoid(x (steep + bent x^2)) in float64; 0 at -infinity."""
    torch = sys.modules["torch"]
    wide, near, square, opening, gap = doubles(x, 5)
    torch.clamp(wide.clamp_(min=-1e3), max=1e3, out=near)
    torch.mul(near, near, out=square).mul_(bent)
    torch.add(square, steep, out=opening).mul_(near).sigmoid_()
    if slope is not None:
        torch.addcmul(opening, opening, opening, value=-1, out=gap)
        slope.copy_(square.mul_(3).add_(steep).mul_(near).mul_(gap).add_(opening))
    return wide.mul_(opening).to(x.dtype)


def silu(x: Array, slope: Array | None = None) -> Array:
    """X sigmoid(x) for x from -80 to 80; its derivative is s (1 + x sigmoid(-x))."""
    share = x.sigmoid()
    if slope is not None:
        sys.modules["torch"].neg(x, out=slope).sigmoid_().mul_(x).add_(1).mul_(share)
    return share.mul_(x)


def mish(x: Array, slope: Array | None = None) -> Array:
    """X n / (n + 2) with n = e (e + 2), e = exp(x), for x from -80 on."""
    torch = sys.modules["torch"]
    near, power, rise, below, parts = doubles(x, 5)
    near.clamp_(max=20)  # beyond, the gate is open
    torch.mul(near, LOG2_OF_E, out=power).exp2_()
    torch.add(power, 2, out=rise).mul_(power)
    torch.add(rise, 2, out=below)
    if slope is not None:
        torch.add(power, 4, out=parts).mul_(power).add_(near, alpha=4).add_(6).mul_(power)
        parts.add_(near.add_(1), alpha=4).mul_(power)
        slope.copy_(parts.div_(below).div_(below))
    return x * rise.div_(below).to(x.dtype)


def logistic_loss(logit: Array, target: Array, slope: Array | None = None) -> Array:
    """(1 - t) log(1 + exp(z)) + t log(1 + exp(-z)) for finite z, as a sum of numbers that are not negative."""
    torch = sys.modules["torch"]
    power = logit.abs().neg_().exp_()
    if slope is not None:  # sigmoid(z) - t
        smaller = (power + 1).reciprocal_().mul_(power)
        step = torch.ge(logit, 0, out=torch.empty_like(logit))
        torch.sub(step, target, out=slope).addcmul_(smaller, step, value=-2).add_(smaller)
    value = power.log1p_().addcmul_(1 - target, logit.relu())
    return value.addcmul_(target, logit.clamp(max=0), value=-1)


def softmax(x: Array, out: Array | None = None) -> Array | None:
    """Softmax of rows, in float64; None where that would not do without subtracting the largest number."""
    (powers,) = doubles(x, 1)
    whole = _sum_of_powers(powers)
    if whole is None:
        return None
    shares = sys.modules["torch"].empty_like(x) if out is None else out
    return shares.copy_(powers.mul_(whole.reciprocal_()))


def log_softmax(x: Array, shares: Array) -> Array | None:
    """The logarithm of softmax of rows, in float64, and softmax itself in `shares`; None as above.

    Where a share is almost 1, its logarithm comes from the other shares.
    """
    torch = sys.modules["torch"]
    wide, powers = doubles(x, 2)
    whole = _sum_of_powers(powers.copy_(wide))
    if whole is None:
        return None
    level, top = whole.log(), x.amax(-1, keepdim=True)
    shares.copy_(powers.mul_(whole.reciprocal_()))
    value = torch.empty_like(x).copy_(wide.sub_(level))
    lonely = (level - top < 1e-5)[..., 0]
    if bool(lonely.any()):
        first = x[lonely] == top[lonely]
        others = powers[lonely].masked_fill_(first, 0).sum(-1, keepdim=True)
        value[lonely] = torch.where(first, others.neg_().log1p_().to(x.dtype), value[lonely])
    return value


def _sum_of_powers(x: Array) -> Array | None:
    """The sum of each row of exp(x), which takes the place of x; None where one is no ordinary number."""
    whole = x.mul_(LOG2_OF_E).exp2_().sum(-1, keepdim=True)
    least, most = whole.aminmax()
    return whole if least.item() > 1e-290 and most.item() < 1e300 else None


def pull_softmax(u: Array, shares: Array, out: Array) -> Array:
    """The gradient in logits for a gradient u in their softmax; a share near 1 gets minus what the others get."""
    relative = u - sys.modules["torch"].linalg.vecdot(u, shares.round())[..., None]
    gradient: Array = _aten()._softmax_backward_data(relative, shares, -1, shares.dtype, grad_input=out)  # noqa: SLF001
    return gradient


def pull_log_softmax(u: Array, shares: Array, out: Array) -> Array:
    """The gradient in logits for a gradient u in their log softmax; where a share is near 1, from the others."""
    torch = sys.modules["torch"]
    dot = torch.linalg.vecdot
    chosen = shares.round()
    beside = 1 - chosen
    left, others = dot(shares, beside)[..., None], dot(u, beside)[..., None]
    whole = others + dot(u, chosen)[..., None]
    gradient: Array = torch.addcmul(u, shares, whole, value=-1, out=out)
    return gradient.mul_(beside).addcmul_(chosen, whole * left - others)


def _aten() -> Any:
    return sys.modules["torch"].ops.aten
