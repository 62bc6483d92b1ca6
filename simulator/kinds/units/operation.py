"""One operation on a fabric of units, from schedule to tiles, fills and drains."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.engines import RunOptions
from simulator.kinds.units.checks import check_entries
from simulator.kinds.units.loops import Position, runs_of
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rounds import Clusters, Dataflow, Round, RoundRunner
from simulator.kinds.units.streams import InStep, RowDrain, row_drain, with_room
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.operation import OperationRun
from simulator.system.parts import Part, Sums
from simulator.system.program import Drain, Fill, Flow, MemoryLevel, OperationProgram, TileStep, content_indices
from simulator.system.streams import flows_in
from simulator.system.tensors import Residency

Content = Callable[[Position], tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class UnitsPlan:
    """An operation on a fabric of units, cut into tiles but not run."""

    machine: UnitsMachine
    """In the dataflow of this operation."""
    dataflow: Dataflow[Any]
    """What it does, as scheduled."""
    index: int
    burst_bytes: int
    """Of DRAM."""
    w_stays: bool | None = None
    """Whether the lists of a tile stay until all rounds have walked them; None: where they fit by themselves."""
    w_kept: bool = False
    """Whether the buffer keeps a W from DRAM that is walked again (rule 7)."""
    _rows: dict[tuple[int, Part], RowDrain] = field(default_factory=dict)
    _parts: dict[tuple[int, int, int], Sequence[Part]] = field(default_factory=dict)

    @classmethod
    def of(cls, machine: UnitsMachine, dataflow: Dataflow[Any], index: int, burst_bytes: int, *, room_bytes: int) -> UnitsPlan:
        """`room_bytes`: what the buffer has left for W; it keeps all of it, or nothing."""
        plan = cls(machine, dataflow, index, burst_bytes)
        least_room = plan.least_room(dataflow.room_bytes)
        return replace(plan, w_kept=least_room is not None and least_room <= room_bytes)

    @cached_property
    def positions(self) -> list[Position]:
        """Tiles in execution order."""
        return self.dataflow.loops.positions()

    def least_room(self, room_bytes: int) -> int | None:
        """Bytes that the buffer must have left for W, where it was scheduled with so many, to keep it; None of a W that it never keeps."""
        changes = self._w_changes
        places = dict.fromkeys(changes)
        if len(changes) == len(places) or self.dataflow.loops.residency.w != "dram":
            return None
        taken = room_bytes - self.dataflow.room_bytes
        return taken + sum(part.bytes for place in places for part in self._w_parts(*place, self.burst_bytes))

    @cached_property
    def _w_changes(self) -> list[tuple[int, int]]:
        """M and K tile of each fill of W, in order."""
        return [(m, k) for m, _, k in changes_of(self.positions, self._contents[1])]

    @cached_property
    def _x_changes(self) -> list[Position]:
        """First tile of each fill of X, in order."""
        return changes_of(self.positions, self.dataflow.loops.x_content)

    @cached_property
    def _y_changes(self) -> list[Position]:
        """First tile of each drain, in order."""
        return changes_of(self.positions, self.dataflow.loops.y_content)

    def _w_parts(self, m: int, k: int, grain: int) -> Sequence[Part]:
        """Those of the dataflow, made once."""
        key = m, k, grain
        if key not in self._parts:
            self._parts[key] = self.dataflow.w_parts(*key)
        return self._parts[key]

    def program(self, rounds: Sequence[Round]) -> OperationProgram:
        """What the system level must do for it, given what its rounds did, or the least that they do."""
        cut = self.cut_drains(rounds)
        whole = with_room(cut, [done.in_step.unit for done in rounds], self.dataflow.output_places) if self.dataflow.rows_stream else None
        return self.drained(rounds, cut, whole or [each.parts for each in cut])

    def drained(self, rounds: Sequence[Round], cut: Sequence[RowDrain], parts: Sequence[Sequence[Part]]) -> OperationProgram:
        """The same, given what leaves and the parts in which it does."""
        drains, y_flows = self._drains(parts), [each.flow for each in cut]
        w_fills = self._w_fills()
        xs, ws, ys = (self._numbers(content) for content in self._contents)
        steps = zip(rounds, xs, ws, ys, strict=True)
        streams = [flows_in(fill.parts) for fill in w_fills]
        tiles = [
            TileStep(self.index, done.cycles, x, w, y, done.in_step.w_flow if streams[w] else None, y_flows[y]) for done, x, w, y in steps
        ]
        return OperationProgram(tuple(tiles), self._x_fills(), w_fills, drains)

    @property
    def _contents(self) -> tuple[Content, Content, Content]:
        """What of X, W and Y a tile needs: tiles of equal content in sequence share a transfer."""
        loops = self.dataflow.loops
        w_content = self.dataflow.w_content if self.w_stays is None else loops.w_content if self.w_stays else tuple
        return loops.x_content, w_content, loops.y_content

    def _numbers(self, content: Content) -> list[int]:
        return content_indices([content(place) for place in self.positions], 0)

    def _x_fills(self) -> tuple[Fill, ...]:
        home = self.dataflow.loops.residency.x
        return tuple(Fill(self.index, home, self.dataflow.x_parts(position), waits=True) for position in self._x_changes)

    def _w_fills(self) -> tuple[Fill, ...]:
        """For all groups at once. A W that is made from activations comes from where they live, and waits for them.

        One that is kept comes from DRAM the first time.
        """
        loops = self.dataflow.loops
        made, home = loops.operation.weight_home == "activation", loops.residency.w
        grain = self.burst_bytes if home == "dram" else 1
        changes = self._w_changes
        parts = {place: self._w_parts(*place, grain) for place in dict.fromkeys(changes)}
        fills, seen = [], set()
        for place in changes:
            there = self.w_kept and place in seen
            level: MemoryLevel = "buffer" if there else home
            fills.append(Fill(self.index, level, parts[place], waits=made, kept=self.w_kept and not there))
            seen.add(place)
        return tuple(fills)

    def _drains(self, parts: Sequence[Sequence[Part]]) -> tuple[Drain, ...]:
        """What leaves in such parts. Sums of a sampled product that stay lie in the lists, which go with them."""
        loops, dataflow = self.dataflow.loops, self.dataflow
        in_lists = loops.operation.gradient is not None and not dataflow.rows_stream
        drains = [Drain(self.index, loops.residency.y, each, holds_w=content if in_lists else None) for content, each in enumerate(parts)]
        return tuple(drains if dataflow.sums_home is None else self._with_sums(drains, dataflow.sums_home))

    def _with_sums(self, drains: Sequence[Drain], home: MemoryLevel) -> list[Drain]:
        """Where partial sums leave, a tile has a drain of its own, which adds to what the last tile of the same outputs has left."""
        before: dict[tuple[int, ...], int] = {}
        found = []
        for index, (drain, position) in enumerate(zip(drains, self.positions, strict=True)):
            outputs = self.dataflow.loops.outputs_of(position)
            found.append(replace(drain, sums_home=home, after=before.get(outputs)))
            before[outputs] = index
        return found

    def cut_drains(self, rounds: Sequence[Round]) -> list[RowDrain]:
        """What leaves, in the parts in which it does."""
        loops = self.dataflow.loops
        whole = [self.dataflow.y_parts(position) for position in self._y_changes]
        if not self.dataflow.rows_stream:
            return [RowDrain(parts, None, np.zeros(0, dtype=np.int64)) for parts in whole]
        grain = self.burst_bytes if loops.residency.y == "dram" or self.dataflow.sums_home == "dram" else 1
        return [self._cut(done.in_step, parts, grain) for done, parts in zip(rounds, whole, strict=True)]

    def _cut(self, done: InStep, parts: Sequence[Part], grain: int) -> RowDrain:
        sums = Sums.total(part.sums for part in parts)
        whole = Part(sum(part.bytes for part in parts), extra_bus_bytes=sum(part.extra_bus_bytes for part in parts), sums=sums)
        key = id(done), whole
        if key not in self._rows:
            self._rows[key] = row_drain(done.written, whole, grain, max(1, self.dataflow.output_places // 2))
        return self._rows[key]

    def least_program(self, cycles: Sequence[int]) -> OperationProgram:
        """A program that is through no later than any run's, given the least [tiles] cycles of its rounds.

        Of the pieces of a list only the first is wanted before the end, and rows are there from the start.
        """
        return self.program(
            self.least_rounds(cycles, 1 + sum(part.bytes for part in self.dataflow.y_parts(self.positions[0])) // DMA_CHUNK_BYTES)
        )

    def least_rounds(self, cycles: Sequence[int], row_words: int) -> list[Round]:
        """Rounds that do no later than any run's what the system level waits for, with so many row words, there from the start."""
        rows = np.full(row_words, -1)
        pieces_of = {place: len(self.dataflow.w_parts(*place, 1)) for place in dict.fromkeys((m, k) for m, _, k in self.positions)}
        rounds = []
        for (m, _, k), least in zip(self.positions, cycles, strict=True):
            pieces = pieces_of[m, k]
            flow = Flow((0, *[least] * (pieces - 1)), (0,) * pieces)
            rounds.append(Round(least, Counts(), np.zeros(0, dtype=np.int64), Bounds(), InStep([], flow, rows, np.zeros_like(rows))))
        return rounds

    def even_rounds(self, cycles: int) -> list[Round]:
        """Rounds of so many cycles in which pieces are wanted, and rows written, evenly: as they are when nothing is known of them."""
        loops, units = self.dataflow.loops, self.machine.fabric.units
        rows = int(np.count_nonzero(np.diff(loops.operation.weight.indptr)))
        rounds = []
        for m, round_index, k in self.positions:
            upto = cycles * np.arange(len(self._w_parts(m, k, self.burst_bytes)) + 1)
            wanted = (upto // (len(upto) - 1)).tolist()
            word = np.arange(rows * loops.round_words(round_index))
            written = cycles * (word + 1) // max(1, len(word)) - 1
            step = InStep([], Flow(tuple(wanted[:-1]), tuple(wanted[1:])), written, word % units)
            rounds.append(Round(cycles, Counts(), np.zeros(0, dtype=np.int64), Bounds(), step))
        return rounds

    def transfer_counts(self) -> Counts:
        """What fills write and drains read on the fabric."""
        dataflow = self.dataflow
        counts = [dataflow.x_counts(position) for position in self._x_changes]
        counts += [dataflow.w_counts(m, k) for m, k in self._w_changes]
        counts += [dataflow.y_counts(position) for position in self._y_changes]
        return Counts.total(counts)


def run_plan(plan: UnitsPlan, flow: str, residency: Residency, options: RunOptions) -> OperationRun:
    """Run the rounds of an operation, and list what the system level must move for them. `flow` is what results call its dataflow."""
    runner: RoundRunner[Any] = RoundRunner(plan.machine.fabric, plan.dataflow)
    rounds = runner.run(plan.positions, clusters_of(options))
    return run_of(plan, flow, residency, rounds, runner.checked, plan.program(rounds))


def clusters_of(options: RunOptions) -> Clusters[Any]:
    """What runs clusters, of one operation or of its tiles in a chain."""
    return Clusters(options.reuse_tiles, options.threads if options.engine.releases_gil else 1)


def run_of(
    plan: UnitsPlan, flow: str, residency: Residency, rounds: Sequence[Round], checked: Mapping[str, int], program: OperationProgram
) -> OperationRun:
    """What rounds that have been run come to."""
    dataflow = plan.dataflow
    operation = dataflow.loops.operation
    causes: NDArray[np.int64] = np.zeros(len(CAUSES), dtype=np.int64)
    for result in rounds:
        causes = causes + result.unit_cycles
    counts = Counts.total([Counts(macs_useful=operation.macs_useful), *(result.counts for result in rounds)])
    check_entries(operation.name, counts.list_entries, operation.weight.nnz, dataflow.loops.token_words)
    return OperationRun(
        operation,
        residency,
        program=program,
        counts=counts + plan.transfer_counts(),
        unit_cycles=causes,
        bounds=sum((result.bounds for result in rounds), Bounds()),
        details={"dataflow": flow} | dataflow.loops.describe() | _stored(dataflow),
        checked=checked,
        outputs=dataflow.outputs,
    )


def _stored(dataflow: Dataflow[Any]) -> dict[str, int | str]:
    """The form of W in DRAM and the room that it takes there; none where it is made from activations."""
    loops = dataflow.loops
    operation = loops.operation
    if operation.weight_home == "activation":
        return {}
    tiles = itertools.product(range(len(loops.m_tiles)), range(len(loops.k_tiles)))
    return {"weight_format": dataflow.weight_form, "weight_stored_bytes": sum(dataflow.fetched(m, k).total for m, k in tiles)}


def changes_of(positions: list[Position], content: Content) -> list[Position]:
    """The first tile of each content, in the order in which contents are needed."""
    return list(runs_of(positions, content))
