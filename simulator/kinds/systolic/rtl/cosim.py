"""Folds of an operation through an array's hardware and its reference engine: every register of every cell, in every cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator.activity import Counts
from simulator.kinds.systolic.cells import ArrayRun, CellState, run_output, run_stationary
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.reference import PlacedFold
from simulator.kinds.systolic.rtl.elaboration import shape_of
from simulator.kinds.systolic.rtl.program import FoldProgram, Region, fold_program
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.rtl.design import AROUND, Difference

if TYPE_CHECKING:
    from simulator.rtl.array.bench import Bench, Recording

States = list[list[list[CellState]]]
LEAD = 1
"""Cycles from that in which the first address lies on a bank to the engines' cycle 0, which is the next one if a read takes a cycle."""


@dataclass(frozen=True)
class FoldRun:
    """Hardware and engine after the same folds."""

    schedule: SystolicSchedule
    folds: Sequence[PlacedFold]
    program: FoldProgram
    recording: Recording
    states: States
    """[cycles, rows, columns] of the engine, at the end of each cycle."""
    engine: ArrayRun

    @property
    def cycles(self) -> int:
        """Of the hardware, counted as the engines do."""
        last = self.recording.last_done - LEAD + 1
        drains = self.schedule.dataflow == "os" and self.schedule.fabric.weight_load == "overlapped"
        return last + self.schedule.fabric.rows if drains else last

    @property
    def registers_compared(self) -> int:
        """Values, over all cells and cycles."""
        return sum(len(_engine(self, cells[0][0])) * self.schedule.fabric.multipliers for cells in self.states)

    @property
    def sums_compared(self) -> int:
        """Outputs, after the last fold that adds to them."""
        return sum(_outputs_of(self.schedule.dataflow, fold) for fold in self._outputs.values())

    @property
    def _outputs(self) -> dict[tuple[int, int], PlacedFold]:
        """A fold of each block of outputs."""
        return {(fold.features.start, fold.tokens.start): fold for fold in self.folds}

    @property
    def counts(self) -> Counts:
        """Events of the hardware; every sum that lies in a bank at the end is read once more, to leave."""
        count, flow = self.recording.count, self.schedule.dataflow
        reads = count("row_operands"), count("column_operands")
        if flow == "os" and self.schedule.fabric.column_skip:
            left, top = self.program.row_banks.word, self.program.column_banks.word
            reads = left * count("row_reads") - self.program.unread[0], top * count("column_reads") - self.program.unread[1]
        stays = flow == "os"
        return Counts(
            macs_useful=count("useful"),
            mac_slots=count("multiplies"),
            pe_weight_shifts=count("loads"),
            pe_operand_shifts=count("rows_pass") + (count("columns_pass") if stays else 0),
            pe_sum_shifts=count("sums") + count("shifts_out"),
            x_buffer_reads=reads[flow == "is"],
            w_buffer_reads=reads[flow != "is"],
            y_buffer_writes=count("sum_writes"),
            y_buffer_reads=count("sum_adds") + self.sums_compared,
        )


def run_both(
    machine: ArrayMachine, schedule: SystolicSchedule, folds: Sequence[PlacedFold], bench: Bench | None = None, waveform: Path | None = None
) -> FoldRun:
    """Run folds of a schedule on a machine whose pipelines are settled. `bench`: with an array of it, whose banks hold all operands.

    Raises ConfigError for what is not elaborated, and for operands that are no integers of the array's width.
    """
    from simulator.rtl.array.array import CellArray
    from simulator.rtl.array.bench import Bench, Job

    flow, fabric = schedule.dataflow, machine.fabric
    own = shape_of(machine)
    program = fold_program(flow, folds, Region(fabric.rows, own.row_word), Region(fabric.cols, own.column_word), own.operand_bits)
    if bench is None:
        words = program.row_banks.words, program.column_banks.words, program.sum_words
        bench = Bench(CellArray(shape_of(machine, words, max(1, program.lists.words))))
    states: States = []
    run = run_output if flow == "os" else run_stationary
    engine = run(schedule.fabric, [fold.operands for fold in folds], lambda cycle, cells: states.append(cells))
    job = Job(
        flow == "os",
        (schedule.fabric.rows, schedule.fabric.cols),
        [{name: int(value) for name, value in asdict(order).items()} for order in program.orders],
        (_fill(program.row_banks.blocks), _fill(program.column_banks.blocks)),
        [step for _, block in program.lists.blocks for step in block[0].tolist()],
    )
    return FoldRun(schedule, folds, program, bench.run(job, waveform), states, engine)


def difference(run: FoldRun) -> Difference | None:
    """Where hardware and engine first part: in a register of a cell, in the cycles, or in a sum that lies in a bank at the end."""
    fabric, recording = run.schedule.fabric, run.recording
    for cycle, cells in enumerate(run.states):
        found = cycle + LEAD + 1
        if found >= len(recording.held):
            break
        for row, col in np.ndindex(fabric.rows, fabric.cols):
            hardware, engine = _hardware(run, cycle, row, col), _engine(run, cells[row][col])
            parted = [name for name, value in engine.items() if hardware[name] != value]
            if parted:
                return _of_register(run, cycle, row, col, parted[0])
    if run.cycles != run.engine.cycles:
        return Difference(min(run.cycles, run.engine.cycles), f"hardware takes {run.cycles:,} cycles, the engine {run.engine.cycles:,}")
    return _of_sums(run)


def _of_register(run: FoldRun, cycle: int, row: int, col: int, name: str) -> Difference:
    what = f"cell ({row}, {col}), register {name}: hardware and engine hold different values at the end of the cycle"
    rows = []
    for at in range(max(0, cycle - AROUND), min(len(run.states), cycle + AROUND + 1)):
        hardware, engine = _hardware(run, at, row, col)[name], _engine(run, run.states[at][row][col])[name]
        rows.append((str(at), str(hardware), f"{engine:g}", "" if hardware == engine else "<"))
    return Difference(cycle, what, ("cycle", f"hardware {name}", f"engine {name}", ""), tuple(rows))


def _of_sums(run: FoldRun) -> Difference | None:
    """Sums in the banks against NumPy's, block by block of outputs."""
    expected: dict[tuple[int, int], np.ndarray] = {}
    flow = run.schedule.dataflow
    for fold in run.folds:
        operands, (rows, cols) = fold.operands, fold.operands.used
        streamed = operands.rows[:, :, 0]
        block = (streamed.T @ operands.cols)[::-1][:rows, :cols] if flow == "os" else (streamed @ operands.cols)[:, :cols]
        key = fold.features.start, fold.tokens.start
        expected[key] = expected[key] + block if key in expected else block
    for key, block in expected.items():
        base = run.program.sum_bases[key]
        for place, col in np.ndindex(*block.shape):
            found = run.recording.sums[col][base + place]
            if found != block[place, col]:
                what = f"bank of sums {col}, word {base + place}: holds {found}, the product is {block[place, col]:g}"
                return Difference(run.cycles, what)
    return None


def _hardware(run: FoldRun, cycle: int, row: int, col: int) -> dict[str, int]:
    """What the engine shows too, at the end of one of its cycles; sums that are kept only where one was written."""
    cols = run.recording.cols
    return run.recording.cell(cycle + LEAD + 1, row * cols + col)


def _engine(run: FoldRun, state: CellState) -> dict[str, float]:
    found = {"right": 0.0 if state.right is None else state.right.values[0]}
    if run.schedule.dataflow == "os":
        found |= {"down": 0.0 if state.down is None else state.down.value, "out": state.out or 0.0}
    else:
        found |= {"sum": state.partial or 0.0}
        if run.schedule.fabric.weight_load == "overlapped":
            found |= {"active": state.active.value}
    return found


def _outputs_of(flow: str, fold: PlacedFold) -> int:
    rows, cols = fold.operands.used
    return cols * (rows if flow == "os" else len(fold.operands.rows))


def _fill(blocks: Sequence[tuple[int, np.ndarray]]) -> dict[tuple[int, int], int]:
    return {(bank, base + word): int(block[bank, word]) for base, block in blocks for bank, word in np.ndindex(*block.shape)}
