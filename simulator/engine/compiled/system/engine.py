"""The compiled engine of the system level."""

from __future__ import annotations

import numpy as np

from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.records import Memory, View, view
from simulator.engine.compiled.system.layout import System
from simulator.engine.compiled.system.plan import SystemPlan, wide_places
from simulator.system.outcome import SHARED, SystemOutcome
from simulator.system.program import Program
from simulator.system.rate import ExactRate
from simulator.system.spec import SystemSpec
from simulator.system.waiting import Waiting
from simulator.telling import tell

SLICE_EVENTS = 1 << 20
"""The kernel comes back to Python now and then, so that a run can be interrupted, and tells how far it is."""


def play(spec: SystemSpec, program: Program) -> SystemOutcome:
    """Run a program to its last write-back; one with numbers that are too large for the kernel, in the reference engine."""
    plan = program.once(("laid out", spec.dram_burst_bytes), lambda: SystemPlan(spec.dram_burst_bytes, program))
    if not plan.fits(spec):
        from simulator.system import system as reference

        return reference.System(spec, program).run()
    memory = plan.memory(spec)
    system = view(memory, System)
    while not system.over[0]:
        SYSTEM_KERNEL(memory, SLICE_EVENTS)
        tell(int(system.tile[0]) / max(1, len(program.tiles)), of="play")
    return _outcome(spec, memory, plan.operation_block.of(memory))


_BYTES = {
    "dram_read_bytes": ("read_bytes",),
    "dram_write_bytes": ("written_bytes",),
    "buffer_read_bytes": ("buffer_read_bytes",),
    "buffer_write_bytes": ("buffer_write_bytes",),
    "x_trunk_bytes": ("x", "trunk_bytes"),
    "w_trunk_bytes": ("w", "trunk_bytes"),
    "drain_bytes": ("drain_bytes",),
}
_WAITED: tuple[Waiting, ...] = ("dram", "trunk", "write_back", "dependence")
_COUNTED = (("now",), ("through",), *_BYTES.values(), *((name, "busy") for name in SHARED), *((f"waited_{name}",) for name in _WAITED))


def _outcome(spec: SystemSpec, memory: Memory, operations: View) -> SystemOutcome:
    now, through, *counted = memory.view(np.int32)[wide_places(_COUNTED)].view(np.int64).tolist()
    moved_bytes = dict(zip(_BYTES, counted, strict=False))
    busy = dict(zip(SHARED, counted[len(_BYTES) :], strict=False))
    waited = dict(zip(_WAITED, counted[-len(_WAITED) :], strict=True))
    waited["write_back"] += now - through
    return SystemOutcome(
        now,
        tuple(operations.fetch.tolist()),
        tuple(operations.start.tolist()),
        tuple(operations.end.tolist()),
        {"dram": ExactRate(spec.dram_bytes_per_cycle).cycles(moved_bytes["dram_read_bytes"] + moved_bytes["dram_write_bytes"]), **busy},
        moved_bytes,
        waited,
    )


SYSTEM_KERNEL = Kernel("system", "simulator.engine.compiled.system.kernels", ("int64",))
