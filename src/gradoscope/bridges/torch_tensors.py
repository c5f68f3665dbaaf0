"""What a watch does with tensors and modules of PyTorch."""

from typing import NamedTuple

import torch
from torch import nn

from gradoscope.bridges.recording import Array

Tensors = list[torch.Tensor]
Rows = tuple[torch.Tensor, torch.Tensor | None]


class Passed(NamedTuple):
    """A batch on its way; `learning`: its outputs can be differentiated. Target and loss once they were seen."""

    inputs: torch.Tensor
    output: torch.Tensor
    training: bool
    learning: bool
    target: torch.Tensor | None = None
    loss: torch.Tensor | None = None


class Fresh(NamedTuple):
    """What one step left on the device."""

    rows: list[int]
    losses: Tensors
    rate: float
    gradient: torch.Tensor | None
    update: torch.Tensor | None
    weight: torch.Tensor | None
    batch: Rows | None


def inner(model: nn.Module) -> nn.Module:
    """The module that was compiled, or the model itself."""
    return dict(model.named_children()).get("_orig_mod", model)


def has_kernel(module: nn.Module) -> bool:
    """Whether a module has a weight that is a matrix, or more."""
    weight = dict(module.named_parameters(recurse=False)).get("weight")
    return weight is not None and weight.ndim >= 2


def overwritten(inputs: torch.Tensor, place: torch.Tensor, copied: torch.Tensor) -> bool:
    """Whether a batch was written where the one before it stood."""
    return inputs.data_ptr() == place.data_ptr() and inputs.shape == copied.shape and not torch.equal(inputs, copied)


def norm(tensor: torch.Tensor | None) -> torch.Tensor:
    """The Euclidean norm, on the device; 0 of a gradient that there is not."""
    if tensor is None:
        return torch.zeros(())
    dense = tensor.coalesce().values() if tensor.is_sparse else tensor
    size: torch.Tensor = torch.linalg.vector_norm(dense.to(torch.float32))  # its own argument for the type is slow
    return size


def host(tensor: torch.Tensor) -> Array:
    """The numbers of a tensor as NumPy's, shared where they lie in main memory."""
    plain = tensor.to(torch.float32) if tensor.dtype is torch.bfloat16 else tensor
    array: Array = plain.numpy(force=True)
    return array
