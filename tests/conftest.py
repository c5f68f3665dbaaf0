"""The strictness of the house: what every test runs under."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

# Read by JAX when it is imported, here and in every process that a test starts.
os.environ["JAX_COMPILATION_CACHE_DIR"] = str(Path(__file__).parents[1] / ".cache" / "jax")
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras on JAX breaks that rule: tested in processes of its own
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.05"
# XLA's plainer code generator: the same bits in half the time to compile, though 1.0 to 1.4 times that to run.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1")

import hypothesis
import jax
import numpy as np
import pytest

COMPILED = "/jax/core/compile/backend_compile_duration"  # told for every program, even one loaded from the disk

# No limits on time: what is slow is JAX compiling, or a busy machine.
quiet = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("here", quiet)
hypothesis.settings.register_profile("ci", quiet, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def no_recompile() -> Callable[[], AbstractContextManager[None]]:
    """A block in which JAX may run programs, but must not compile one: `with no_recompile(): fit(...)`."""

    @contextmanager
    def block() -> Iterator[None]:
        programs: list[str] = []

        def listen(event: str, _seconds: float, **details: str | int) -> None:
            if event == COMPILED:
                programs.append(str(details["fun_name"]))

        jax.monitoring.register_event_duration_secs_listener(listen)
        try:
            yield
        finally:
            jax.monitoring.unregister_event_duration_listener(listen)
        assert programs == [], "compiled again"

    return block


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers of the test's own: the same in every run, different from test to test."""
    return np.random.default_rng(list(request.node.nodeid.encode()))
