"""The whole way from a machine and a workload to a result: elaborate, map, time, price."""

from __future__ import annotations

from collections.abc import Callable

from simulator.activity import Ideal
from simulator.cost import Technology
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.system.engine import SYSTEM_KERNEL
from simulator.engine.engines import SMALL_RUN_REQUESTS, Engine, EngineName, RunOptions, quickest
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated, Machine
from simulator.pricing import elaborate, price_run, technology_of
from simulator.processors import processors
from simulator.recall import NOTHING, Recall
from simulator.result import Result
from simulator.run.floor import Floor, Least
from simulator.run.run import Progress, Timing, run_and_repeat, run_workload
from simulator.workload.types import Workload


def simulate(
    machine: Machine,
    workload: Workload,
    *,
    engine: EngineName = "compiled",
    ideal: Ideal = "none",
    reuse_tiles: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a workload on a machine and price what it did.

    `ideal` makes the network, DRAM, both, or the trunks perfect; the run then never takes longer than without, but costs the
    work of that one too (`simulate_and_repeat` gives both). With `reuse_tiles`, tiles of identical pattern, and operations of
    identical operands, are simulated once and counted again, which is exact. `threads` (all cores unless told) changes the wall
    time only.

    Raises MappingError where the machine cannot hold the workload.
    """
    technology = technology_of(machine)
    elaborated = elaborate(machine, technology)
    timing = time_workload(
        elaborated,
        workload,
        engine=engine,
        ideal=ideal,
        reuse_tiles=reuse_tiles,
        threads=threads,
        requests=requests_of(machine, workload),
        progress=progress,
    )
    return priced(elaborated, technology, workload, timing, engine=engine, ideal=ideal)


def simulate_and_repeat(
    machine: Machine, workload: Workload, *, ideal: Ideal, engine: EngineName = "compiled", progress: Progress | None = None
) -> tuple[Result, Result]:
    """As `simulate`, without and with an ideal part: the second run needs all that the first one did.

    Raises MappingError where the machine cannot hold the workload.
    """
    technology = technology_of(machine)
    elaborated = elaborate(machine, technology)
    options = RunOptions(engine_for(machine, engine, requests_of(machine, workload)), ideal, threads=processors())
    plain, perfect = run_and_repeat(elaborated, workload, options, progress or _untold)
    return (
        priced(elaborated, technology, workload, plain, engine=engine, ideal="none"),
        priced(elaborated, technology, workload, perfect, engine=engine, ideal=ideal),
    )


def attempt(
    machine: Machine, floor: Floor, *, engine: EngineName = "compiled", hopeless: Callable[[Least], bool], recall: Recall = NOTHING
) -> Result | None:
    """As `simulate`, but given up, for None, as soon as `hopeless` says so of what no run of this machine can go below.

    `recall` remembers what machines did that were run or bounded before. Raises MappingError where the machine cannot hold the workload.
    """
    from simulator.run.trial import Trial

    technology = technology_of(machine)
    elaborated = elaborate(machine, technology)
    workload = floor.workload
    first = engine_for(machine, engine, requests_of(machine, workload))
    trial = Trial(elaborated, floor, first, threads=processors(), recall=recall)
    if not trial.schedule(hopeless):
        return None
    timing = trial.run(hopeless)
    return None if timing is None else priced(elaborated, technology, workload, timing, engine=engine, ideal="none")


def priced(
    elaborated: Elaborated, technology: Technology, workload: Workload, timing: Timing, *, engine: EngineName, ideal: Ideal
) -> Result:
    """What a timed run costs, as a whole and operation by operation."""
    cost, shares = price_run(timing.activity, elaborated, technology)
    return Result.assemble(
        elaborated, workload, timing.activity, cost, operation_costs=shares, engine=engine, ideal=ideal, checked=timing.checked
    )


def time_workload(
    elaborated: Elaborated,
    workload: Workload,
    *,
    engine: EngineName,
    ideal: Ideal,
    requests: int,
    reuse_tiles: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
    recall: Recall = NOTHING,
) -> Timing:
    """Run a workload on a machine, unpriced; as `simulate`.

    `requests` are those that this process is to see, in this run or in several: few are quicker without compiled kernels.
    `recall` remembers what fabrics did in earlier runs: one that does the same again is not simulated.
    """
    return run_workload(
        elaborated,
        workload,
        engine_for(elaborated.machine, engine, requests),
        ideal=ideal,
        reuse_tiles=reuse_tiles,
        threads=threads or processors(),
        progress=progress or _untold,
        recall=recall,
    )


def _untold(name: str, fraction: float) -> None:
    """Nobody wants to know how far a run is."""


def engine_for(machine: Machine, engine: EngineName, requests: int) -> Engine:
    """What is done first with so many requests on a machine."""
    return quickest(engine, requests, kind_of(machine).kernels)


SMALL_PLAN_MACS = 10_000_000
"""Products, zeros among them, below which schedules are found long before kernels are compiled."""


def kernels_needed(machine: Machine, workload: Workload, engine: EngineName) -> tuple[Kernel, ...]:
    """Compiled kernels that a run will call: none of them where it is small."""
    kind = kind_of(machine)
    planned = bool(kind.planning_kernels) and sum(op.macs_dense for op in workload.operations) >= SMALL_PLAN_MACS
    run = engine == "compiled" and requests_of(machine, workload) >= SMALL_RUN_REQUESTS
    own = (*(kind.planning_kernels if planned else ()), *(kind.kernels if run else ()))
    return (*own, SYSTEM_KERNEL) if planned or run else ()


def requests_of(machine: Machine, workload: Workload) -> int:
    """List entries that all units may examine, in every schedule that is tried: an upper bound of their requests."""
    kind = kind_of(machine)
    return sum(kind.list_entries(machine, op.weight.nnz, op.shape[2]) for op in workload.operations)
