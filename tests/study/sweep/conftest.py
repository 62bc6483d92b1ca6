"""A folder with a small sweep, and a way to run it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from study.sweep.cases import write_files

from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.run import Options, SweepRun, run_sweep
from simulator.study.sweep.store import Store

Run = Callable[..., SweepRun]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sweep(place: Path) -> Run:
    """Run a sweep file into `store.sqlite`."""

    def run(file: str = "sweep.yaml", *overrides: str, store: str = "store.sqlite", **options: object) -> SweepRun:
        with Store(place / store) as base:
            return run_sweep(load_sweep(file, overrides), base, Options(**options))  # type: ignore[arg-type]

    return run
