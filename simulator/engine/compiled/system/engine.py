"""The compiled engine of the system level."""

from __future__ import annotations

from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.records import View, view
from simulator.engine.compiled.system.layout import System
from simulator.engine.compiled.system.plan import SystemPlan
from simulator.system.outcome import SHARED, SystemOutcome
from simulator.system.program import Program
from simulator.system.rate import ExactRate
from simulator.system.spec import SystemSpec

SLICE_EVENTS = 1 << 20
"""The kernel comes back to Python now and then, so that a run can be interrupted."""


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
    return _outcome(spec, system, plan.operation_block.of(memory))


def _outcome(spec: SystemSpec, system: View, operations: View) -> SystemOutcome:
    dram, cycles = ExactRate(spec.dram_bytes_per_cycle), int(system.now[0])
    moved = {
        "dram_read_bytes": system.read_bytes,
        "dram_write_bytes": system.written_bytes,
        "buffer_read_bytes": system.buffer_read_bytes,
        "buffer_write_bytes": system.buffer_write_bytes,
        "x_trunk_bytes": system.x.trunk_bytes,
        "w_trunk_bytes": system.w.trunk_bytes,
        "drain_bytes": system.drain_bytes,
    }
    moved_bytes = {name: int(size[0]) for name, size in moved.items()}
    busy = {name: int(getattr(system, name).busy[0]) for name in SHARED}
    return SystemOutcome(
        cycles,
        tuple(operations.fetch.tolist()),
        tuple(operations.start.tolist()),
        tuple(operations.end.tolist()),
        {"dram": dram.cycles(moved_bytes["dram_read_bytes"] + moved_bytes["dram_write_bytes"]), **busy},
        moved_bytes,
        {
            "dram": int(system.waited_dram[0]),
            "trunk": int(system.waited_trunk[0]),
            "write_back": int(system.waited_write_back[0]) + cycles - int(system.through[0]),
            "dependence": int(system.waited_dependence[0]),
        },
    )


SYSTEM_KERNEL = Kernel("system", "simulator.engine.compiled.system.kernels", ("int64",))
