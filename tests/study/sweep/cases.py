"""A sweep of a moment, point functions that misbehave on purpose, and a driver that can be killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.study.executors import Report
from simulator.study.sweep.point import Done, Job, run_jobs

MACHINE = """
name: small
dram: {share: 0.03125}
activation_buffer_kib: 64
fabric: {kind: gather, units: 4, lanes: 4, banks: 8, bank_kib: 1, weight_bank_kib: 1, output_bank_kib: 1}
"""
SYSTOLIC = """
name: array
dram: {share: 0.03125}
activation_buffer_kib: 64
fabric: {kind: systolic, rows: 4, cols: 4, x_buffer_kib: 8, w_buffer_kib: 8, y_buffer_kib: 8}
"""
WORKLOAD = """
name: tiny
operations:
  - name: only
    kind: SpMM
    shape: {m: 16, k: 16, n: 8}
    weight: {pattern: uniform, density: 0.2}
    activation: {pattern: dense}
"""
SWEEP = """
name: tiny-sweep
machine: small.yaml
workload: tiny.yaml
axes:
  fabric.window: [1, 2, 4]
  fabric.replicas: [1, 2, 4]
objectives: {seconds: min, energy_pj: min}
"""
LARGE_SWEEP = """
name: large
machine: small.yaml
workload: tiny.yaml
axes:
  fabric.window: {linspace: [1, 30], count: 30, integer: true}
  fabric.accumulators: [1, 2, 3, 4, 5]
  technology: [7nm, 28nm]
"""
MIDDLE_SWEEP = """
name: middle
machine: small.yaml
workload: tiny.yaml
axes:
  fabric.window: {linspace: [1, 15], count: 15, integer: true}
  fabric.accumulators: [1, 2]
  technology: [7nm, 28nm]
"""
_FILES = {"small": MACHINE, "array": SYSTOLIC, "tiny": WORKLOAD, "sweep": SWEEP, "middle": MIDDLE_SWEEP, "large": LARGE_SWEEP}
DEADLY = {"fabric.window": 2, "fabric.replicas": 2}
LOG = "SPARSIM_TEST_LOG"


def write_files(folder: Path) -> None:
    """The machine, workload and sweep files."""
    for name, text in _FILES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def logged(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """Note every point in a log before it is computed."""
    with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
        log.write("".join(f"{key}\n" for job in jobs for key, _ in job.prices))
    return run_jobs(jobs, shared, report)


def deadly(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """One point takes its process down."""
    fabrics = [job.elaborated.machine.fabric for job in jobs]
    if any({"fabric.window": fabric.window, "fabric.replicas": fabric.replicas} == DEADLY for fabric in fabrics):
        os._exit(1)
    return run_jobs(jobs, shared, report)


def mortal(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """The first worker that gets there dies, once; nobody's fault."""
    try:
        Path(os.environ[LOG]).touch(exist_ok=False)
    except FileExistsError:
        return run_jobs(jobs, shared, report)
    os._exit(1)


def unhurried(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """Points that take a moment; the process whose number stands in the file `victim` is killed during one of them."""
    victim = Path("victim")
    done = run_jobs(jobs, shared, report)
    time.sleep(0.1)
    if Path("started").exists() and victim.read_text(encoding="utf-8") == str(os.getpid()):
        os.kill(os.getpid(), signal.SIGKILL)
    Path("started").touch()
    return done


def hungry(jobs: Sequence[Job], shared: Mapping[str, Any], report: Report) -> list[Done]:
    """A mistake in sparsim itself."""
    raise RuntimeError("a bug")


def stored(path: Path) -> list[tuple[Any, ...]]:
    """Everything of a store that must not depend on how the sweep went."""
    base = sqlite3.connect(path)
    try:
        points = base.execute("SELECT * FROM points ORDER BY key").fetchall()
        return points + base.execute("SELECT * FROM timings ORDER BY key").fetchall() + base.execute("SELECT * FROM members").fetchall()
    finally:
        base.close()


def done_keys(path: Path) -> set[str]:
    """Keys of the points that are committed."""
    if not path.exists():
        return set()
    base = sqlite3.connect(path, timeout=30)
    try:
        return {row[0] for row in base.execute("SELECT key FROM points")}
    except sqlite3.OperationalError:
        return set()
    finally:
        base.close()


def drive(sweep: str, store: str, workers: str) -> None:
    """Run a sweep in this process, as the command line would; the kill tests end it at any instant."""
    from simulator.study.sweep.reading import load_sweep
    from simulator.study.sweep.run import Options, run_sweep
    from simulator.study.sweep.store import Store

    with Store(Path(store)) as base:
        run_sweep(load_sweep(sweep), base, Options("processes", int(workers), function=logged))


if __name__ == "__main__":
    drive(*sys.argv[1:])
