"""The tree over a unit's lanes: by hand, and paid only by machines that have it."""

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Technology
from simulator.kinds.sampled.parts import LaneTree
from simulator.pricing import elaborate, price


def test_by_hand(forty_five: Technology) -> None:
    tree = LaneTree(forty_five, 4, "int32", 2)
    # 3 adders of 1.3 · 5.4 · 32 = 224.64 GE and 3 · 32 · 2 flops of 5.9 GE, 0.798 um2 each; 3 · 3.1 · 32 fJ and 192 · 5 fJ
    assert tree.area().cell_mm2 == pytest.approx((3 * 224.64 + 192 * 5.9) * 0.798e-6)
    assert tree.energy_pj("reduce") == pytest.approx(3 * 3.1e-3 * 32 + 192 * 5e-3)
    assert tree.energy_pj("clock") == pytest.approx(192 * 0.1 * 2.5e-3)
    assert LaneTree(forty_five, 1, "int32", 2).area().cell_mm2 == 0


def test_only_a_machine_that_has_it_pays(seven: Technology, machines: Any) -> None:
    ran = Activity(100, 64, Counts(lane_reductions=1000), {}, Bounds(), ())
    without, with_tree = (price(ran, elaborate(machine, seven), seven) for machine in (machines.gather(), machines.gather(lane_tree=True)))
    assert "reduce" not in next(part for part in without.components if part.name == "accumulators").energy_pj_by_action
    accumulators = next(part for part in with_tree.components if part.name == "accumulators")
    assert accumulators.energy_pj_by_action["reduce"] > 0
    assert with_tree.area_mm2 > without.area_mm2
