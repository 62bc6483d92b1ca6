"""Runs a case on both engines."""

from __future__ import annotations

from dataclasses import astuple

from simulator.engine.compiled.switch import engine as compiled_switch
from simulator.engine.reference import traffic
from simulator.kinds.gather.compiled import engine as compiled
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.scatter.compiled import engine as compiled_scatter
from simulator.kinds.scatter.reference import run_scatter
from tests.clusters import changed
from tests.differential.cases import Case, SwitchCase

Counters = tuple[float, ...]


def gather_counters(case: Case) -> tuple[Counters, Counters]:
    """Counters of the reference and of the compiled engine."""
    work = case.gather()
    return run_cluster(case.spec, work, None).counters(), compiled.run_cluster(case.spec, work, None).counters()


def sampled_counters(case: Case) -> tuple[Counters, Counters]:
    """The same for a sampled product."""
    spec, work = case.sampled()
    return run_cluster(spec, work, None).counters(), compiled.run_cluster(spec, work, None).counters()


def scatter_counters(case: Case) -> tuple[Counters, Counters]:
    """The same for the scatter dataflow."""
    work, spec = case.scatter(), changed(case.spec, multicast=False)
    return run_scatter(spec, work, None).counters(), compiled_scatter.run_scatter(spec, work, None).counters()


def switch_figures(case: SwitchCase) -> tuple[Counters, Counters]:
    """The same for a network alone; a quarter of the cycles is warm-up."""
    arrivals, warmup = case.arrivals(), case.cycles // 4
    return astuple(traffic.drive(case.spec, arrivals, warmup)), astuple(compiled_switch.drive(case.spec, arrivals, warmup))
