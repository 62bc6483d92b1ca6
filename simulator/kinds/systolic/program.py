"""What the system level must do for one operation on a systolic array: its tiles in order, with their fills and drains."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.contents import Contents, contents
from simulator.kinds.systolic.fills import EdgeFills, Known, Transfers, WeightFills
from simulator.kinds.systolic.least import Homes, bytes_moved, least_cycles
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import FoldPlan, TileTimes, fold_plan, tile_times
from simulator.system.parts import Part
from simulator.system.program import Drain, Fill, MemoryLevel, OperationProgram, TileStep
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

Ints = NDArray[np.int64]


class ArrayProgram(Struct, frozen=True, eq=False, dict=True):
    """One operation by one schedule, as the system level sees it."""

    schedule: SystolicSchedule
    plan: FoldPlan
    times: TileTimes
    edges: EdgeFills
    xs: Contents
    ws: Contents
    x_fills: Transfers
    """Of `xs`, one by one."""
    w_fills: WeightFills
    """Of `ws`, one by one."""
    ys: Ints
    """[tiles] outputs that each adds to."""
    y_drains: Transfers
    """Of each of these outputs."""
    homes: Homes

    @property
    def bytes_moved(self) -> tuple[int, int]:
        """Bytes to and from DRAM, and to and from the activation buffer, before they are rounded to bursts."""
        return bytes_moved(self.homes, [int(sizes.sum()) for sizes in self._sizes])

    @property
    def _sizes(self) -> tuple[Ints, Ints, Ints]:
        return self.x_fills.bytes, self.w_fills.bytes, self.y_drains.bytes

    @property
    def tiles(self) -> int:
        """How many it has."""
        return len(self.ys)

    def least_cycles(self, spec: SystemSpec) -> int:
        """Cycles that it takes at least by itself on a system."""
        banks = int(self.x_fills.bank_cycles[0]), int(self.w_fills.bank_cycles[0])
        return least_cycles(spec, self.homes, self._sizes, banks, self.times.total, int(self.times.delays[-1]))

    def earliest_end(self, spec: SystemSpec) -> int:
        """Cycles that no run of it by itself goes below."""
        return earliest_end(spec, self.program.by_itself())

    @cached_property
    def program(self) -> OperationProgram:
        """As that of a first operation."""
        x_home, w_home, y_home = self.homes
        made = self.edges.array.weight_home == "activation"
        steps = zip(self.times.cycles.tolist(), self.xs.indices.tolist(), self.ws.indices.tolist(), self.ys.tolist(), strict=True)
        delays = self.times.delays[_last_of(self.ys)]
        return OperationProgram(
            tiles=tuple(TileStep(0, cycles, x, w, y) for cycles, x, w, y in steps),
            x_fills=_fills(self.x_fills, x_home, waits=True),
            w_fills=_fills(self.w_fills, w_home, waits=made),
            drains=tuple(Drain(0, y_home, (part,), delay) for part, delay in zip(_parts(self.y_drains), delays.tolist(), strict=True)),
        )


def array_program(
    machine: ArrayMachine,
    schedule: SystolicSchedule,
    operation: Operation,
    array: Operation,
    residency: Residency,
    known: Known | None = None,
) -> ArrayProgram:
    """The program of a schedule.

    `array` is the operation as the array sees it, with the rows of W as the schedule orders them; `known`, what other schedules of
    the same have found of their cuts.
    """
    plan = fold_plan(schedule)
    times = tile_times(schedule, plan)
    edges = EdgeFills(machine, schedule, operation, array, residency.forms, known)
    block, m, n, k = schedule.places
    m_tiles, k_tiles, n_tiles = len(schedule.m_tiles), len(schedule.k_tiles), len(schedule.n_tiles)
    run = times.folds > 0
    xs = contents((block * n_tiles + n) * k_tiles + k, run)
    ws = contents((block * m_tiles + m) * k_tiles + k, run)
    outputs = (block * m_tiles + m) * n_tiles + n
    ys = np.cumsum(np.diff(outputs, prepend=outputs[0]) != 0)
    return ArrayProgram(
        schedule,
        plan,
        times,
        edges,
        xs,
        ws,
        edges.x_fills(xs),
        edges.w_fills(ws),
        ys,
        edges.y_drains(outputs[_last_of(ys)]),
        (residency.x, weight_level(array, residency), residency.y),
    )


def weight_level(array: Operation, residency: Residency) -> MemoryLevel:
    """Where W comes from: one that is made from the outputs of others, from where those live."""
    if array.weight_home != "activation":
        return "dram"
    return residency.w if residency.x == "chip" else residency.x


def _fills(transfers: Transfers, home: MemoryLevel, *, waits: bool) -> tuple[Fill, ...]:
    return tuple(Fill(0, home, (part,), waits) for part in _parts(transfers))


def _parts(transfers: Transfers) -> Iterator[Part]:
    return itertools.starmap(Part, zip(transfers.bytes.tolist(), transfers.bank_cycles.tolist(), strict=True))


def _last_of(ys: Ints) -> Ints:
    """[outputs] the last tile of each."""
    return np.flatnonzero(np.diff(ys, append=-1))
