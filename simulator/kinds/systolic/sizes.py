"""Sizes of a systolic array: its edge as one number, and the grid of sizes that a search tries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from simulator.kinds.base import Grid, Sram
from simulator.kinds.systolic.machine import SystolicFabric

GRID: Mapping[str, tuple[Any, ...]] = {
    "fabric.rows": (8, 16, 32, 64, 128, 256),
    "fabric.cols": (8, 16, 32, 64, 128, 256),
    "fabric.dataflow": ("best", "ws", "os", "is"),
    "fabric.x_buffer_kib": (16.0, 64.0, 256.0),
    "fabric.w_buffer_kib": (16.0, 64.0, 256.0),
    "fabric.y_buffer_kib": (64.0, 256.0, 1024.0),
}
MEMBER_KEYS = ("fabric.x_buffer_kib", "fabric.w_buffer_kib", "fabric.y_buffer_kib")


def edge_steps(fabric: SystolicFabric) -> int:
    """Of how many of the smallest legal arrays of its shape its edge is made, so that no size on the ladder is refused for `n_m`."""
    shape, (kept, _) = math.gcd(fabric.rows, fabric.cols), fabric.kept_of
    return shape // (kept // math.gcd(fabric.rows // shape, kept))


def resized_keys(fabric: SystolicFabric, size: int) -> Mapping[str, Any]:
    """Keys of the machine file at another size, its aspect ratio kept."""
    steps = edge_steps(fabric)
    return {"fabric.rows": fabric.rows // steps * size, "fabric.cols": fabric.cols // steps * size}


def keys_with_sram(sram: Sram) -> Mapping[str, Any]:
    """Keys of the machine file with that much memory as its buffers."""
    return {"fabric.x_buffer_kib": sram.x_kib, "fabric.w_buffer_kib": sram.w_kib, "fabric.y_buffer_kib": sram.y_kib}


def grid_of(fabric: SystolicFabric) -> Grid:
    """The values that are tried of each key."""
    return Grid({key: getattr(fabric, key.removeprefix("fabric.")) for key in GRID}, GRID, MEMBER_KEYS)
