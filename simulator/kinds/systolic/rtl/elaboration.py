"""What of an array's machine file is elaborated, and as what."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.kinds.systolic.machine import ArrayMachine
from simulator.machine.model import BITS
from simulator.rtl.array.shape import ArrayShape
from simulator.rtl.design import Design, not_elaborated

if TYPE_CHECKING:
    from simulator.rtl.array.array import CellArray

LARGEST_CELLS = 4096
"""Of an array that is written out; every cell is a module of its own."""


def shape_of(machine: ArrayMachine, words: tuple[int, int, int] | None = None, listed_steps: int | None = None) -> ArrayShape:
    """The sizes of a machine's array, of which all pipelines are settled.

    Operands are integers of as many bits as the machine's formats have, whatever these are. `words`: of each bank at the left, at the top
    and of sums, where they are not to be the machine's own (both halves), and `listed_steps` of the lists of steps that remain, where they
    are not to be those of a running fold and the next. Raises ConfigError for what is not elaborated.
    """
    fabric, kinds = machine.fabric, machine.datatypes
    if fabric.n_m != "none":
        raise not_elaborated("fabric.n_m", fabric.n_m, "none")
    skips = fabric.column_skip and fabric.keeps_sums
    if words is None:
        x = _words(fabric.x_buffer_kib, fabric.rows, kinds.activation)
        w = _words(fabric.w_buffer_kib, fabric.cols, kinds.weight)
        words = x, w, _words(fabric.y_buffer_kib, fabric.cols, kinds.accumulate)
    return ArrayShape(
        rows=fabric.rows,
        cols=fabric.cols,
        operand_bits=max(kinds.weight_bits, kinds.activation_bits),
        accumulate_bits=kinds.accumulate_bits,
        product_stages=fabric.product_cycles,
        read_cycles=fabric.read_cycles,
        overlapped=fabric.weight_load == "overlapped",
        holds=fabric.holds_operands,
        keeps=fabric.keeps_sums,
        row_words=words[0],
        column_words=words[1],
        sum_words=words[2],
        row_word=machine.x_word if skips else 1,
        column_word=machine.w_word if skips else 1,
        listed_steps=(2 * words[0] if listed_steps is None else listed_steps) if skips else 0,
    )


def array_design(machine: ArrayMachine) -> Design:
    """The whole array with its edges. Raises ConfigError for what is not elaborated, and for an array of very many cells."""
    shape = shape_of(machine)
    if shape.rows * shape.cols > LARGEST_CELLS:
        raise not_elaborated("fabric.rows, fabric.cols", f"{shape.rows} × {shape.cols}", f"at most {LARGEST_CELLS:,} cells")
    from simulator.rtl.array.array import CellArray

    top: CellArray = CellArray(shape)
    about = (
        f"{machine.name}: {shape.rows} × {shape.cols} cells of {shape.operand_bits} b integers and sums of {shape.accumulate_bits} b, "
        "their sequencer and the banks at three edges"
    )
    return Design("array", top, top.ports, about)


def _words(kib: float, banks: int, kind: str) -> int:
    """Elements of both halves of one bank."""
    return max(1, math.floor(2 * kib * 8192 / (banks * BITS[kind])))
