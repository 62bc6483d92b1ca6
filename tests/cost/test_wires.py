"""Broadcast trunks, cluster wires, links and the room that wires need."""

from __future__ import annotations

import pytest

from simulator.cost import Technology
from simulator.cost.wires import Bus, ClusterWires, RouterLink, WiringRoom, cut_area_mm2


def test_broadcast_to_four_by_hand(seven: Technology) -> None:
    # 2,048 b past three pitches of 0.5 mm: a byte drives 8 · 1.5 mm · 0.0657 = 0.7884 pJ, whoever listens;
    # repeaters: 5 % of 2,048 · 1,500 um · 0.06687 um = 10,271 um²
    bus = Bus(seven, 2048 * 1.5, 1.5)
    assert bus.energy_pj("transfer_byte") == pytest.approx(0.7884)
    assert bus.area().cell_mm2 * 1e6 == pytest.approx(10271, abs=2)
    assert bus.area().placed_mm2 == pytest.approx(bus.area().cell_mm2 / 0.65)
    assert bus.logic_mm2() == 0
    further = Bus(seven, 2048 * 3.0, 3.0)
    assert further.energy_pj("transfer_byte") == pytest.approx(2 * bus.energy_pj("transfer_byte"))
    assert further.area().cell_mm2 == pytest.approx(2 * bus.area().cell_mm2)


def test_cluster_wires_by_hand(seven: Technology) -> None:
    # a word of 261 b over 0.8 + 1.2 mm: 261 · 2 · 0.0657 = 34.30 pJ; 64 ways of 18 + 261 b to units and 32 to banks:
    # 5 % of (64 · 1,200 + 32 · 800) · 279 · 0.06687 = 95,523 um²
    wires = ClusterWires(seven, 18, 261, 0.8, 32, 1.2, 64)
    assert wires.energy_pj("word") == pytest.approx(34.30, abs=0.01)
    assert wires.energy_pj("word_sent") == pytest.approx(34.30 * 0.4, abs=0.01)
    assert wires.energy_pj("word_delivered") == pytest.approx(34.30 * 0.6, abs=0.01)
    assert wires.energy_pj("request") == pytest.approx(18 * 2 * 0.0657)
    assert wires.area().cell_mm2 * 1e6 == pytest.approx(95523, rel=1e-4)
    (note,) = wires.notes()
    assert "word (261 b) travels 2 mm outside crossbars, by the cluster's floorplan (× 0.8 to 1.6)" in note
    assert note.endswith("at 0.066 (0.05 to 0.085) pJ/bit/mm")


def test_narrow_links_send_a_word_as_several_flits(seven: Technology) -> None:
    whole, halved = ClusterWires(seven, 18, 260, 1.0, 1), ClusterWires(seven, 18, 130, 1.0, 1, request_flits=1, reply_flits=2)
    assert halved.energy_pj("word") == pytest.approx(whole.energy_pj("word"))
    assert halved.area().cell_mm2 < whole.area().cell_mm2


def test_the_detour_of_cluster_wires_is_a_constant(seven: Technology) -> None:
    half = seven.model_copy(update={"cluster_wire_detour": 0.5})
    short, long = ClusterWires(half, 18, 261, 2.0, 64), ClusterWires(seven, 18, 261, 2.0, 64)
    assert short.energy_pj("word") == pytest.approx(long.energy_pj("word") / 2)
    assert short.area().cell_mm2 == pytest.approx(long.area().cell_mm2 / 2)


def test_router_link_by_hand(seven: Technology) -> None:
    # 100 b, 0.2 of 0.5 mm driven: 100 · 0.2 · 0.0657 = 1.314 pJ; repeaters 5 % of 100 · 500 · 0.06687 = 167.2 um²
    link = RouterLink(seven, 100, 0.5, 0.2)
    assert link.energy_pj("hop") == pytest.approx(1.314)
    assert link.area().cell_mm2 * 1e6 == pytest.approx(167.2, abs=0.1)


def test_cut_by_hand(seven: Technology) -> None:
    # 32 links of 100 b: (3,200 · 0.06687 um)² = 0.04579 mm²; in four slices each is a sixteenth, all together a quarter
    assert cut_area_mm2(seven, 32, 100) == pytest.approx(0.04579, abs=1e-5)
    assert cut_area_mm2(seven, 32, 100, 4) == pytest.approx(0.04579 / 4, abs=1e-5)
    assert cut_area_mm2(seven, 64, 100) == pytest.approx(4 * cut_area_mm2(seven, 32, 100))


def test_room_for_wires_holds_no_cells(seven: Technology) -> None:
    room = WiringRoom(seven, 0.25)
    assert (room.area().cell_mm2, room.area().placed_mm2, room.leakage_mw()) == (0, 0.25, 0)
    assert not room.actions()
    assert room.notes()
