"""Sizes of a systolic array: its edges and its buffers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from typing import ClassVar

from simulator.kinds.sizes import POWERS, Grid, Keys, OnChipSram, Sizes, combinations
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.machine.model import Elaborated, Machine

_EDGES = (4, 8, 16, 32, 64, 128, 256, 512)
_LEAVES_OUT = ("fabric.skip_zero_tiles", "fabric.column_skip", "fabric.n_m")
"""Options of an array that leaves zeros out; `row_order` only serves them."""


class ArraySizes(Sizes):
    """Every array is of one design; scaling keeps its aspect ratio and whole groups of `n_m` in its rows."""

    grid: ClassVar[Grid] = {
        "fabric.rows": (8, 16, 32, 64, 128, 256),
        "fabric.cols": (8, 16, 32, 64, 128, 256),
        "fabric.dataflow": ("best", "ws", "os", "is"),
        "fabric.x_buffer_kib": (16.0, 64.0, 256.0),
        "fabric.w_buffer_kib": (16.0, 64.0, 256.0),
        "fabric.y_buffer_kib": (64.0, 256.0, 1024.0),
    }
    ladders: ClassVar[Grid] = {
        "fabric.rows": _EDGES,
        "fabric.cols": _EDGES,
        "fabric.dataflow": ("best", "ws", "os", "is"),
        "fabric.weight_load": ("overlapped", "serial"),
        "fabric.gate_zeros": (True, False),
        "fabric.x_buffer_kib": POWERS,
        "fabric.w_buffer_kib": POWERS,
        "fabric.y_buffer_kib": POWERS,
        "fabric.skip_zero_tiles": (True, False),
        "fabric.column_skip": (True, False),
        "fabric.row_order": ("grouped", "natural"),
        "fabric.n_m": ("none", "2:4"),
    }
    members = ("fabric.x_buffer_kib", "fabric.w_buffer_kib", "fabric.y_buffer_kib")
    freed: ClassVar[Keys] = {"fabric.dataflow": "best"}
    fitted = members
    scaled = ("fabric.rows", "fabric.cols")

    def design(self, machine: Machine) -> str:
        """A systolic array."""
        return "systolic"

    def size(self, machine: Machine) -> int:
        """Its edge, in steps."""
        return _edge_steps(ArrayMachine.of(machine).fabric)

    def at_size(self, machine: Machine, size: int) -> Keys:
        """Both edges grow together."""
        fabric = ArrayMachine.of(machine).fabric
        steps = _edge_steps(fabric)
        return {"fabric.rows": fabric.rows // steps * size, "fabric.cols": fabric.cols // steps * size}

    def named(self, machine: Machine) -> str:
        """Both edges."""
        return f"{ArrayMachine.of(machine).fabric.rows} × {ArrayMachine.of(machine).fabric.cols}"

    def own(self, machine: Machine) -> tuple[Keys, Grid]:
        """All keys of the grid are keys of the fabric."""
        return {key: getattr(ArrayMachine.of(machine).fabric, key.removeprefix("fabric.")) for key in self.grid}, self.grid

    def families(self, machine: Machine, grid: Grid) -> Iterator[Keys]:
        """Edges and dataflows."""
        return combinations({key: values for key, values in grid.items() if key not in self.members})

    def takes(self, machine: Machine, key: str) -> bool:
        """An array that leaves no zeros out is meant so: it stays one."""
        return _leaves_out(machine) or key not in (*_LEAVES_OUT, "fabric.row_order")

    def paired_steps(self, machine: Machine) -> Iterator[Keys]:
        """As many cells in another shape, and both edges at once."""
        fabric = ArrayMachine.of(machine).fabric
        half, twice = ((fabric.rows // 2, fabric.cols // 2), (fabric.rows * 2, fabric.cols * 2))
        for rows, cols in ((half[0], twice[1]), (twice[0], half[1]), half, twice):
            if rows in _EDGES and cols in _EDGES:
                yield {"fabric.rows": rows, "fabric.cols": cols}

    def member_bound(self, machine: Machine) -> Hashable:
        """No bound looks at a buffer."""
        return None

    def member_timing(self, elaborated: Elaborated) -> Hashable | None:
        """Every buffer may change the tiles."""
        return None

    def with_sram(self, sram: OnChipSram) -> Keys:
        """As its operand buffers."""
        return {"fabric.x_buffer_kib": sram.x_kib, "fabric.w_buffer_kib": sram.w_kib, "fabric.y_buffer_kib": sram.y_kib}


def _leaves_out(machine: Machine) -> bool:
    fabric = ArrayMachine.of(machine).fabric
    return fabric.skip_zero_tiles or fabric.column_skip or fabric.n_m != "none"


def _edge_steps(fabric: SystolicFabric) -> int:
    """Of how many of the smallest legal arrays of its shape its edge is made, so that no size is refused for `n_m`."""
    shape, (kept, _) = math.gcd(fabric.rows, fabric.cols), fabric.kept_of
    return shape // (kept // math.gcd(fabric.rows // shape, kept))
