"""The engines by name: what each can do, and which of them is done first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from simulator.activity import Ideal
from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcome, Outcomes
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.work import TileValues, TileWork
from simulator.recall import NOTHING, Recall
from simulator.system.outcome import SystemOutcome
from simulator.system.program import Program
from simulator.system.spec import SystemSpec

if TYPE_CHECKING:
    from simulator.network import NetworkSpec
    from simulator.network.traffic import Arrivals, TrafficPoint

EngineName = Literal["compiled", "reference"]


class Engine(Struct, frozen=True):
    """One engine. Each kind of hardware has a run of its own for every name of an engine."""

    name: EngineName
    clusters: EngineName
    """Whose clusters run: another engine's, where that one is done sooner."""
    carries_values: bool
    """Whether real numbers move, so that Y can be compared with NumPy's."""
    releases_gil: bool = False
    """Whether clusters can run side by side in threads."""


ENGINES: dict[EngineName, Engine] = {
    "compiled": Engine("compiled", "compiled", carries_values=False, releases_gil=True),
    "reference": Engine("reference", "reference", carries_values=True),
}


@dataclass(frozen=True)
class RunOptions:
    """How operations are run, whichever they are."""

    engine: Engine
    ideal: Ideal = "none"
    """The part that is made perfect: a schedule is chosen for the system that it will run on."""
    reuse_tiles: bool = True
    """Whether tiles of one pattern are simulated once; without, Y is put together where the engine carries numbers."""
    threads: int = 1
    """Clusters that run side by side, where the engine allows it."""
    recall: Recall = field(default=NOTHING, compare=False)
    """What fabrics have done before."""

    @property
    def perfect_network(self) -> bool:
        """Whether the network is ideal, where there is one."""
        return self.ideal in ("network", "both")


ClusterEngine = Callable[[ClusterSpec, WorkBatch, Sequence[TileValues | None]], Outcomes]
"""Runs clusters through tiles of a dataflow, each from reset; with [tiles] the numbers of each, or None."""


def one_by_one(run: Callable[[ClusterSpec, TileWork, TileValues | None], Outcome]) -> ClusterEngine:
    """An engine that runs one cluster through one tile, as one that runs many."""
    return lambda spec, batch, values: Outcomes.of([run(spec, *each) for each in zip(batch.works, values, strict=True)])


TrafficEngine = Callable[["NetworkSpec", "Arrivals", int], "TrafficPoint"]
"""(network, traffic, cycles of warm-up) → what the network did with it."""


def _drive_by_reference(spec: NetworkSpec, arrivals: Arrivals, warmup: int) -> TrafficPoint:
    from simulator.engine.reference import traffic

    return traffic.drive(spec, arrivals, warmup)


def _drive_compiled(spec: NetworkSpec, arrivals: Arrivals, warmup: int) -> TrafficPoint:
    from simulator.engine.compiled.switch import engine

    return engine.drive(spec, arrivals, warmup)


TRAFFIC_ENGINES: dict[EngineName, TrafficEngine] = {"compiled": _drive_compiled, "reference": _drive_by_reference}
"""Drive a network alone with traffic."""

SystemEngine = Callable[[SystemSpec, Program], SystemOutcome]
"""(rates, program) → when things happened."""


def _play_by_reference(spec: SystemSpec, program: Program) -> SystemOutcome:
    from simulator.system import system

    return system.play(spec, program)


def _play_compiled(spec: SystemSpec, program: Program) -> SystemOutcome:
    from simulator.engine.compiled.system import engine

    return engine.play(spec, program)


SYSTEM_ENGINES: dict[EngineName, SystemEngine] = {"compiled": _play_compiled, "reference": _play_by_reference}
"""Play a program on the system level."""

SMALL_RUN_REQUESTS = 10_000
"""Requests below which the reference engine, at 40 µs a request, is done long before kernels are compiled."""


def quickest(name: EngineName, requests: int, kernels: Iterable[Kernel]) -> Engine:
    """The engine of that name, or, for a small run whose kernels would have to be compiled, the reference's clusters in its place.

    Both agree to the cycle and in every counter, so nothing but the waiting time changes.
    """
    engine = ENGINES[name]
    if name == "reference" or requests >= SMALL_RUN_REQUESTS or all(kernel.ready for kernel in kernels):
        return engine
    return replace(engine, clusters="reference", releases_gil=False)


SMALL_PROGRAM_PARTS = 10_000
"""Parts of fills and drains below which the reference engine, at 40 µs a part, is done long before its kernel is compiled."""


def play(name: EngineName, spec: SystemSpec, program: Program) -> SystemOutcome:
    """Run a program on the system level in the engine of that name, or, a small one whose kernel is not compiled, in the reference.

    One that is kept is not run again where it was last run at these rates.
    """
    from simulator.engine.compiled.system.engine import SYSTEM_KERNEL

    small = not SYSTEM_KERNEL.ready and program.parts < SMALL_PROGRAM_PARTS
    run = SYSTEM_ENGINES["reference" if small else name]
    return program.latest((name, spec), lambda: run(spec, program))
