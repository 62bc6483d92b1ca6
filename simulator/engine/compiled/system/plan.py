"""Lays out the memory of the system level for a program."""

from __future__ import annotations

import math
from functools import cache, cached_property

import numpy as np

from simulator.engine.compiled.memory import Layout, numbers
from simulator.engine.compiled.records import Addresses, Memory, Record, View, fields_of, view
from simulator.engine.compiled.system import layout as records
from simulator.engine.compiled.system.columns import (
    Ints,
    drain_parts,
    fill_parts,
    homes,
    moments_of,
    optional,
    sums_cycles,
    tile_columns,
)
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.outcome import SHARED
from simulator.system.program import Program
from simulator.system.spec import SystemSpec
from simulator.system.streams import not_empty, numbered, room
from simulator.system.waiting import NEVER

MOST = 1 << 31
"""Bytes of a part, and cycles that its banks take: a product of two such numbers is a number."""
MOST_RATE = float(1 << 62)
"""Bytes a cycle that are as good as any more: all bytes of a program take a cycle."""
MOST_CYCLES = 1 << 60
"""That DRAM may take for all bytes of a program."""
STREAMS = ("x", "w")
TALLIES = ("w_here", "w_taken", "y_written", "y_gone")
ROUTES = {
    ("x", "from_dram"): ("x_trunk",),
    ("x", "from_dram_kept"): ("buffer_write", "x_trunk"),
    ("x", "from_buffer"): ("buffer_read", "x_trunk"),
    ("w", "from_dram"): ("w_trunk",),
    ("w", "from_dram_kept"): ("buffer_write", "w_trunk"),
    ("w", "from_buffer"): ("buffer_read", "w_trunk"),
    ("", "on_bus"): ("drain_bus",),
    ("", "to_buffer"): ("buffer_write", "drain_bus"),
    ("", "to_sums"): ("buffer_read", "buffer_write", "drain_bus"),
    ("", "to_copies"): ("drain_bus", "x_trunk"),
}
"""What is taken at once, in an order in which none waits in a ring."""
RATES = (
    ("rate_bytes",),
    ("byte_cycles",),
    ("byte_rest",),
    ("latency",),
    ("buffer_rate",),
    ("drain_rate",),
    ("x", "rate"),
    ("w", "rate"),
    ("x", "staging", "free"),
    ("w", "staging", "free"),
    ("y_staging", "free"),
)
"""All that differs between memories of one program: where it is in the system's record."""


class SystemPlan:
    """Where everything of a program is, in a memory that may be laid out once and played at many rates.

    >>> plan = SystemPlan(64, Program((), (), (), (), ()))
    >>> spec = SystemSpec(16.0, 100, 64, 256, 256, 256, 2)
    >>> plan.fits(spec), int(view(plan.memory(spec), records.System).latency[0])
    (True, 100)
    """

    def __init__(self, burst_bytes: int, program: Program) -> None:
        """`burst_bytes`: of DRAM."""
        # not the program itself: it keeps this, and a ring is let go late
        self.tiles, self.depends_on = program.tiles, program.depends_on
        self.fills = {"x": program.x_fills, "w": tuple(map(not_empty, program.w_fills))}
        self.drains = tuple(map(not_empty, program.drains))
        self.numbers = {"y": numbered(self.drains), **{name: numbered(self.fills[name]) for name in STREAMS}}
        self.parts = {"y": drain_parts(burst_bytes, self.drains), **{name: fill_parts(burst_bytes, self.fills[name]) for name in STREAMS}}
        self.moments, self.moments_of_tiles = moments_of(program.tiles)
        self._place()

    def _place(self) -> None:
        parts, layout = {name: numbers[-1] for name, numbers in self.numbers.items()}, Layout(records.System)
        chunks = sum(int((-(-np.maximum(part["read"], part["written"]) // DMA_CHUNK_BYTES)).sum()) for part in self.parts.values())
        # records with numbers of 64 bits are of even size and come first: such numbers lie at even addresses
        self.operation_block = layout.block(records.Operation, len(self.depends_on))
        self.part_blocks = {name: layout.block(records.Part, count) for name, count in parts.items()}
        self.fill_blocks = {name: layout.block(records.Fill, len(self.fills[name])) for name in STREAMS}
        transfers = {"x": len(self.fills["x"]), "w": parts["w"], "y": len(self.drains)}
        self.transfer_blocks = {name: layout.block(records.Transfer, count) for name, count in transfers.items()}
        self.drain_block = layout.block(records.Drain, len(self.drains))
        self.tile_block = layout.block(records.Tile, len(self.tiles))
        self.moment_block = layout.block(records.Moment, len(self.moments["cycle"]))
        self.chunk_block = layout.block(records.Chunk, chunks)
        self.heap = layout.places(chunks + 4)
        self.ahead = {name: layout.places(parts[name[0]] + 1) for name in TALLIES}
        self.w_room = layout.places(parts["w"])
        self.route_places = {route: layout.places(len(meters)) for route, meters in ROUTES.items()}
        self.depends_places = [layout.places(len(others)) for others in self.depends_on]
        self.layout = layout

    @cached_property
    def _most(self) -> tuple[int, int]:
        """Bytes that DRAM moves, and the largest number."""
        moved = sum(int(part[way].sum()) for part in self.parts.values() for way in ("read", "written"))
        largest = max(int(column.max(initial=0)) for part in self.parts.values() for column in part.values())
        return moved, max(largest, self.layout.size)

    def fits(self, spec: SystemSpec) -> bool:
        """Whether no number of the program is larger than the kernel's."""
        moved, largest = self._most
        longest = int(self._sums_cycles(spec).max(initial=0)) if self._has_sums else 0
        return moved < MOST_CYCLES * spec.dram_bytes_per_cycle and max(largest, longest) < MOST

    def memory(self, spec: SystemSpec) -> Memory:
        """All of it as it is before the first event, at some rates."""
        memory = self._at_any_rate.copy()
        self._write_rates(memory, spec)
        return memory

    @cached_property
    def _at_any_rate(self) -> Memory:
        memory = self.layout.memory()
        system = view(memory, records.System)
        self._write_shared(memory, system)
        self._write_operations(memory)
        for name in STREAMS:
            self._write_stream(memory, system, name)
        self._write_drains(memory, system)
        self._write_tiles(memory, system)
        return memory

    @cached_property
    def _has_sums(self) -> bool:
        """Whether any part of a drain has."""
        part = self.parts["y"]
        return any(bool(part[name].any()) for name in ("sums_out", "sums_back", "sums_bus"))

    def _sums_cycles(self, spec: SystemSpec) -> Ints:
        """[parts of drains] that their sums take."""
        part = self.parts["y"]
        return sums_cycles(spec, part["sums_out"], part["sums_back"], part["sums_bus"])

    def _write_rates(self, memory: Memory, spec: SystemSpec) -> None:
        rates = (
            *dram_rate(spec),
            spec.dram_latency_cycles,
            spec.buffer_bytes_per_cycle,
            spec.drain_bytes_per_cycle,
            spec.x_bytes_per_cycle,
            spec.w_bytes_per_cycle,
            *(spec.staged_bytes for _ in range(3)),
        )
        memory.view(np.int32)[wide_places(RATES)] = np.array(rates, dtype=np.int64).view(np.int32)
        if self._has_sums:
            self.part_blocks["y"].of(memory).sums_cycles = self._sums_cycles(spec)

    def _write_shared(self, memory: Memory, system: View) -> None:
        for name in SHARED:
            getattr(system, name).role = records.LET_GO
        for (stream, name), meters in ROUTES.items():
            first = self.route_places[stream, name]
            numbers(memory, first, len(meters))[:] = [_place_of(meter) for meter in meters]
            route = getattr(getattr(system, stream) if stream else system, name)
            route.meters, route.count = first, len(meters)
        for name in TALLIES:
            getattr(system, name).ahead = self.ahead[name]
        places = [_place_of("x", "loader"), _place_of("w", "loader"), _place_of("fabric"), _place_of("unloader")]
        roles = records.LOADS_X, records.LOADS_W, records.RUNS_TILES, records.UNLOADS
        for place, role, following in zip(places, roles, [*places[1:], 0], strict=True):
            process = view(memory, records.Process, place)
            process.role, process.next = role, following
        system.beginning.first, system.beginning.last = places[0], places[-1]
        system.heap, system.chunks = self.heap, self.chunk_block.first

    def _write_operations(self, memory: Memory) -> None:
        operations = self.operation_block.of(memory)
        operations.role, operations.fetch, operations.start = records.DONE, -1, -1
        operations.undrained = np.bincount([drain.operation for drain in self.drains], minlength=self.operation_block.count)
        operations.depends_on, operations.depends_count = self.depends_places, [len(others) for others in self.depends_on]
        for first, others in zip(self.depends_places, self.depends_on, strict=True):
            numbers(memory, first, len(others))[:] = [self.operation_block[other] for other in others]

    def _write_parts(self, memory: Memory, name: str) -> None:
        parts = self.part_blocks[name].of(memory)
        for field, column in self.parts[name].items():
            setattr(parts, field, column)

    def _write_transfers(self, memory: Memory, name: str, role: int) -> None:
        transfers = self.transfer_blocks[name].of(memory)
        transfers.role, transfers.number = role, np.arange(self.transfer_blocks[name].count)
        transfers.asked = transfers.here = NEVER
        transfers.arrived.role = transfers.released.role = records.SIGNAL

    def _write_stream(self, memory: Memory, system: View, name: str) -> None:
        self._write_parts(memory, name)
        self._write_transfers(memory, name, {"x": records.X_HERE, "w": records.W_HERE}[name])
        fills, numbers_of_parts = self.fills[name], np.array(self.numbers[name])
        rows = self.fill_blocks[name].of(memory)
        rows.operation = self.operation_block[np.array([fill.operation for fill in fills], dtype=np.int64)]
        rows.home = homes(fills)
        rows.waits, rows.kept = [fill.waits for fill in fills], [fill.kept for fill in fills]
        sources = optional(fill.source for fill in fills)
        rows.source = np.where(sources < 0, -1, np.array(self.numbers["y"])[sources + 1])
        rows.first, rows.end = numbers_of_parts[:-1], numbers_of_parts[1:]
        stream = getattr(system, name)
        stream.fills, stream.fill_count = self.fill_blocks[name].first, len(fills)
        stream.parts, stream.transfers = self.part_blocks[name].first, self.transfer_blocks[name].first
        if name == "w":
            system.w_room = self.w_room
            numbers(memory, self.w_room, int(numbers_of_parts[-1]))[:] = room(fills)

    def _write_drains(self, memory: Memory, system: View) -> None:
        self._write_parts(memory, "y")
        self._write_transfers(memory, "y", records.WRITTEN_BACK)
        drains, w_numbers, y_numbers = self.drains, np.array(self.numbers["w"]), np.array(self.numbers["y"])
        rows = self.drain_block.of(memory)
        rows.operation = self.operation_block[np.array([drain.operation for drain in drains], dtype=np.int64)]
        in_dram = np.array([drain.sums_home == "dram" for drain in drains], dtype=np.bool_)
        rows.sums_in_dram, rows.home = in_dram, np.where(in_dram, records.DRAM, homes(drains))
        rows.delay, rows.after = [drain.delay_cycles for drain in drains], optional(drain.after for drain in drains)
        holds = optional(drain.holds_w for drain in drains)
        rows.first, rows.end = y_numbers[:-1], y_numbers[1:]
        rows.w_first, rows.w_end = np.where(holds < 0, 0, w_numbers[holds]), np.where(holds < 0, 0, w_numbers[holds + 1])
        system.drains, system.drain_count = self.drain_block.first, len(drains)
        system.y_parts, system.y_transfers = self.part_blocks["y"].first, self.transfer_blocks["y"].first

    def _write_tiles(self, memory: Memory, system: View) -> None:
        tiles, moments = self.tile_block.of(memory), self.moment_block.of(memory)
        holding = np.array([drain.holds_w is not None for drain in self.drains], dtype=np.int64)
        for field, column in tile_columns(self.tiles, self.numbers["w"], self.numbers["y"], holding).items():
            setattr(tiles, field, column)
        tiles.operation = self.operation_block[np.array([tile.operation for tile in self.tiles], dtype=np.int64)]
        tiles.first_moment, tiles.end_moment = self.moments_of_tiles
        for field, column in self.moments.items():
            setattr(moments, field, column)
        system.tiles, system.tile_count = self.tile_block.first, len(self.tiles)
        system.moments = self.moment_block.first


def dram_rate(spec: SystemSpec) -> tuple[int, int, int]:
    """DRAM moves so many bytes in whole cycles; a byte takes so many, and a rest in parts of as many as the bytes.

    >>> dram_rate(SystemSpec(2.5, 100, 64, 256, 256, 256, 2))
    (5, 0, 2)
    """
    rate = min(spec.dram_bytes_per_cycle, MOST_RATE)
    in_bytes, in_cycles = (1, 0) if math.isinf(spec.dram_bytes_per_cycle) else rate.as_integer_ratio()
    return in_bytes, *divmod(in_cycles, in_bytes)


def _place_of(*path: str) -> int:
    """Address of a record or a number within the system's record."""
    record: type[Record] | None = records.System
    place = 0
    for name in path:
        assert record is not None, f"{path}: only a record has fields"
        field = fields_of(record)[name]
        place, record = place + field.offset, field.kind.record
    return place


@cache
def wide_places(paths: tuple[tuple[str, ...], ...]) -> Addresses:
    """[2 a path] where both halves of numbers of 64 bits within the system's record are: found once, for all programs that are played."""
    return np.array([half for path in paths for half in (_place_of(*path), _place_of(*path) + 1)], dtype=np.int64)
