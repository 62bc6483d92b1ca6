"""What comes out of a run does not depend on how many threads it ran in, nor on which engine a small run took."""

import dataclasses

import pytest
from msgspec.structs import replace

from simulator.engine import engines
from simulator.engine.compiled.kernels import Kernel
from simulator.kinds.units import rounds as dataflow
from simulator.machine import load_machine
from simulator.pipeline import simulate
from simulator.workload import load_workload


@pytest.mark.parametrize("machine", ["crossbar", "replication"])
def test_threads_change_nothing(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataflow, "BATCH_ENTRIES", 1)
    monkeypatch.setattr(engines, "SMALL_RUN_REQUESTS", 0)
    workload = load_workload("tinygpt")
    part = dataclasses.replace(workload, operations=workload.operations[:1], fuse=())
    alone, three = (simulate(load_machine(machine), part, threads=threads) for threads in (1, 3))
    assert alone.activity == three.activity
    assert alone.to_dict() == three.to_dict()


def test_a_small_run_is_the_same_on_either_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = load_workload("tinygpt")
    chosen = [replace(op, depends_on=()) for op in workload.operations if op.name in ("h0.c_attn", "h0.c_proj")]
    part = dataclasses.replace(workload, operations=tuple(chosen), fuse=())
    machine = load_machine("hybrid")
    by_reference = simulate(machine, part, engine="reference")
    monkeypatch.setattr(engines, "SMALL_RUN_REQUESTS", 0)
    compiled = simulate(machine, part, engine="compiled")
    monkeypatch.setattr(engines, "SMALL_RUN_REQUESTS", 10**9)
    monkeypatch.setattr(Kernel, "ready", False)
    small = simulate(machine, part, engine="compiled")
    assert by_reference.activity.counts == compiled.activity.counts == small.activity.counts
    assert by_reference.activity.unit_cycles == compiled.activity.unit_cycles == small.activity.unit_cycles
    assert [op.compute_cycles for op in by_reference.operations] == [op.compute_cycles for op in compiled.operations]
    assert compiled.activity == small.activity
