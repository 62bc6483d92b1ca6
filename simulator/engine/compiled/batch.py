"""Runs the kernel of a dataflow through many tiles, each from reset, and reads what it counted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from simulator.activity import CLOCKED
from simulator.engine.batch import Ints, WorkBatch, ends_of, within
from simulator.engine.cluster import CAPACITIES, CAUSE, Outcomes
from simulator.engine.compiled.fabric_plan import FabricMemory
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import CAUSE_COUNT, MOST_CYCLES
from simulator.engine.compiled.memory import Block, Layout
from simulator.engine.compiled.records import Memory, fields_of, view
from simulator.engine.compiled.turn_layout import Turn, Turns
from simulator.engine.milestones import ManyMilestones
from simulator.errors import MappingError, stalled

TAKEN = ("int64", "int64", "int64", "int64", "int64")
"""Types of the first arrays of every such kernel: tiles, fabric at rest, fabric, where lists begin, what is counted."""
MILESTONES = ("int64", "int64", "int64", "int64")
"""Types of the last ones: units that have not taken a piece, when it was wanted, when taken, rows written."""
SLICE_CYCLES = 1 << 16
"""A kernel comes back to Python now and then, so that a run can be interrupted."""
_CLOCKED_AT, _CAUSES_AT = 1, 1 + len(CLOCKED)
_SPARE_AT = _CAUSES_AT + CAUSE_COUNT
_MERGED = CLOCKED.index("rows_merged")


def run_batch(kernel: Kernel, at_rest: FabricMemory, batch: WorkBatch, lists: tuple[Any, ...], rows: Ints, **sizes: Any) -> Outcomes:
    """Run all tiles to their ends; [tiles] `rows` are the row words that each writes at most, `sizes` are more fields of `Turn`.

    CheckError where nothing has moved for longer than any pipeline takes.
    """
    pieces, row_ptr = batch.pieces, ends_of(rows)
    piece_ptr = ends_of(pieces)
    readers = batch.piece_readers()
    wanted, taken = np.full(len(readers), MOST_CYCLES), np.zeros(len(readers), dtype=np.int64)
    written = np.zeros(row_ptr[-1], dtype=np.int64)
    counted = np.zeros((len(batch.works), _SPARE_AT + len(CAPACITIES)), dtype=np.int64)
    tiles = _laid_out(
        at_rest,
        len(batch.works),
        words=batch.words,
        token_words=batch.token_words,
        piece_entries=batch.piece_entries,
        fifo_pieces=batch.fifo_pieces,
        pieces=pieces,
        first_piece=piece_ptr[:-1],
        first_row=row_ptr[:-1],
        **sizes,
    )
    memory = at_rest.memory.copy()
    progress, fabric = view(tiles, Turns), view(memory, at_rest.fabric)
    patience = SLICE_CYCLES + at_rest.longest_delay
    while progress.at[0] < len(batch.works):
        kernel(tiles, at_rest.memory, memory, batch.unit_ptr, counted, *lists, readers, wanted, taken, written, SLICE_CYCLES)
        if fabric.cycle[0] > MOST_CYCLES:
            raise MappingError(f"a tile takes more than {MOST_CYCLES} cycles; set mapping.tokens_per_tile to make tiles smaller")
        if progress.begun[0] and fabric.cycle[0] - fabric.moved_at[0] > patience:
            raise stalled(int(fabric.cycle[0]))
    cycles, causes = counted[:, 0], counted[:, _CAUSES_AT:_SPARE_AT]
    causes[:, CAUSE["imbalance"]] = batch.units * cycles - causes.sum(axis=1)
    clocked = counted[:, _CLOCKED_AT:_CAUSES_AT]
    merged = clocked[:, _MERGED]
    milestones = ManyMilestones(wanted, taken, _in_order(written, row_ptr[:-1], merged), piece_ptr, ends_of(merged))
    return Outcomes(cycles, clocked, causes, milestones, spare=counted[:, _SPARE_AT:])


def _in_order(written: Ints, first: Ints, counts: Ints) -> Ints:
    """[row words] writes of tile after tile, those of each in order, given [tiles] where the writes of each begin, and how many it has."""
    tile = np.repeat(np.arange(len(counts)), counts)
    if len(tile) < len(written):
        written = written[first[tile] + within(counts)]
    if not ((written[1:] >= written[:-1]) | (tile[1:] != tile[:-1])).all():
        for begin, end in pairwise(ends_of(counts).tolist()):
            written[begin:end].sort()
    return written


def _laid_out(at_rest: FabricMemory, count: int, **sizes: Any) -> Memory:
    """Records of so many tiles, and where the fabric counts."""
    layout = Layout(Turns)
    block: Block = layout.block(Turn, count)
    memory = layout.memory()
    batch, tiles = view(memory, Turns), block.of(memory)
    batch.tiles, batch.count, batch.places = block.first, count, len(at_rest.memory)
    batch.clocked_at, batch.clocked = fields_of(at_rest.fabric)["counts"].offset // 2, len(CLOCKED)
    batch.causes_at, batch.causes = int(view(at_rest.memory, at_rest.fabric).causes[0]) // 2, CAUSE_COUNT
    for name, size in sizes.items():
        setattr(tiles, name, size)
    return memory
