"""Workers of a Dask cluster: one that runs already, by its address, or one of this computer (`local`)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from simulator.errors import ConfigError
from simulator.study.executors.executor import Batch, Executor, Report, Work, done

LOCAL = "local"
_PATIENCE = "20s"


class DaskCluster:
    """The workers that a client's scheduler has. What tasks report is not heard."""

    queued = 2

    def __init__(self, client: Any, workers: int, crashes: tuple[type[BaseException], ...]) -> None:
        self.workers = workers
        self.crashes = crashes
        self._client = client
        self._executor = client.get_executor(pure=False)

    def begin(self, work: Work) -> None:
        """They have been started."""

    def submit(self, worker: int, work: Work, tasks: Sequence[Any], inputs: Mapping[str, Any], listen: Report) -> Future[Batch]:
        """Return a future that raises KilledWorker where its worker dies. Its scheduler chooses the worker."""
        future: Future[Batch] = self._executor.submit(done, work, tasks, dict(inputs))
        return future

    def share(self, value: object) -> Any:
        """An input as the result of a task: sent once to each worker that needs it, and made again where the worker that had it dies."""
        with warnings.catch_warnings():
            # the input is in the graph on purpose: what is scattered is lost with its worker
            warnings.filterwarnings("ignore", message="Sending large graph")
            return self._client.submit(_held, value, pure=False)

    def forget(self, shared: Any) -> None:
        """Dask lets go of it with the last reference."""

    def hand_on(self) -> None:
        """Nothing is heard."""


@contextmanager
def dask(workers: int, address: str | None) -> Iterator[Executor]:
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
        yield DaskCluster(client, width, (KilledWorker,))


def _held(value: object) -> object:
    return value


@contextmanager
def _client(client: Any, cluster: Any, workers: int, address: str | None) -> Iterator[Any]:
    if address in (None, LOCAL):
        with cluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as own, client(own, set_as_default=False) as mine:
            yield mine
        return
    if address is None or "://" not in address:
        raise ConfigError(f"--dask {address}: allowed: tcp://HOST:PORT, tls://HOST:PORT, or local")
    try:
        connected = client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(f"--dask {address}: no scheduler answers there: {error}") from error
    with connected:
        yield connected
