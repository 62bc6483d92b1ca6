"""Runs a case on both engines."""

from __future__ import annotations

from simulator.timing.compiled import cluster as compiled
from simulator.timing.reference.cluster import run_cluster
from simulator.timing.reference.scatter import run_scatter
from tests.differential.cases import Case


def gather_counters(case: Case) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Counters of the reference and of the compiled engine."""
    work = case.gather()
    return run_cluster(case.spec, work, None).counters(), compiled.run_cluster(case.spec, work, None).counters()


def scatter_counters(case: Case) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The same for the scatter dataflow."""
    work = case.scatter()
    return run_scatter(case.spec, work, None).counters(), compiled.run_scatter(case.spec, work, None).counters()
