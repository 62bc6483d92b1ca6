"""A machine and a workload small enough to run in a moment, and a way to type commands."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.cli import main

MACHINE = """
name: {name}
dram: {{share: 0.03125}}
activation_buffer_kib: 64
fabric: {{kind: gather, units: 4, lanes: 4, replicas: {replicas}, banks: 8, bank_kib: 1, weight_bank_kib: 1, output_bank_kib: 1}}
"""
SYSTOLIC = """
name: systolic
dram: {share: 0.03125}
activation_buffer_kib: 64
fabric: {kind: systolic, rows: 4, cols: 4, x_buffer_kib: 8, w_buffer_kib: 8, y_buffer_kib: 8}
"""
WORKLOAD = """
name: tiny
seed: 3
operations:
  - name: first
    kind: SpMM
    shape: {m: 24, k: 32, n: 16}
    weight: {pattern: uniform, density: 0.2}
    activation: {pattern: dense}
  - name: second
    kind: SpMSpM
    shape: {m: 16, k: 24, n: 16}
    weight: {pattern: uniform, density: 0.3}
    activation: {pattern: uniform, density: 0.5}
    depends_on: [first]
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


Type = Callable[..., Outcome]
Once = Callable[[Path, Callable[[], object]], None]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: three machine files and a workload file."""
    (tmp_path / "crossbar.yaml").write_text(MACHINE.format(name="crossbar", replicas=1), encoding="utf-8")
    (tmp_path / "replication.yaml").write_text(MACHINE.format(name="replication", replicas=4), encoding="utf-8")
    (tmp_path / "systolic.yaml").write_text(SYSTOLIC, encoding="utf-8")
    (tmp_path / "tiny.yaml").write_text(WORKLOAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sparsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Type]:
    """Type `sparsim ARGUMENTS…` in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["sparsim", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """`once(place, make)`: let `make` fill the folder `place` for the first test of a module that asks, and copy it for all others."""
    kept = tmp_path_factory.mktemp("kept") / "place"

    def fill(place: Path, make: Callable[[], object]) -> None:
        if kept.exists():
            shutil.copytree(kept, place, dirs_exist_ok=True)
        else:
            make()
            shutil.copytree(place, kept)

    return fill


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A file in the working directory with the text that the module of the test calls `MINE`."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(request.module.MINE, encoding="utf-8")
    return path


@pytest.fixture
def refusal(sparsim: Type) -> Callable[..., str]:
    """Type `sparsim ARGUMENTS…`, which is refused in words and leaves no report; what it says."""

    def refused(*arguments: str) -> str:
        outcome = sparsim(*arguments)
        assert outcome.code == 2
        assert "Traceback" not in outcome.err
        assert not Path("reports").exists()
        return outcome.err

    return refused


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the slow part of a report, where a test is not about it."""
    monkeypatch.setattr("simulator.report.plots.save_plots", lambda *_: None)


@pytest.fixture
def no_sweep_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a sweep."""
    monkeypatch.setattr("simulator.study.sweep.folder.save_sweep_plots", lambda study, folder: None)
