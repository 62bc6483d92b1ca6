"""A vector unit: walks its work list, issues requests, multiplies what arrives, merges finished rows."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import CAUSE, ClusterSpec
from simulator.engine.reference.clock import UNIT, Clock, Process
from simulator.engine.reference.flit import Flit, stall_cause
from simulator.engine.reference.lists import ListWalk
from simulator.engine.reference.network import RequestPath
from simulator.engine.reference.units import Unit

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WorkList:
    """One unit's list, each entry unrolled over the token words of the tile."""

    word: Sequence[int]
    """Tile-local word of each entry; −1 where the word is all zero."""
    bank: Sequence[int]
    row: Sequence[int]
    """Output row of each entry, a different number for each token word."""
    ends_row: Sequence[bool]
    weights: Matrix | None
    """What each entry multiplies its word by: [entries], a weight; or [entries, lanes], a word of the unit's own."""


class OpenRow:
    """A row that has an accumulator: its partial sums and what it still waits for."""

    __slots__ = ("ended", "macs", "outstanding", "partial")

    def __init__(self, partial: NDArray[np.float64] | None) -> None:
        self.outstanding = 0
        self.ended = False
        self.macs = 0
        self.partial = partial


class VectorUnit(Unit):
    """One vector unit of a cluster; rules 10 and 11 of the model.

    In a cycle it first takes one operand that has landed, then scans its list; both see only what the cycle before
    left: slots, accumulators and queue space freed in a cycle can be used in the next.
    """

    def __init__(self, clock: Clock, walk: ListWalk, spec: ClusterSpec, work: WorkList, requests: RequestPath, lanes: int) -> None:
        super().__init__(clock, walk, spec, requests)
        self.work = work
        self.lanes = lanes
        self.landed: list[tuple[int, int, Flit]] = []
        self.rows: dict[int, OpenRow] = {}
        self.row_releases: deque[int] = deque()
        self.merged_at = -1
        self.outputs: dict[int, NDArray[np.float64]] = {}

    def free(self, cycle: int) -> float:
        """Landing registers are reserved at issue."""
        return float("inf")

    def receive(self, flit: Flit, ready: int) -> None:
        """Take a word that can be consumed from cycle `ready`; equal arrivals rank by order of issue."""
        flit.place = None
        flit.ready = ready
        heapq.heappush(self.landed, (ready, flit.order, flit))

    def run(self) -> Process:
        """The SimPy process: one step a cycle until nothing is left to do but merge."""
        yield self.clock.at(0, UNIT)
        while not self.walk.done or self.outstanding:
            self.step(self.clock.cycle)
            yield self.clock.tick()
        if self.work.word:
            self.causes[CAUSE["drain"]] += max(0, self.end - self.clock.cycle)

    def step(self, cycle: int) -> None:
        """One cycle: consume, scan, and account for the cycle."""
        tags = len(self.free_tags)
        oldest = self.outstanding[0] if self.outstanding else None
        computing = self._consume(cycle)
        before = self.walk.position
        self._scan(cycle, tags)
        if computing:
            cause = CAUSE["computing"]
        elif oldest is not None:
            cause = stall_cause(oldest, cycle)
        elif self.walk.position > before:
            cause = CAUSE["issue"]
        else:
            cause = CAUSE["imbalance" if self.walk.ahead(cycle) else "accumulators_full"]
        self.causes[cause] += 1

    def _consume(self, cycle: int) -> bool:
        if not self.landed or self.landed[0][0] > cycle:
            return False
        flit = heapq.heappop(self.landed)[2]
        flit.consumed = True
        while self.outstanding and self.outstanding[0].consumed:
            self.outstanding.popleft()
        self.free_tags.append(flit.tag)
        row = self.rows[flit.row]
        if row.partial is not None and flit.value is not None and self.work.weights is not None:
            row.partial[row.macs % self.spec.accumulate_latency] += self.work.weights[flit.entry] * flit.value
        row.macs += 1
        row.outstanding -= 1
        self.counts["replies"] += 1
        self.counts["accumulator_updates"] += 1
        if row.ended and not row.outstanding:
            self._merge(flit.row, cycle)
        return True

    def _scan(self, cycle: int, tags: int) -> None:
        issued = 0
        for _ in range(self.spec.examine_width):
            if self.walk.done or self.walk.ahead(cycle):
                return
            entry = self.walk.position
            if self.work.word[entry] < 0:
                self.counts["entries_dropped"] += 1
            elif issued < min(self.spec.issue_width, tags) and self._issue(entry, cycle):
                issued += 1
            else:
                return
            self.counts["list_entries"] += 1
            self.walk.take(cycle)
            if self.work.ends_row[entry]:
                self._end_row(self.work.row[entry], cycle)

    def _issue(self, entry: int, cycle: int) -> bool:
        row_id = self.work.row[entry]
        row = self.rows.get(row_id)
        if row is None and len(self.rows) + self._releasing(cycle) >= self.spec.accumulators:
            return False
        tag = self.free_tags[0]
        port = self.work.bank[entry] * self.spec.bank_ports + tag % self.spec.bank_ports
        if self.requests.free(self.index, port, cycle) < 1:
            return False
        self.free_tags.popleft()
        if row is None:
            carries = self.work.weights is not None
            row = self.rows[row_id] = OpenRow(np.zeros((self.spec.accumulate_latency, self.lanes)) if carries else None)
        row.outstanding += 1
        flit = Flit(self.index, self.issued, self.work.word[entry], tag, row_id, entry)
        self.issued += 1
        self.counts["requests"] += 1
        self.outstanding.append(flit)
        self.requests.send(flit, port, cycle)
        return True

    def _releasing(self, cycle: int) -> int:
        while self.row_releases and self.row_releases[0] <= cycle:
            self.row_releases.popleft()
        return len(self.row_releases)

    def _end_row(self, row_id: int, cycle: int) -> None:
        row = self.rows.get(row_id)
        if row is None:
            return
        row.ended = True
        if not row.outstanding:
            self._merge(row_id, cycle)

    def _merge(self, row_id: int, cycle: int) -> None:
        row = self.rows.pop(row_id)
        self.merged_at = max(cycle, self.merged_at + 1)
        self.row_releases.append(self.merged_at + self.spec.release_cycles)
        self.last_write = self.merged_at + self.spec.merge_cycles
        self.walk.write(self.last_write)
        self.counts["rows_merged"] += 1
        self.counts["output_bank_writes"] += 1
        if row.partial is not None:
            self.outputs[row_id] = row.partial.sum(axis=0).reshape(-1, self.spec.summed_lanes).sum(axis=1)
