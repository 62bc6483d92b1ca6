"""Floorplans of clusters: blocks keep their area and do not overlap, ways scale as lengths do and are bounded by the side."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost.floorplan import ClusterBlocks, Floorplan, floorplan

areas = st.floats(1e-4, 10)
counts = st.integers(1, 40)
joined = st.builds(ClusterBlocks, areas, counts, areas, counts, areas)
copies = st.builds(ClusterBlocks, areas, counts, areas, st.just(1), st.just(0.0))
clusters = joined | copies


def _rectangles(plan: Floorplan) -> np.ndarray:
    return np.vstack([plan.banks, plan.units, [plan.core]])


@given(clusters)
def test_blocks_keep_their_area_and_fill_the_square(blocks: ClusterBlocks) -> None:
    plan = floorplan(blocks)
    assert plan.banks[:, 2:].prod(axis=1) == pytest.approx(blocks.bank_mm2)
    core_mm2 = blocks.network_mm2 or blocks.unit_mm2
    assert plan.core[2] * plan.core[3] == pytest.approx(core_mm2)
    if blocks.network_mm2:
        assert plan.units[:, 2:].prod(axis=1) == pytest.approx(blocks.unit_mm2)
    assert plan.side_mm**2 == pytest.approx(blocks.total_mm2)
    placed = _rectangles(plan)
    slack = 1e-9 * plan.side_mm
    assert (placed[:, :2] >= -slack).all()
    assert (placed[:, :2] + placed[:, 2:] <= plan.side_mm + slack).all()


@given(clusters)
def test_blocks_do_not_overlap(blocks: ClusterBlocks) -> None:
    plan = floorplan(blocks)
    placed = _rectangles(plan)
    low, high = placed[:, :2], placed[:, :2] + placed[:, 2:]
    shared = (np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])).clip(min=0).prod(axis=2)
    np.fill_diagonal(shared, 0.0)
    assert shared.max(initial=0.0) <= 1e-9 * blocks.total_mm2


@given(clusters, st.floats(0.01, 100))
def test_ways_grow_as_the_side_does(blocks: ClusterBlocks, factor: float) -> None:
    small = floorplan(blocks)
    large = floorplan(
        ClusterBlocks(blocks.bank_mm2 * factor, blocks.banks, blocks.unit_mm2 * factor, blocks.units, blocks.network_mm2 * factor)
    )
    assert large.bank_way_mm == pytest.approx(small.bank_way_mm * math.sqrt(factor), rel=1e-6, abs=1e-9)
    assert large.unit_way_mm == pytest.approx(small.unit_way_mm * math.sqrt(factor), rel=1e-6, abs=1e-9)


@given(clusters)
def test_no_way_is_longer_than_from_corner_to_corner(blocks: ClusterBlocks) -> None:
    plan = floorplan(blocks)
    assert 0 <= plan.bank_way_mm <= 2 * plan.side_mm
    assert 0 <= plan.unit_way_mm <= 2 * plan.side_mm


def test_one_bank_beside_one_unit_by_hand() -> None:
    # a square of 1 mm², of which the bank is a strip of a fifth: centres are half a side apart
    plan = floorplan(ClusterBlocks(0.2, 1, 0.8, 1, 0.0))
    assert plan.side_mm == pytest.approx(1.0)
    assert plan.bank_way_mm == pytest.approx(0.5)
    assert plan.unit_way_mm == 0


def test_four_blocks_around_a_network_by_hand() -> None:
    # in a square of 3 × 3 mm: strips of 2/3 × 3 left and right, and between them blocks of 5/3 × 6/5 above and below 3/5 mm of network;
    # ways from (1/3, 3/2) to 2/3 mm and from (3/2, 3/5) to 6/5 mm
    plan = floorplan(ClusterBlocks(2.0, 2, 2.0, 2, 1.0))
    assert plan.core == pytest.approx((2 / 3, 6 / 5, 5 / 3, 3 / 5))
    assert plan.bank_way_mm + plan.unit_way_mm == pytest.approx(1 / 3 + 3 / 5)


def test_many_blocks_surround_a_square_network_in_the_middle() -> None:
    plan = floorplan(ClusterBlocks(0.01, 256, 0.02, 256, 2.0))
    left, bottom, width, height = plan.core
    assert (left + width / 2) / plan.side_mm == pytest.approx(0.5, abs=0.01)
    assert (bottom + height / 2) / plan.side_mm == pytest.approx(0.5, abs=0.01)
    assert width / height == pytest.approx(1.0, abs=0.05)
    # blocks all over a square are, on average, half its side from the middle, of which the network takes its part
    assert plan.bank_way_mm < plan.side_mm / 2
    assert plan.bank_way_mm == pytest.approx(plan.unit_way_mm, rel=0.1)


def test_a_larger_network_leaves_less_way_outside_of_it_and_a_small_one_half_a_side() -> None:
    shares = [floorplan(ClusterBlocks(0.01, 256, 0.01, 256, network)) for network in (1e-6, 0.5, 5.0, 50.0)]
    ways = [plan.bank_way_mm / plan.side_mm for plan in shares]
    assert ways == sorted(ways, reverse=True)
    assert ways[0] == pytest.approx(0.5, abs=0.02)
