"""Runs the kernel of a dataflow through a tile, and reads what it counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.activity import Counts
from simulator.engine.cluster import CAUSE, Milestones, Outcome
from simulator.engine.compiled.fabric_plan import FabricMemory
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import CAUSE_COUNT, MOST_CYCLES
from simulator.engine.compiled.records import Memory, numbers_of, view
from simulator.engine.work import TileWork
from simulator.errors import MappingError, stalled

MILESTONES = ("int64", "int64", "int64", "int64")
"""Types of the last arrays of every such kernel: units that have not taken a piece, when it was wanted, when taken, rows written."""
SLICE_CYCLES = 1 << 16
"""A kernel comes back to Python now and then, so that a run can be interrupted."""


def run_tile(kernel: Kernel, at_rest: FabricMemory, memory: Memory, work: TileWork, lists: tuple[Any, ...], rows: int) -> Outcome:
    """Run a tile, which writes at most so many row words, to its end.

    CheckError where nothing has moved for longer than any pipeline takes.
    """
    fabric, readers = view(memory, at_rest.fabric), work.piece_readers()
    wanted, taken, written = np.full(len(readers), MOST_CYCLES), np.zeros(len(readers), dtype=np.int64), np.zeros(rows, dtype=np.int64)
    patience = SLICE_CYCLES + at_rest.longest_delay
    while fabric.active[0]:
        kernel(memory, *lists, readers, wanted, taken, written, int(fabric.cycle[0]) + SLICE_CYCLES)
        if fabric.cycle[0] > MOST_CYCLES:
            raise MappingError(f"a tile takes more than {MOST_CYCLES} cycles; set mapping.tokens_per_tile to make tiles smaller")
        if fabric.cycle[0] - fabric.moved_at[0] > patience:
            raise stalled(int(fabric.cycle[0]))
    counts = Counts(**numbers_of(fabric.counts))
    return _outcome(at_rest, memory, counts, Milestones(wanted, taken, np.sort(written[: counts.rows_merged])))


def _outcome(at_rest: FabricMemory, memory: Memory, counts: Counts, milestones: Milestones) -> Outcome:
    fabric = view(memory, at_rest.fabric)
    cycles, first = int(fabric.cycles[0]), int(fabric.causes[0]) // 2
    causes = memory[first : first + CAUSE_COUNT].copy()
    causes[CAUSE["imbalance"]] = at_rest.units.count * cycles - int(causes.sum())
    return Outcome(cycles, counts, causes, milestones)
