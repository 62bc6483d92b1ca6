"""`sparsim network`, typed as a user types it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from simulator.engine.compiled.kernels import Kernel
from tests.cli.conftest import Type

SHORT = ("--engine", "reference", "--cycles", "100", "--warmup", "0", "--no-saturation")


def test_a_verdict_then_some_loads_and_all_of_them_where_they_are_asked_for(place: Path, sparsim: Type) -> None:
    outcome = sparsim("network", "crossbar.yaml", *SHORT, "-o", "n")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Of uniform traffic, the network of crossbar takes at most ")
    assert len(lines) <= 16
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "results in n/; every load: --full, or network.csv there"
    full = sparsim("network", "crossbar.yaml", *SHORT, "--full", "-o", "m").out.splitlines()
    with (place / "m" / "network.csv").open(encoding="utf-8", newline="") as file:
        loads = [f"{float(row['load']):.3f}" for row in csv.DictReader(file)]
    told = [[line.split()[0] for line in shown if line.lstrip()[:2] in ("0.", "1.")] for shown in (lines, full)]
    assert len(loads) == 20
    assert told[1] == loads
    assert set(told[0]) < set(loads)
    assert (told[0][0], told[0][-1]) == (loads[0], loads[-1])


def test_few_loads_are_all_shown(place: Path, sparsim: Type) -> None:
    outcome = sparsim("network", "crossbar.yaml", *SHORT, "--load", "0.5", "-o", "n")
    assert outcome.out.splitlines()[-1] == "results in n/"
    assert "at load 0.5" in outcome.out


@pytest.mark.parametrize("arguments", [("systolic.yaml",), ("crossbar.yaml", "--traffic", "trace"), ("crossbar.yaml", "-w", "tiny.yaml")])
def test_nothing_is_compiled_for_what_is_refused(
    place: Path, sparsim: Type, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    def compiled(kernels: list[Kernel]) -> None:
        raise AssertionError(kernels)

    monkeypatch.setattr("simulator.cli.running.ensure_kernels", compiled)
    outcome = sparsim("network", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("Error: ")
