"""Cycles that no run of a program goes below, from sums that are made once and asked at many rates.

Less near than `earliest_end`, which follows every part, and had in microseconds: to tell of many ways which need not be played.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.parts import PartColumns
from simulator.system.program import Fill, OperationProgram, TileStep
from simulator.system.rate import ExactRate
from simulator.system.spec import SystemSpec

Ints = NDArray[np.int64]


class _First(Struct, frozen=True):
    """What the first tile waits for, of X or of W: useful bytes."""

    in_dram: bool
    chunk: int
    """Of the first chunk, which nothing is ahead of."""
    all: int
    wanted: int
    """On the tile's own clock."""

    @classmethod
    def of(cls, fill: Fill, parts: int, wanted: int) -> _First:
        """`parts`: how many it waits for."""
        sizes = PartColumns.of(fill.parts)["bytes"][:parts]
        chunk = min(DMA_CHUNK_BYTES, int(sizes[0])) if len(sizes) else 0
        return cls(fill.home == "dram", chunk, int(sizes.sum()) if fill.home != "chip" else 0, wanted)

    def start(self, spec: SystemSpec, dram: ExactRate, rate: int) -> int:
        """Cycle before which the tile does not begin, were it for this alone."""
        if not self.all:
            return 0
        on_trunk = -(-self.all // rate)
        if not self.in_dram:
            return on_trunk - self.wanted
        return spec.dram_latency_cycles + max(dram.cycles(self.all), dram.cycles(self.chunk) + on_trunk) - self.wanted


class _Serial(Struct, frozen=True, eq=False):
    """Tiles that nothing goes on behind before their rows have left: the last one, and those whose rows are the next one's X."""

    cycles: Ints
    """[tiles]"""
    first_written: Ints
    """[tiles] cycle behind that in which the first part of its rows is written, and the last."""
    last_written: Ints
    starts: Ints
    """[tiles] first of its parts."""
    bus_bytes: Ints
    """[parts]"""
    linked_bytes: Ints
    """[parts] that go over the X trunk at once."""

    @classmethod
    def of(cls, program: OperationProgram) -> _Serial:
        """Found among its tiles; those whose drain has no parts end with their cycles."""
        tiles = program.tiles
        waits = [program.x_fills[after.x].source == tile.y for tile, after in pairwise(tiles)]
        serial = [tile for tile, linked in zip(tiles, [*waits, True], strict=True) if linked and len(program.drains[tile.y].parts)]
        parts = [PartColumns.of(program.drains[tile.y].parts) for tile in serial]
        counts = np.array([len(each) for each in parts], dtype=np.int64)
        joined = PartColumns.joined(parts)
        linked = np.repeat(np.array([program.drains[tile.y].home == "chip" for tile in serial], dtype=np.int64), counts)
        return cls(
            np.array([tile.cycles for tile in serial], dtype=np.int64),
            np.array([_written(tile, 0) for tile in serial], dtype=np.int64),
            np.array([_written(tile, -1) for tile in serial], dtype=np.int64),
            np.cumsum(counts) - counts,
            joined["bytes"] + joined["extra_bus_bytes"],
            joined["bytes"] * linked,
        )

    def more(self, spec: SystemSpec) -> int:
        """Cycles for which they hold up what comes next, beyond their own."""
        if not len(self.cycles):
            return 0
        part = np.maximum(-(-self.bus_bytes // spec.drain_bytes_per_cycle), -(-self.linked_bytes // spec.x_bytes_per_cycle))
        last = part[np.append(self.starts[1:], len(part)) - 1]
        end = np.maximum(self.first_written + np.add.reduceat(part, self.starts), self.last_written + last)
        return int(np.maximum(end - self.cycles, 0).sum())


class QuickBound(Struct, frozen=True, eq=False, dict=True):
    """Of a program that has the machine to itself."""

    program: OperationProgram

    def moved(self, spec: SystemSpec) -> Counts:
        """Bytes at every level."""
        return self.program.traffic(spec.dram_burst_bytes)

    def cycles(self, spec: SystemSpec) -> int:
        """Cycles that no run goes below."""
        moved, port = self.moved(spec), spec.buffer_bytes_per_cycle
        return max(
            *self.through(spec, 0, 0),
            ExactRate(spec.dram_bytes_per_cycle).cycles(moved.dram_read_bytes + moved.dram_write_bytes),
            moved.buffer_read_bytes // port,
            moved.buffer_write_bytes // port,
        )

    def through(self, spec: SystemSpec, free: int, there: int) -> tuple[int, int]:
        """Cycles before which the fabric is not done with it, and not all that it leaves is where it belongs.

        Given those before which the fabric is not free, and what it is made from is not there. Tiles one after another from when the
        first can begin, each with what has to leave before the next; and each bus with all that it carries, from when it can begin
        and with what the last of it is needed for.
        """
        dram, moved, sums = ExactRate(spec.dram_bytes_per_cycle), self.moved(spec), self._sums
        x_asked, w_asked = there if sums.x_waits else 0, there if sums.w_waits else 0
        start = max(
            free,
            x_asked + sums.x.start(spec, dram, spec.x_bytes_per_cycle),
            # of a W of which nothing is to come, its reading does not hold the tile
            w_asked + sums.w.start(spec, dram, spec.w_bytes_per_cycle) if sums.w.all else 0,
        )
        if sums.x.in_dram and sums.w.in_dram and sums.x.all and sums.w.all:
            served = min(x_asked, w_asked) + spec.dram_latency_cycles + dram.cycles(sums.x.all + sums.w.all)
            start = max(start, served - sums.w.wanted)
        first = spec.dram_latency_cycles if sums.x_from_dram and sums.x.all else 0
        done = max(
            start + sums.compute,
            x_asked + first + moved.x_trunk_bytes // spec.x_bytes_per_cycle + sums.after_x,
            w_asked + moved.w_trunk_bytes // spec.w_bytes_per_cycle + sums.after_w,
        )
        drained = start + sums.first_written + moved.drain_bytes // spec.drain_bytes_per_cycle
        left = start + sums.compute + sums.serial.more(spec) - sums.behind
        # where rows are written before the last tile ends, its end tells nothing of them
        return done, max(left, drained, 0 if sums.behind else done)

    @cached_property
    def _sums(self) -> _Sums:
        return _Sums.of(self.program)


class _Sums(Struct, frozen=True, eq=False):
    """Of a program, at any rates."""

    x: _First
    w: _First
    """Of nothing where rows are written before it is wanted: then it does not hold up all that follows."""
    x_waits: bool
    """Whether it is made from what other operations leave."""
    w_waits: bool
    x_from_dram: bool
    """Whether none of X is in the buffer, which brings it while DRAM has not answered yet."""
    compute: int
    first_written: int
    """Cycle of the first tile in which anything can leave at the earliest."""
    after_x: int
    """Cycles that follow when all of X is there, and all of W."""
    after_w: int
    behind: int
    """Cycles for which the last tile goes on when its last rows are written."""
    serial: _Serial

    @classmethod
    def of(cls, program: OperationProgram) -> _Sums:
        """Made once."""
        first, last = program.tiles[0], program.tiles[-1]
        x, w = program.x_fills[first.x], program.w_fills[first.w]
        flow, last_flow = first.w_flow, last.w_flow
        wanted, awaited = (0, len(w.parts)) if flow is None else (flow.first[0], 1)
        return cls(
            _First.of(x, len(x.parts), 0),
            _First.of(w, awaited if _written(first, 0) > wanted or flow is None else 0, wanted),
            x.waits,
            w.waits,
            all(fill.home != "buffer" for fill in program.x_fills),
            sum(tile.cycles for tile in program.tiles),
            _written(first, 0),
            last.cycles if program.x_fills[last.x].source is None else 0,
            last.cycles - (0 if last_flow is None else last_flow.first[-1]),
            last.cycles - _written(last, -1),
            _Serial.of(program),
        )


def _written(tile: TileStep, part: int) -> int:
    """Cycle behind that in which a part of its rows is written."""
    return tile.cycles if tile.y_flow is None else tile.y_flow.last[part] + 1
