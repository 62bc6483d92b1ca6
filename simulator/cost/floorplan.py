"""Where the blocks of a cluster stand, and how far a word travels between them: a slicing floorplan around the network.

The rule. The cluster is a square. Its core (the network, or, where a unit has a copy of its own, that unit) stands in the
middle; banks and units, evenly mixed, are dealt into four regions: a strip of full height to the left and to the right of
the core, and what is left above and below it. A region is cut in two across its longer side, each part as large as the
blocks that it holds, until every block has its own rectangle (a slicing floorplan: Otten, DAC 1982). Blocks keep their
area and give up their shape; the square has no gaps, for those are in the blocks' die area already.

A way is Manhattan: from the centre of a block to that of the core, less what lies within a network, since the way across a
network is its crossbars' own. So a block's port is where the line between both centres meets the network's edge, and blocks
all around have their ports all around.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TIE = 1e-9
"""What counts as equal: a tie falls the same way however areas are rounded."""


class ClusterBlocks(Struct, frozen=True):
    """What stands in one cluster, in mm² of die."""

    bank_mm2: float
    banks: int
    unit_mm2: float
    units: int
    network_mm2: float
    """0 where the only unit has a copy of its own."""

    @property
    def total_mm2(self) -> float:
        """All of it."""
        return self.bank_mm2 * self.banks + self.unit_mm2 * self.units + self.network_mm2


class Floorplan(Struct, frozen=True):
    """Rectangles of one cluster, in mm, from its lower left corner; [blocks, 4] are left, bottom, width, height."""

    side_mm: float
    core: tuple[float, float, float, float]
    banks: Floats
    units: Floats
    """None but the core where there is no network."""

    @property
    def core_side_mm(self) -> float:
        """Of a square as large as the core."""
        return math.sqrt(self.core[2] * self.core[3])

    @property
    def bank_way_mm(self) -> float:
        """Mean way between a bank and the network, or its unit."""
        return self._mean_way(self.banks)

    @property
    def unit_way_mm(self) -> float:
        """Mean way between the network and a unit; 0 where the unit is the core."""
        return self._mean_way(self.units)

    @property
    def longest_bank_way_mm(self) -> float:
        """The longest of those, which its clock has to wait for."""
        return float(self._ways(self.banks).max(initial=0.0))

    @property
    def longest_unit_way_mm(self) -> float:
        """The longest of those."""
        return float(self._ways(self.units).max(initial=0.0))

    def centres(self, blocks: Floats) -> Floats:
        """[blocks, 2] of rectangles [blocks, 4]."""
        return blocks[:, :2] + blocks[:, 2:] / 2

    def ports(self, blocks: Floats) -> Floats:
        """[blocks, 2] where the way of each ends: at the network's edge, or in the middle of the unit."""
        core = np.array(self.core)
        middle = core[:2] + core[2:] / 2
        apart = self.centres(blocks) - middle
        if not len(self.units):
            return np.broadcast_to(middle, apart.shape)
        within = 1 / np.maximum((np.abs(apart) / (core[2:] / 2)).max(axis=1, keepdims=True), 1.0)
        return np.asarray(middle + apart * within)

    def _mean_way(self, blocks: Floats) -> float:
        return float(self._ways(blocks).mean()) if len(blocks) else 0.0

    def _ways(self, blocks: Floats) -> Floats:
        """[blocks] mm."""
        return np.asarray(np.abs(self.centres(blocks) - self.ports(blocks)).sum(axis=1))


@lru_cache(maxsize=256)
def floorplan(blocks: ClusterBlocks) -> Floorplan:
    """Place the blocks of a cluster by the rule above."""
    joined = blocks.network_mm2 > 0
    core_mm2, units = (blocks.network_mm2, blocks.units) if joined else (blocks.unit_mm2 * blocks.units, 0)
    side = math.sqrt(blocks.total_mm2)
    is_unit = _mixed(blocks.banks, units)
    areas = np.where(is_unit, blocks.unit_mm2, blocks.bank_mm2)
    first, second, third = _dealt(areas, side, math.sqrt(core_mm2))
    left, above, below, right = (float(part.sum()) for part in np.split(areas, (first, second, third)))
    strip, middle = left / side, (above + core_mm2 + below) / side
    heights = np.array([below, core_mm2, above]) / middle
    regions = np.array(
        [
            (0.0, 0.0, strip, side),
            (strip, heights[0] + heights[1], middle, heights[2]),
            (strip, 0.0, middle, heights[0]),
            (strip + middle, 0.0, right / side, side),
        ]
    )
    tiles = _sliced(areas, regions, np.array([0, first, second, third, len(areas)]))
    return Floorplan(side, (strip, float(heights[0]), middle, float(heights[1])), tiles[~is_unit], tiles[is_unit])


def _mixed(banks: int, units: int) -> NDArray[np.bool_]:
    """[banks + units] whether a unit is next: both kinds spread evenly over the order."""
    total = banks + units
    return np.diff(np.arange(total + 1) * units // total).astype(bool)


def _dealt(areas: Floats, side: float, core: float) -> tuple[int, int, int]:
    """Where the order of blocks is parted into left, above, below and right: a core of that side square, and in the middle."""
    ends = np.concatenate(([0.0], np.cumsum(areas)))

    def nearest(mark: float) -> int:
        apart = np.abs(ends - mark)
        return int((apart <= apart.min() + _TIE * ends[-1]).argmax())

    first = nearest(side * (side - core) / 2)
    third = max(first, nearest(ends[-1] - ends[first]))
    return first, min(max(first, nearest((ends[first] + ends[third]) / 2)), third), third


def _sliced(areas: Floats, regions: Floats, bounds: NDArray[np.int64]) -> Floats:
    """[blocks, 4] the rectangle of each: all parts of a region that hold several blocks are cut in two, until none does."""
    ends = np.concatenate(([0.0], np.cumsum(areas)))
    low, high, at = bounds[:-1], bounds[1:], regions
    while True:
        held = high > low
        low, high, at = low[held], high[held], at[held]
        if len(low) == len(areas):
            break
        halfway = np.where(high - low > 1, (low + high) // 2, high)
        share = (ends[halfway] - ends[low]) / (ends[high] - ends[low])
        wide = at[:, 2] >= at[:, 3] * (1 - _TIE)
        first, second = at.copy(), at.copy()
        for axis, along in ((0, wide), (1, ~wide)):
            cut = np.where(along, share, 1.0)
            first[:, axis + 2] = at[:, axis + 2] * cut
            second[:, axis + 2] = np.where(along, at[:, axis + 2] * (1 - share), at[:, axis + 2])
            second[:, axis] = np.where(along, at[:, axis] + first[:, axis + 2], at[:, axis])
        low, high, at = np.concatenate((low, halfway)), np.concatenate((halfway, high)), np.concatenate((first, second))
    rectangles = np.empty_like(at)
    rectangles[low] = at
    return rectangles
