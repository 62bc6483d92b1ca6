"""Workers of a Dask cluster: one that runs already, by its address, or one of this computer (`local`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from simulator.errors import ConfigError
from simulator.explore.executors.backend import Backend

LOCAL = "local"
_PATIENCE = "20s"


@contextmanager
def dask(workers: int, address: str | None) -> Iterator[Backend]:
    """A client of the scheduler at `address`. Raises ConfigError where there is none, or Dask is not installed."""
    try:
        from distributed import Client, LocalCluster
        from distributed.scheduler import KilledWorker
    except ModuleNotFoundError as error:
        raise ConfigError("--dask needs dask.distributed: pip install 'sparsim[cluster]'") from error
    with _client(Client, LocalCluster, workers, address) as client:
        width = sum(client.nthreads().values())
        if not width:
            raise ConfigError(f"--dask {address}: the scheduler has no workers; start one with: dask worker {address}")
        executor = client.get_executor(pure=False)
        # the scheduler has tried other workers already, so one death reported is one death too many
        yield Backend(executor, width, lambda key, value: client.scatter(value, hash=False), crashes=(KilledWorker,), queued=2, deaths=1)


@contextmanager
def _client(client: Any, cluster: Any, workers: int, address: str | None) -> Iterator[Any]:
    if address in (None, LOCAL):
        with cluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as own, client(own, set_as_default=False) as mine:
            yield mine
        return
    try:
        connected = client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(f"--dask {address}: no scheduler answers there: {error}") from error
    with connected:
        yield connected
