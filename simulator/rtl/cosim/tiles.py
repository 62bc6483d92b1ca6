"""Tiles of an operation, one after another through one cluster."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcomes
from simulator.engine.work import TileWork
from simulator.errors import ConfigError
from simulator.rtl.cosim.pair import Pair, Sides, Simulate
from simulator.rtl.cosim.pysim import PythonSimulation
from simulator.rtl.cosim.verilated import VerilatedSimulation, verilator
from simulator.rtl.design import Agreement, CosimOptions
from simulator.rtl.shape import ClusterShape

Compiled = Callable[[ClusterSpec, WorkBatch, Sequence[None]], Outcomes]
"""The compiled engine of a dataflow."""


def cosimulated(
    shape: ClusterShape,
    sides: Sides,
    compiled: Compiled,
    rows: Callable[[TileWork], int],
    operation: str,
    tiles: Iterable[TileWork],
    how: CosimOptions,
) -> Iterator[Agreement]:
    """Each through the hardware and both engines, up to and with the first that differs; memories are as large as these tiles.

    `rows`: how many numbers a unit's own memory has for a token word of a tile, as it lies. Raises ConfigError where nothing is to be
    walked.
    """
    works = [work for work in itertools.islice(tiles, how.tiles) if work.entries]
    if not works:
        raise ConfigError(f"{operation}: its tiles have no entries to walk")
    lying = [sides.as_it_lies(work) for work in works]
    shape = replace(
        shape,
        words=max(work.words * work.token_words for work in lying),
        features=max(work.words for work in lying),
        entries=max(int(np.diff(work.unit_ptr).max()) for work in lying),
        rows=max(rows(work) for work in lying),
        tokens=max(work.token_words for work in lying),
        streams=any(len(work.piece_readers()) > work.stream.fifo_pieces for work in works),
        lanes=min(how.lanes or shape.lanes, shape.lanes),
    )
    simulate: Simulate = PythonSimulation
    if how.simulator == "verilator":
        simulate = partial(VerilatedSimulation, program=verilator(), waves=how.waveform is not None)
    pair = Pair(shape, sides, simulate)
    for number, work in enumerate(works):
        outcome = compiled(shape.spec, WorkBatch([work]), [None]).outcome(0)
        yield pair.run(f"{operation} tile {number}", work, (outcome,), how.waveform)
