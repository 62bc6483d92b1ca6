"""Runs a case on both engines."""

from __future__ import annotations

from msgspec.structs import astuple

from simulator.activity import Activity, Ideal
from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import Outcomes
from simulator.engine.compiled.switch import engine as compiled_switch
from simulator.engine.engines import SYSTEM_ENGINES, EngineName
from simulator.engine.reference import traffic
from simulator.errors import MappingError
from simulator.kinds.gather.compiled import engine as compiled
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.scatter.compiled import engine as compiled_scatter
from simulator.kinds.scatter.reference import run_scatter
from simulator.system.outcome import SystemOutcome
from tests.clusters import changed
from tests.differential.cases import Case, SwitchCase
from tests.kinds.units.laws import UnitsCase
from tests.system.random_programs import SystemCase

Counters = tuple[float, ...]


def gather_counters(case: Case) -> tuple[Counters, Counters]:
    """Counters of the reference and of the compiled engine, which runs other tiles before and after."""
    work, other = case.gather(), case.other().gather()
    outcomes = compiled.run_clusters(case.spec, WorkBatch([other, work, other, work]), [None] * 4)
    return run_cluster(case.spec, work, None).counters(), _agreed(outcomes)


def sampled_counters(case: Case) -> tuple[Counters, Counters]:
    """The same for a sampled product."""
    (spec, work), (_, other) = case.sampled(), case.other().sampled()
    outcomes = compiled.run_clusters(spec, WorkBatch([other, work, other, work]), [None] * 4)
    return run_cluster(spec, work, None).counters(), _agreed(outcomes)


def scatter_counters(case: Case) -> tuple[Counters, Counters]:
    """The same for the scatter dataflow."""
    work, other, spec = case.scatter(), case.other().scatter(), changed(case.spec, multicast=False)
    outcomes = compiled_scatter.run_scatters(spec, WorkBatch([other, work, other, work]), [None] * 4)
    return run_scatter(spec, work, None).counters(), _agreed(outcomes)


def _agreed(outcomes: Outcomes) -> Counters:
    """Of the second and the last tile, which are the same."""
    first, last = (outcomes.outcome(tile).counters() for tile in (1, 3))
    assert first == last
    return first


def switch_figures(case: SwitchCase) -> tuple[Counters, Counters]:
    """The same for a network alone; a quarter of the cycles is warm-up."""
    arrivals, warmup = case.arrivals(), case.cycles // 4
    return astuple(traffic.drive(case.spec, arrivals, warmup)), astuple(compiled_switch.drive(case.spec, arrivals, warmup))


def system_figures(case: SystemCase) -> tuple[SystemOutcome, SystemOutcome]:
    """What a program does on the system level of both engines: every cycle, byte and cause."""
    spec, program = case.drawn()
    return SYSTEM_ENGINES["reference"](spec, program), SYSTEM_ENGINES["compiled"](spec, program)


def repeat_figures(of: UnitsCase, part: Ideal) -> tuple[Counters, Counters]:
    """The same for a whole run and its repeat with a perfect part; last, whether that is no slower, which it has to be."""

    def figures(engine: EngineName) -> tuple[Counters, bool]:
        plain, perfect = (timing.activity for timing in of.runs(part, engine))
        return (*_figures(plain), *_figures(perfect)), perfect.cycles <= plain.cycles

    try:
        reference, compiled = figures("reference"), figures("compiled")
    except MappingError:
        return (), ()
    return (*reference[0], True), (*compiled[0], compiled[1])


def _figures(activity: Activity) -> Counters:
    own = (number for part in activity.operations for number in (part.compute_cycles, *part.counts.values(), *part.unit_cycles.values()))
    return activity.cycles, *activity.unit_cycles.values(), *own
