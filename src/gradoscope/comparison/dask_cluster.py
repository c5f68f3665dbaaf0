"""A Dask cluster as an executor: the data are sent to its workers once, and a lost worker's work is done again."""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from gradoscope.data import Dataset
from gradoscope.errors import GradoscopeError
from gradoscope.extras import missing
from gradoscope.language import say

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
PATIENCE = "10s"


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor that hands its work to a Dask scheduler.

    Parameters
    ----------
    address
        Of the scheduler: "tcp://10.0.0.1:8786". Its workers need this version of Gradoscope.

    Raises
    ------
    GradoscopeError
        Dask is not installed, no scheduler answers, or a unit of work ended one worker after the other.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import get_address_host_port
    except ImportError:
        raise missing("Dask", "cluster") from None
    try:
        get_address_host_port(address)  # a client that never was complains on stderr when it is thrown away
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GradoscopeError(
            say("no Dask scheduler answers at {address}: {reason}.", address=address, reason=error)
        ) from None
    with client:
        try:
            yield _ClusterExecutor(client)
        except KilledWorker as error:
            raise GradoscopeError(
                say("workers of the cluster ended over the same work (often for lack of memory): {reason}",
                    reason=error)
            ) from None  # fmt: skip


class _ClusterExecutor(Executor):
    """Dask's executor, which is handed a dataset once and then by name.

    The dataset is the result of a task, and not scattered: Dask makes a lost result again, but not lost data.
    """

    def __init__(self, client: "Client") -> None:
        self._client, self._executor = client, client.get_executor(pure=False)
        self._sent: dict[int, Any] = {}

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Hand out one call."""
        known = [self._name(value) if isinstance(value, Dataset) else value for value in args]
        future: Future[T] = self._executor.submit(fn, *known, **kwargs)
        return future

    def _name(self, dataset: Dataset) -> Any:
        if id(dataset) not in self._sent:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # once is what we want
                name = self._client.submit(_itself, dataset, pure=False)
            self._sent[id(dataset)] = dataset, name  # kept together, so that the id stays its own
        return self._sent[id(dataset)][1]


def _itself(dataset: Dataset) -> Dataset:
    return dataset
