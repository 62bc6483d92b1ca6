"""A real scheduler and two workers as processes of their own on loopback; one is killed in the middle."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from study.sweep.cases import DEADLY, deadly, stored, unhurried
from study.sweep.conftest import Run

from simulator.errors import ConfigError

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # Dask closes its sockets late, and says so

ROOT = Path(__file__).resolve().parents[3]
QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical"}
FORKED = {"DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "forkserver"}
"""A worker that a nanny starts again need not import everything once more."""


def _spawn(*arguments: str, cwd: Path, **environment: str) -> subprocess.Popen[bytes]:
    variables = {**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=cwd, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _worker(address: str, place: Path, *, nanny: bool) -> subprocess.Popen[bytes]:
    options = ["--nthreads", "1", "--no-dashboard", "--nanny" if nanny else "--no-nanny", "--local-directory", str(place)]
    return _spawn("distributed.cli.dask_worker", address, *options, cwd=place, **FORKED)


@contextmanager
def cluster(place: Path, workers: int, failures: int, *, nanny: bool) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler that gives a task up after more `failures` of its workers, and workers that a nanny may start again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(failures)}
    parts = [_spawn("distributed.cli.dask_scheduler", *options, cwd=place, **allowed)]
    try:
        _wait_for(port)
        parts += [_worker(address, place, nanny=nanny) for _ in range(workers)]
        _wait_for_workers(address, workers)
        yield address, parts[1:]
    finally:
        for part in reversed(parts):
            part.terminate()
        for part in parts:
            try:
                part.wait(timeout=5)
            except subprocess.TimeoutExpired:
                part.kill()
                part.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("no scheduler")


def _wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=30)


def test_a_worker_killed_in_the_middle_changes_nothing(sweep: Run, place: Path) -> None:
    sweep(store="alone.sqlite")
    with cluster(place, 2, 1, nanny=False) as (address, workers):
        (place / "victim").write_text(str(workers[0].pid), encoding="utf-8")
        run = sweep(store="dask.sqlite", executor="dask", address=address, function=unhurried)
        assert workers[0].wait(timeout=10) != 0
    assert run.failures == []
    assert stored(place / "dask.sqlite") == stored(place / "alone.sqlite")


def test_a_point_that_takes_its_worker_down_fails_alone(sweep: Run, place: Path) -> None:
    with cluster(place, 1, 0, nanny=True) as (address, _):
        run = sweep(executor="dask", address=address, function=deadly)
    assert [(dict(row.assignments), row.failure) for row in run.rows if row.failure] == [(DEADLY, "killed")]


def test_no_scheduler_is_a_message(sweep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["simulator.study.executors.dask"], "_PATIENCE", "0.5s")
    with pytest.raises(ConfigError, match="no scheduler answers there"):
        sweep(executor="dask", address="tcp://127.0.0.1:9")
