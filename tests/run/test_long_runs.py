"""Runs of very many tiles: how far they are is told to their end, and what is too long is refused."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from simulator.engine.compiled.system import engine as system_engine
from simulator.engine.engines import ENGINES, RunOptions
from simulator.errors import MappingError
from simulator.run.run import run_and_repeat
from simulator.system import program as program_module
from simulator.telling import telling
from tests.strategies import elaborated, machine, operation, workload

GATHER = {"kind": "gather", "units": 2, "lanes": 1, "banks": 2}
SYSTOLIC = {"kind": "systolic", "rows": 4, "cols": 4, "x_buffer_kib": 0.25, "w_buffer_kib": 0.25, "y_buffer_kib": 0.25}


def told(fabric: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    heard: list[float] = []
    monkeypatch.setattr("simulator.run.run.telling", partial(telling, every_s=0))
    monkeypatch.setattr(system_engine, "SLICE_EVENTS", 10)
    monkeypatch.setattr("simulator.engine.engines.SMALL_PROGRAM_PARTS", 0)
    of = workload(operation(np.eye(40) + np.eye(40, k=1), np.ones((40, 40))))
    run_and_repeat(elaborated(machine(fabric)), of, RunOptions(ENGINES["compiled"]), lambda _, fraction: heard.append(fraction))
    return heard


@pytest.mark.parametrize("fabric", [GATHER, SYSTOLIC], ids=["gather", "systolic"])
def test_the_play_on_the_system_is_told_of_to_its_end(fabric: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    heard = told(fabric, monkeypatch)
    assert heard == sorted(heard)
    assert sum(fraction > 0.8 for fraction in heard) > 2
    assert heard[-1] == 1


def test_units_refuse_too_many_tiles_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "MOST_TILES", 3)
    with pytest.raises(MappingError, match=r"takes at least [0-9]+ tiles; allowed: 3,.*fabric.bank_kib"):
        told(GATHER | {"bank_kib": 0.0625}, monkeypatch)
