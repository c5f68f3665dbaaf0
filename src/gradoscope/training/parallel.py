"""One large network on several devices or processes: each takes its share of the rows of every batch.

Parameters are the same everywhere, and gradients are added up over the devices in every step, so that the run is that
of one device, to rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from gradoscope.errors import UsageError
from gradoscope.language import say

T = TypeVar("T")
ROWS = "rows"


@contextmanager
def over_devices(count: int | None = None) -> Iterator[int]:
    """Inside the block, `fit` divides every batch over devices: all that there are, of all processes, or the first few.

    Parameters
    ----------
    count
        How many devices; None is all.

    Raises
    ------
    UsageError
        There are not so many.

    Examples
    --------
    >>> with over_devices() as devices:
    ...     print(devices)
    1
    """
    devices = jax.devices()
    wanted = len(devices) if count is None else count
    if not 1 <= wanted <= len(devices):
        raise UsageError(
            say("{count} devices were asked for, and there are {known}.", count=wanted, known=len(devices))
        )
    with jax.set_mesh(jax.make_mesh((wanted,), (ROWS,), (AxisType.Auto,), devices=devices[:wanted])):
        yield wanted


def join(coordinator: str, processes: int, process: int) -> None:
    """Make this process one of several that train together; called before anything else, in all of them.

    Parameters
    ----------
    coordinator
        "HOST:PORT" of process 0, which all of them reach.
    processes
        How many there are.
    process
        Which one this is, from 0.

    Raises
    ------
    UsageError
        The number of this process is not below that of all.
    """
    if not 0 <= process < processes:
        raise UsageError(
            say("--process is {process}; it must be from 0 to {last}.", process=process, last=processes - 1)
        )
    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # type: ignore[no-untyped-call]
    jax.distributed.initialize(coordinator, processes, process)


def everywhere(tree: T, *, compared: bool = True) -> T:
    """The arrays on every device of the block, each device with all of them; as they are outside of one.

    JAX compares what the processes hold, unless it is not `compared`: for it, NaN differs from itself.
    """
    mesh = jax.sharding.get_mesh()
    if mesh.empty:
        return tree
    whole = NamedSharding(mesh, PartitionSpec())  # type: ignore[no-untyped-call]
    if compared:
        return jax.device_put(tree, whole)  # type: ignore[no-any-return]

    def placed(leaf: jax.Array) -> jax.Array:
        own = np.asarray(leaf)
        return jax.make_array_from_callback(own.shape, whole, lambda part: own[part])

    return jax.tree.map(placed, tree)  # type: ignore[no-any-return]


def divided(rows: jax.Array) -> jax.Array:
    """The row numbers of a batch: each device of the block has its part of them, and thereby of the rows."""
    if jax.sharding.get_abstract_mesh().empty:
        return rows
    part = PartitionSpec(ROWS)  # type: ignore[no-untyped-call]
    shares: jax.Array = jax.lax.with_sharding_constraint(rows, part)  # type: ignore[no-untyped-call]
    return shares


def check_divisible(batch_size: int, rows: int) -> None:
    """Refuse batches that the devices of the block cannot share evenly."""
    mesh = jax.sharding.get_abstract_mesh()
    size = min(batch_size, rows)
    if not mesh.empty and size % mesh.size:
        raise UsageError(
            say("batches of {size} rows cannot be divided over {count} devices; choose a multiple of {count}.",
                size=size, count=mesh.size)
        )  # fmt: skip
