"""One operation on a fabric of units, from schedule to tiles, fills and drains."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal, get_args

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import RunOptions
from simulator.kinds.units.checks import check_entries
from simulator.kinds.units.loops import Position, Setting, runs_of
from simulator.kinds.units.protocol import Dataflow
from simulator.kinds.units.rounds import Deal, How, Round, Rounds
from simulator.kinds.units.streams import InStep, RowDrain, row_drains, with_room
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.operation import OperationRun
from simulator.system.parts import Part, Sums
from simulator.system.program import Drain, Fill, Flow, MemoryLevel, OperationProgram, TileStep, check_length, content_indices
from simulator.system.quick_bound import QuickBound
from simulator.system.streams import flows_in
from simulator.system.tensors import Residency

Content = Callable[[Position], tuple[int, ...]]
Busiest = Literal["unit", "part"]
"""By what rounds take at least: their busiest unit, or the busiest part of their clusters, which is dearer to tell and never less."""
BUSIEST: tuple[Busiest, ...] = get_args(Busiest)


@dataclass(frozen=True, eq=False)
class UnitsPlan:
    """An operation on a fabric of units, cut into tiles but not run: what is the same however quick its clusters are."""

    dataflow: Dataflow
    """What it does, as scheduled."""
    index: int
    burst_bytes: int
    """Of DRAM."""
    w_stays: bool | None = None
    """Whether the lists of a tile stay until all rounds have walked them; None: where they fit by themselves."""
    reuse_tiles: bool = True
    """Whether equal tiles are run once."""
    scheduled_room: int | None = None
    """Bytes that the buffer had left for W, and for sums that leave, where it was scheduled; None: for W alone, as the dataflow says."""
    _floors: Floors = field(init=False, default_factory=lambda: Floors())

    @cached_property
    def positions(self) -> list[Position]:
        """Tiles in execution order. MappingError where they are too many."""
        loops = self.dataflow.loops
        tiles = len(loops.m_tiles) * loops.rounds * len(loops.k_tiles)
        check_length(loops.operation.name, tiles, "fabric.bank_kib, weight_bank_kib, output_bank_kib, or more token_groups")
        return loops.positions()

    @cached_property
    def deal(self) -> Deal:
        """Its tiles."""
        return Deal([(self.dataflow, self.positions)], self.reuse_tiles)

    @property
    def pieces(self) -> int:
        """What it takes to hold it, with its lists: about 400 bytes each."""
        operation = self.dataflow.loops.operation
        return 1 + len(self.positions) + (operation.weight.nnz + sum(operation.shape)) // 8

    @property
    def least_room(self) -> int | None:
        """Bytes that the buffer must have left to keep W; None of a W that it never keeps. The same wherever it was scheduled."""
        changes = self._w_changes
        places = dict.fromkeys(changes)
        if len(changes) == len(places) or self.dataflow.loops.residency.w != "dram":
            return None
        taken = 0 if self.scheduled_room is None else self.scheduled_room - self.dataflow.room_bytes
        return taken + sum(part.bytes for place in places for part in self._w_parts[place])

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

    @cached_property
    def _w_parts(self) -> dict[tuple[int, int], Sequence[Part]]:
        """Of the fills of W."""
        grain = self.burst_bytes if self.dataflow.loops.residency.w == "dram" else 1
        return {place: self.dataflow.w_parts(*place, grain) for place in dict.fromkeys(self._w_changes)}

    @cached_property
    def _y_parts(self) -> list[Sequence[Part]]:
        """Of each drain, uncut."""
        return [self.dataflow.y_parts(position) for position in self._y_changes]

    def program(self, rounds: Sequence[Round], output_words: int, *, w_kept: bool) -> OperationProgram:
        """What the system level must do for it, given what its rounds did, or the least that they do, and whether W is kept.

        `output_words`: row words that one half of an output bank holds.
        """
        (cut,) = cut_drains([self], [rounds], output_words)
        parts = [each.parts for each in cut]
        if self.dataflow.rows_stream:
            parts = with_room(cut, [done.in_step.unit for done in rounds], self.dataflow.output_places(output_words))
        return self.drained(rounds, cut, parts, w_kept=w_kept)

    def drained(
        self, rounds: Sequence[Round], cut: Sequence[RowDrain], parts: Sequence[Sequence[Part]], *, w_kept: bool
    ) -> OperationProgram:
        """The same, given what leaves and the parts in which it does."""
        y_flows = [each.flow for each in cut]
        tiles = [
            TileStep(self.index, done.cycles, x, w, y, done.in_step.w_flow if streams else None, y_flows[y])
            for done, (x, w, y, streams) in zip(rounds, self._steps, strict=True)
        ]
        return OperationProgram(tuple(tiles), self.x_fills, self._kept_fills if w_kept else self._w_fills, self._drains(parts))

    @property
    def _contents(self) -> tuple[Content, Content, Content]:
        """What of X, W and Y a tile needs: tiles of equal content in sequence share a transfer."""
        loops = self.dataflow.loops
        w_content = self.dataflow.w_content if self.w_stays is None else loops.w_content if self.w_stays else tuple
        return loops.x_content, w_content, loops.y_content

    @cached_property
    def _steps(self) -> list[tuple[int, int, int, bool]]:
        """[tiles] fill of X, fill of W, drain; and whether that W streams."""
        xs, ws, ys = (content_indices([content(place) for place in self.positions], 0) for content in self._contents)
        streams = [flows_in(self._w_parts[place]) for place in self._w_changes]
        return [(x, w, y, streams[w]) for x, w, y in zip(xs, ws, ys, strict=True)]

    @cached_property
    def x_fills(self) -> tuple[Fill, ...]:
        """In order."""
        home = self.dataflow.loops.residency.x
        return tuple(Fill(self.index, home, self.dataflow.x_parts(position), waits=True) for position in self._x_changes)

    @cached_property
    def _w_fills(self) -> tuple[Fill, ...]:
        """For all groups at once. A W that is made from activations comes from where they live, and waits for them."""
        loops = self.dataflow.loops
        made, home = loops.operation.weight_home == "activation", loops.residency.w
        return tuple(Fill(self.index, home, self._w_parts[place], waits=made) for place in self._w_changes)

    @cached_property
    def _kept_fills(self) -> tuple[Fill, ...]:
        """The same where the buffer keeps W: it comes from DRAM the first time."""
        first = dict(reversed([*zip(self._w_changes, self._w_fills, strict=True)]))
        return tuple(
            replace(fill, kept=True) if fill is first[place] else replace(fill, home="buffer")
            for place, fill in zip(self._w_changes, self._w_fills, strict=True)
        )

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

    @cached_property
    def _leaving(self) -> list[Part]:
        """Of each drain, all in one part."""
        return [
            Part(
                sum(part.bytes for part in parts),
                extra_bus_bytes=sum(part.extra_bus_bytes for part in parts),
                sums=Sums.total(part.sums for part in parts),
            )
            for parts in self._y_parts
        ]

    def least_program(self, cycles: Sequence[int], output_words: int, *, w_kept: bool) -> OperationProgram:
        """A program that is through no later than any run's, given the least [tiles] cycles of its rounds.

        Of the pieces of a list only the first is wanted before the end, and rows are there from the start.
        """
        row_words = 1 + sum(part.bytes for part in self.dataflow.y_parts(self.positions[0])) // DMA_CHUNK_BYTES
        return self.program(self.least_rounds(cycles, row_words), output_words, w_kept=w_kept)

    def floor(self, spec: ClusterSpec, output_words: int, busiest: Busiest, *, w_kept: bool) -> QuickBound:
        """That of such a program by the least that the busiest unit of each round takes, or the busiest part of a cluster."""
        cycles = self.dataflow.least_cycles(spec) if busiest == "unit" else self.deal.least(spec)[0]

        def at_once() -> OperationProgram:
            return self.least_program([0] * len(self.positions), output_words, w_kept=w_kept)

        return self._floors.of((w_kept, output_words), cycles, at_once)

    def least_rounds(self, cycles: Sequence[int], row_words: int) -> list[Round]:
        """Rounds that do no later than any run's what the system level waits for, with so many row words, there from the start.

        One object where they do the same.
        """
        rows = np.full(row_words, -1)

        @cache
        def least_round(least: int, pieces: int) -> Round:
            in_step = InStep([], _least_flow(least, pieces), rows, np.zeros_like(rows))
            return Round(least, Counts(), np.zeros(0, dtype=np.int64), Bounds(), in_step)

        pieces_of = {place: len(self.dataflow.w_parts(*place, 1)) for place in dict.fromkeys((m, k) for m, _, k in self.positions)}
        return [least_round(least, pieces_of[m, k]) for (m, _, k), least in zip(self.positions, cycles, strict=True)]

    def even_rounds(self, cycles: int) -> list[Round]:
        """Rounds of so many cycles in which pieces are wanted, and rows written, evenly: as they are when nothing is known of them."""
        loops, units = self.dataflow.loops, self.dataflow.machine.fabric.units
        rows = int(np.count_nonzero(np.diff(loops.operation.weight.indptr)))
        rounds = []
        for m, round_index, k in self.positions:
            upto = cycles * np.arange(len(self._w_parts[m, k]) + 1)
            wanted = (upto // (len(upto) - 1)).tolist()
            word = np.arange(rows * loops.round_words(round_index))
            written = cycles * (word + 1) // max(1, len(word)) - 1
            taken = [min(each, cycles - 1) for each in wanted[1:]]
            step = InStep([], Flow(tuple(wanted[:-1]), tuple(taken)), written, word % units)
            rounds.append(Round(cycles, Counts(), np.zeros(0, dtype=np.int64), Bounds(), step))
        return rounds

    @cached_property
    def transfer_counts(self) -> Counts:
        """What fills write and drains read on the fabric."""
        dataflow = self.dataflow
        filled = [dataflow.w_counts(*place) * times for place, times in Counter(self._w_changes).items()]
        return Counts.total([dataflow.x_counts(self._x_changes), *filled, dataflow.y_counts(self._y_changes)])

    @cached_property
    def details(self) -> dict[str, Any]:
        """What a result says of its loops, and of the form of W in DRAM and the room that it takes there, where others have not made it."""
        dataflow, loops = self.dataflow, self.dataflow.loops
        if loops.operation.weight_home == "activation":
            return loops.describe()
        tiles = itertools.product(range(len(loops.m_tiles)), range(len(loops.k_tiles)))
        stored = sum(dataflow.fetched(m, k).total for m, k in tiles)
        return loops.describe() | {"weight_format": dataflow.weight_form, "weight_stored_bytes": stored}


def cut_drains(plans: Sequence[UnitsPlan], rounds: Sequence[Sequence[Round]], output_words: int) -> list[list[RowDrain]]:
    """[plans] what leaves, in the parts in which it does, of plans of one operation, given [plans] what their rounds did."""
    dataflow, burst_bytes = plans[0].dataflow, plans[0].burst_bytes
    if not dataflow.rows_stream:
        return [[RowDrain(parts, None, np.zeros(0, dtype=np.int64)) for parts in plan._y_parts] for plan in plans]
    grain = burst_bytes if dataflow.loops.residency.y == "dram" or dataflow.sums_home == "dram" else 1
    # what the same clusters did, of which the same leaves, is cut once
    each = [list(zip(of_plan, plan._leaving, strict=True)) for plan, of_plan in zip(plans, rounds, strict=True)]
    keys = [[(id(done), whole) for done, whole in of_plan] for of_plan in each]
    written = {(id(done), whole): done.in_step.written for done, whole in itertools.chain.from_iterable(each)}
    most_rows = max(1, dataflow.output_places(output_words) // 2)
    drains = row_drains(list(written.values()), [whole for _, whole in written], grain, most_rows)
    cut = dict(zip(written, drains, strict=True))
    return [[cut[key] for key in of_plan] for of_plan in keys]


def keeps(least_room: int | None, room_bytes: int) -> bool:
    """Whether the buffer, with so many bytes left for W, keeps one from DRAM that is walked again (rule 7): all of it, or nothing.

    `least_room`: what it must have left for it (`UnitsPlan.least_room`).
    """
    return least_room is not None and least_room <= room_bytes


_AT_ONCE = 8
"""Programs that `Floors` holds."""


@dataclass(frozen=True, eq=False)
class Floors:
    """Bounds of least programs that are alike but for the cycles of their tiles."""

    _at_once: dict[Hashable, OperationProgram] = field(default_factory=dict)
    """Programs whose tiles take no time, by which W is kept, and how many rows."""
    _latest: dict[Hashable, QuickBound] = field(default_factory=dict)
    """The last one: what one part of clusters takes is often what all do."""

    def of(self, kept: Hashable, cycles: Sequence[int], make: Callable[[], OperationProgram]) -> QuickBound:
        """That of tiles which take so many cycles at least, given what makes a program whose tiles take none."""
        key = kept, tuple(cycles)
        if key not in self._latest:
            if kept not in self._at_once:
                if len(self._at_once) >= _AT_ONCE:
                    self._at_once.clear()
                self._at_once[kept] = make()
            self._latest.clear()
            self._latest[key] = QuickBound(_taking(self._at_once[kept], cycles))
        return self._latest[key]


def _taking(least: OperationProgram, cycles: Sequence[int]) -> OperationProgram:
    """A least program whose tiles take so many cycles at least."""
    timed = zip(least.tiles, cycles, strict=True)
    return least.with_tiles(
        tuple(replace(tile, cycles=each, w_flow=tile.w_flow and _least_flow(each, len(tile.w_flow.first))) for tile, each in timed)
    )


def _least_flow(cycles: int, pieces: int) -> Flow:
    """Of a W of which only the first piece is wanted before the end."""
    return Flow((0, *[cycles] * (pieces - 1)), (0,) * pieces)


def run_plan(
    plan: UnitsPlan, setting: Setting, flow: str, residency: Residency, options: RunOptions, *, w_kept: bool
) -> tuple[OperationRun, tuple[range, ...]]:
    """Run the rounds of an operation, and list what the system level must move for them; and the capacities for which that holds.

    `flow` is what results call its dataflow.
    """
    (rounds,), alike = plan.deal.run(how(setting, options))
    program = plan.program(rounds.each, setting.machine.output_words, w_kept=w_kept)
    return run_of(plan, flow, residency, rounds, program), alike


def how(setting: Setting, options: RunOptions) -> How:
    """How the clusters of an operation are run in a setting."""
    return How(setting.spec, options.engine, options.threads if options.engine.releases_gil else 1, options.recall)


def run_of(plan: UnitsPlan, flow: str, residency: Residency, rounds: Rounds, program: OperationProgram) -> OperationRun:
    """What rounds that have been run come to."""
    dataflow = plan.dataflow
    operation = dataflow.loops.operation
    causes: NDArray[np.int64] = np.zeros(len(CAUSES), dtype=np.int64)
    for result in rounds.each:
        causes = causes + result.unit_cycles
    counts = Counts.total([Counts(macs_useful=operation.macs_useful), *(result.counts for result in rounds.each)])
    check_entries(operation.name, counts.list_entries, operation.weight.nnz, dataflow.loops.token_words)
    return OperationRun(
        operation,
        residency,
        program=program,
        counts=counts + plan.transfer_counts,
        unit_cycles=causes,
        bounds=sum((result.bounds for result in rounds.each), Bounds()),
        details={"dataflow": flow} | plan.details,
        checked=rounds.checked,
        outputs=dataflow.outputs,
    )


def changes_of(positions: list[Position], content: Content) -> list[Position]:
    """The first tile of each content, in the order in which contents are needed."""
    return list(runs_of(positions, content))
