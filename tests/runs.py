"""Four machines, really simulated on a small workload; once for all tests that ask."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from round_numbers import round_machine

import simulator
from simulator.result import Result

MACHINES = ("crossbar", "hybrid", "replication", "systolic")
SMALL = Path(__file__).parent / "e2e" / "small.yaml"


@cache
def small_runs() -> tuple[Result, ...]:
    workload = simulator.load_workload(SMALL)
    return tuple(simulator.simulate(round_machine(name), workload) for name in MACHINES)


def small_run(machine: str) -> Result:
    return small_runs()[MACHINES.index(machine)]
