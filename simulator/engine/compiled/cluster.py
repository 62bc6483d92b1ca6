"""The compiled engine of a cluster: lays out its memory, runs the kernels, reads the counters."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from simulator.engine.cluster import CAUSE, ClusterOutcome, ClusterSpec, ScatterOutcome
from simulator.engine.compiled import layout as at
from simulator.engine.compiled.fabric_plan import cluster_memory
from simulator.engine.compiled.kernels import Kernel, load_kernels
from simulator.engine.compiled.memory import Registers, Words
from simulator.engine.work import ClusterWork, ScatterWork, TileValues
from simulator.errors import MappingError, stalled

SLICE_CYCLES = 1 << 16
"""A kernel comes back to Python now and then, so that a run can be interrupted."""


def run_cluster(spec: ClusterSpec, work: ClusterWork, values: TileValues | None) -> ClusterOutcome:
    """Run one cluster through one tile of the gather dataflow, from reset; numbers are not carried."""
    sizes = {at.WORDS: work.k_words, at.TOKEN_WORDS: work.token_words, at.ALL_PRESENT: int(work.present.all())}
    m, w = cluster_memory(spec).with_lists(work.unit_ptr, sizes)
    banks = np.where(work.present.ravel(), work.bank, np.int32(at.ABSENT))
    _run(load_kernels().run_gather, spec, m, w, (work.word, work.ends_row().view(np.uint8), banks))
    return ClusterOutcome(**_counted(spec, w, ClusterOutcome))


def run_scatter(spec: ClusterSpec, work: ScatterWork, values: TileValues | None) -> ScatterOutcome:
    """Run one cluster through one tile of the scatter dataflow, from reset; numbers are not carried."""
    sizes = {at.WORDS: work.m_words, at.OPERANDS: work.present.shape[1], at.TOKEN_WORDS: work.token_words}
    m, w = cluster_memory(spec).with_lists(work.unit_ptr, sizes)
    _run(load_kernels().run_scatter, spec, m, w, (work.word, work.column, work.present.ravel().view(np.uint8), work.bank))
    return ScatterOutcome(**_counted(spec, w, ScatterOutcome))


def _run(kernel: Kernel, spec: ClusterSpec, m: Registers, w: Words, lists: tuple[Any, ...]) -> None:
    """Run a tile to its end; CheckError where nothing has moved for longer than any pipeline takes."""
    patience = SLICE_CYCLES + cluster_memory(spec).longest_delay
    while w[at.ACTIVE]:
        kernel(m, w, *lists, int(w[at.CYCLE]) + SLICE_CYCLES)
        if w[at.CYCLE] > at.MOST_CYCLES:
            raise MappingError(f"a tile takes more than {at.MOST_CYCLES} cycles; set mapping.tokens_per_tile to make tiles smaller")
        if w[at.CYCLE] - w[at.MOVED_AT] > patience:
            raise stalled(int(w[at.CYCLE]))


def _counted(spec: ClusterSpec, w: Words, outcome: type[ClusterOutcome] | type[ScatterOutcome]) -> dict[str, Any]:
    """Every field of an outcome; KeyError for one that the kernels do not count."""
    cycles = int(w[at.END])
    causes = w[at.FIRST_CAUSE : at.FIRST_MASK].copy()
    causes[CAUSE["imbalance"]] = spec.units * cycles - int(causes.sum())
    counts = dict(zip(at.COUNTED, w[at.FIRST_COUNT : at.FIRST_CAUSE].tolist(), strict=True))
    known = {**counts, "cycles": cycles, "unit_cycles": causes, "outputs": None}
    return {entry.name: known[entry.name] for entry in fields(outcome)}
