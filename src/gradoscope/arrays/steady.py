"""A choice between NumPy arrays that takes the same time whatever is chosen."""

import numpy as np

from gradoscope.arrays.worlds import Array

_BITS = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}
FEW = 500  # numbers; fewer are chosen faster by NumPy itself


def where(condition: Array, yes: Array, no: Array) -> Array:
    """np.where, by bits where both sides allow it: it stalls wherever the condition changes."""
    numbers = yes if isinstance(yes, np.ndarray) else no
    if condition.size < FEW or not isinstance(numbers, np.ndarray) or numbers.dtype not in _BITS:
        return np.where(condition, yes, no)
    if not (_is_like(yes, condition, numbers.dtype) and _is_like(no, condition, numbers.dtype)):
        return np.where(condition, yes, no)
    bits = _BITS[numbers.dtype]
    chosen = condition.astype(bits)
    np.negative(chosen, out=chosen)  # all bits where the condition holds
    other = _bits(no, numbers.dtype, bits)
    chosen &= _bits(yes, numbers.dtype, bits) ^ other
    chosen ^= other
    return chosen.view(numbers.dtype)


def _is_like(part: Array, condition: Array, dtype: Array) -> bool:
    """Whether a part is a Python number, or an array of that dtype in the shape of the condition."""
    if isinstance(part, np.ndarray):
        return bool(part.dtype == dtype and part.shape == condition.shape)
    return type(part) in (int, float)


def _bits(part: Array, dtype: Array, bits: type) -> Array:
    return part.view(bits) if isinstance(part, np.ndarray) else dtype.type(part).view(bits)
