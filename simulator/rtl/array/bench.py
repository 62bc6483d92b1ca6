"""Runs folds through an array in Amaranth's simulator, and records what every cell holds and does."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Signal
from amaranth.sim import Simulator

from simulator.rtl.array.array import CellArray
from simulator.rtl.bits import split

STROBES = ("multiplies", "useful", "loads", "sums", "shifts_out")
"""Of every cell, in the order in which a probe shows them; then those of `EDGES`, and what passes between cells."""
REGISTERS = ("right", "down", "active", "sum", "out")
"""Of every cell: a valid bit and a value each."""


class Probe(Elaboratable):
    """An array with two wide signals, of what happens in a cycle and of what all registers hold, so that a bench reads two."""

    def __init__(self, array: CellArray) -> None:
        self.array = array
        cells = list(chain.from_iterable(array.cells))
        self.strobes = [Cat(getattr(cell, name) for cell in cells) for name in STROBES]
        self.strobes += [Cat(cell.left.valid for cell in cells), Cat(cell.above.valid for cell in cells)]
        for banks in (array.row_banks, array.column_banks):
            self.strobes += [Cat(bank.passes for bank in banks), Cat(bank.reads for bank in banks)]
        self.strobes += [Cat(bank.sum.valid for bank in array.sum_banks), Cat(bank.sum.valid & bank.adds for bank in array.sum_banks)]
        self.strobes += [array.done]
        self.happens = Signal(sum(map(len, self.strobes)))
        self.registers = [getattr(cell, name) for cell in cells for name in REGISTERS]
        self.holds = Signal(sum(len(word.valid) + len(word.value) for word in self.registers))

    def elaborate(self, platform: object) -> Module:
        """The array, watched."""
        m = Module()
        m.submodules.array = self.array
        m.d.comb += self.happens.eq(Cat(*self.strobes))
        m.d.comb += self.holds.eq(Cat(chain.from_iterable((word.valid, word.value) for word in self.registers)))
        return m


EDGES = ("rows_pass", "columns_pass", "row_operands", "row_reads", "column_operands", "column_reads", "sum_writes", "sum_adds", "done")


_RUBBISH = 77


@dataclass(frozen=True)
class Recording:
    """What an array did: cycle 0 is that in which the first address lies on a bank."""

    happened: tuple[Mapping[str, int], ...]
    """[cycles] a bit a cell, or a bank, of every strobe."""
    held: tuple[int, ...]
    """[cycles] all registers, as a cycle finds them."""
    widths: tuple[int, ...]
    """Of the registers of one cell, valid bit included."""
    cols: int
    """Of the array."""
    sums: tuple[tuple[int, ...], ...]
    """[columns, words] what the banks of sums hold at the end."""
    seconds: float

    def count(self, strobe: str) -> int:
        """How often a strobe was seen, over all cells or banks."""
        return sum(happened[strobe].bit_count() for happened in self.happened)

    @property
    def last_done(self) -> int:
        """Cycle in which the last fold's last step was added in the last cell."""
        return max(cycle for cycle, happened in enumerate(self.happened) if happened["done"])

    def cell(self, cycle: int, place: int) -> dict[str, int]:
        """Registers of the cell at a place, row by row, as a cycle finds them: 0 where one is not valid."""
        bits = self.held[cycle] >> (place * sum(self.widths))
        found = {}
        for name, width in zip(REGISTERS, self.widths, strict=True):
            word = (bits & ((1 << width) - 1)) >> 1
            negative = word >> (width - 2)
            found[name] = (word - (1 << (width - 1)) if negative else word) if bits & 1 else 0
            bits >>= width
        return found


@dataclass(frozen=True, eq=False)
class Job:
    """Folds to run, one after another, on the first rows and columns of `part`."""

    stays: bool
    part: tuple[int, int]
    orders: Sequence[Mapping[str, int]]
    fills: tuple[Mapping[tuple[int, int], int], Mapping[tuple[int, int], int]]
    """Operands that lie in the banks at the left and at the top: (bank, place) to value."""
    lists: Sequence[int] = ()
    """Steps that remain, where steps are skipped."""


class Bench:
    """An array in the simulator, which runs one job after another, each from the reset on."""

    def __init__(self, array: CellArray) -> None:
        self.array = array
        self._probe = Probe(array)
        self._simulator = Simulator(self._probe)
        self._simulator.add_clock(1e-9)
        self._simulator.add_testbench(self._run)
        self._started = False
        self._job = Job(False, (array.shape.rows, array.shape.cols), (), ({}, {}))
        self._happened: list[int] = []
        self._held: list[int] = []
        self._sums: list[tuple[int, ...]] = []

    def run(self, job: Job, waveform: Path | None = None) -> Recording:
        """Run a job. Raises TimeoutError where the array takes more time than the slowest way of running folds."""
        if self._started:
            self._simulator.reset()
        self._started = True
        self._job, self._happened, self._held, self._sums = job, [], [], []
        began = time.process_time()
        if waveform is None:
            self._simulator.run()
        else:
            with self._simulator.write_vcd(str(waveform)):
                self._simulator.run()
        names = (*STROBES, *EDGES)
        widths = [len(strobe) for strobe in self._probe.strobes]
        seen = tuple(dict(zip(names, split(bits, widths), strict=True)) for bits in self._happened)
        of_cell = tuple(len(word.valid) + len(word.value) for word in self._probe.registers[: len(REGISTERS)])
        return Recording(seen, tuple(self._held), of_cell, self.array.shape.cols, tuple(self._sums), time.process_time() - began)

    async def _run(self, ctx: Any) -> None:
        array, job = self.array, self._job
        shape, sequencer = array.shape, array.sequencer
        for banks, operands in zip((array.row_banks, array.column_banks), job.fills, strict=True):
            for (bank, word), value in _words(operands, banks[0].word, shape.operand_bits).items():
                ctx.set(banks[bank].memory.data[word], value)
        if sequencer.lists is not None:
            for place, step in enumerate(job.lists):
                ctx.set(sequencer.lists.data[place], step)
        for bank in array.sum_banks:  # a first sum must not be added to what happens to lie there
            for word in range(shape.sum_words):
                ctx.set(bank.memory.data[word], _RUBBISH)
        ctx.set(sequencer.stays, int(job.stays))
        ctx.set(sequencer.part_rows, job.part[0])
        ctx.set(sequencer.part_cols, job.part[1])
        empty = shape.skew + 2 * shape.rows + 4
        limit = sum(order["steps"] + 3 * shape.rows + shape.skew for order in job.orders) + 4 * empty
        waiting = list(reversed(job.orders))
        left = empty
        while left:
            if waiting:
                for name, value in waiting[-1].items():
                    ctx.set(getattr(sequencer.fold, name), value)
            ctx.set(sequencer.fold.valid, int(bool(waiting)))
            started = ctx.get(sequencer.streams.valid) or (ctx.get(sequencer.loads.valid) and not job.stays)
            if started or self._happened:
                self._happened.append(ctx.get(self._probe.happens))
                self._held.append(ctx.get(self._probe.holds))
            taken = waiting and ctx.get(sequencer.ready)
            busy = ctx.get(sequencer.busy)
            await ctx.tick()
            if taken:
                waiting.pop()
            left = empty if waiting or busy else left - 1
            if len(self._happened) > limit:
                raise TimeoutError(f"{len(self._happened)} cycles, and folds still run")
        self._sums.extend(tuple(ctx.get(bank.memory.data[word]) for word in range(shape.sum_words)) for bank in array.sum_banks)


def _words(operands: Mapping[tuple[int, int], int], word: int, bits: int) -> Mapping[tuple[int, int], int]:
    """Words of so many operands, the first lowest."""
    words: dict[tuple[int, int], int] = defaultdict(int)
    for (bank, place), value in operands.items():
        words[bank, place // word] |= (value & ((1 << bits) - 1)) << (place % word * bits)
    return words
