"""Networks as graphs of routers: small ones by hand, the wires of the bisection, and what a single crossbar has always cost."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Cost, Instance, Technology, load_technology
from simulator.cost.network import network_layout
from simulator.cost.registers import Fifo
from simulator.cost.router import Crossbar
from simulator.errors import ConfigError
from simulator.kinds.gather.parts import reply_network
from simulator.kinds.scatter.parts import ScatterParts
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import reply_layout, request_layout
from simulator.machine import load_machine
from simulator.machine.model import Machine
from simulator.network import TOPOLOGIES, TopologyName
from simulator.pricing import elaborate, hardware_of, price

NAMES = tuple(TOPOLOGIES)
NETWORK = ("request_network", "reply_network", "queues")


def small(machines: Any, topology: str, ports: int = 4, **network: Any) -> Machine:
    values = {"topology": topology, "radix": 2, "slices": 1, "latency": 1, **network}
    return machines.gather(units=ports, banks=ports, network=values)


def parts(machine: Machine, technology: Technology) -> dict[tuple[str, str], list[Instance]]:
    found: dict[tuple[str, str], list[Instance]] = {}
    for entry in hardware_of(elaborate(machine, technology), technology).instances:
        if entry.name in NETWORK:
            found.setdefault((entry.name, entry.part), []).append(entry)
    return found


def priced(machine: Machine, technology: Technology, cycles: int = 0, **counts: int) -> Cost:
    return price(Activity(cycles, 64, Counts(**counts), {}, Bounds(), ()), elaborate(machine, technology), technology)


def component(cost: Cost, name: str) -> Any:
    return next(part for part in cost.components if part.name == name)


def network_mm2(cost: Cost) -> float:
    return sum(component(cost, name).die_mm2 for name in NETWORK)


def slots_and_width(entry: Instance) -> tuple[int, int]:
    assert isinstance(entry.component, Fifo)
    return entry.component.slots, entry.component.width_bits


FULL = {
    "crossbar": (
        "7nm", {"units": 64, "network": {"iterations": 4}}, (1, 4),
        {"request_network": (2, 0.02700741772549019, 233.44136066576783), "reply_network": (1, 0.3825391532053592, 13409.19508853984),
         "queues": (192, 0.05638066273303166, 2449.317589919053)},
    ),
    "hybrid": (
        "28nm", {"replicas": 8, "banks": 8, "bank_kib": 8, "network": {"iterations": 4}}, (1, 2),
        {"request_network": (16, 0.027019143529411763, 165.0698705400876), "reply_network": (8, 0.6461448733303636, 13112.41778491871),
         "queues": (192, 0.4655022450678733, 10727.955037938198)},
    ),
    "uneven": (
        "7nm",
        {"units": 48, "replicas": 2, "banks": 32, "read_latency": 3, "bank_queue": 5, "window": 40, "bank_ports": 2,
         "network": {"latency": 3, "reply_depth": 5, "depth": 1}}, (3, 4),
        {"request_network": (4, 0.020969532235294124, 169.35346211884337), "reply_network": (2, 0.29322259550217433, 8824.066825554108),
         "queues": (304, 0.25462553020814477, 4895.866693253597)},
    ),
}  # fmt: skip
"""One crossbar a cluster: instances, die area and energy from before networks were graphs and their schedulers were priced."""


@pytest.mark.parametrize("name", FULL)
def test_a_single_crossbar_costs_what_it_did_before_networks_were_graphs(machines: Any, name: str) -> None:
    node, fabric, (latency, slices), expected = FULL[name]
    then = {"crossbar_scheduler_ge": 0.0, "crossbar_iteration_ge": 0.0, "crossbar_arbiter_ge": 14.0, "fp_synthesis_factor": 1.0}
    then |= {"7nm": {"energy_scale": 0.15556, "logic_leakage_mw_per_mm2": 30.0}, "28nm": {"logic_leakage_mw_per_mm2": 20.0}}[node]
    technology = load_technology(node, {**then, "logic_leakage_reference_c": 85.0})
    elaborated = elaborate(machines.gather(**fabric), technology)
    assert (elaborated.network_latency, elaborated.slices) == (latency, slices)
    cost = priced(elaborated.machine, technology, 100, requests=1000, replies=2000, request_hops=1000, reply_hops=2000)
    for part, (instances, die_mm2, energy_pj) in expected.items():
        found = component(cost, part)
        assert found.instances == instances
        assert found.die_mm2 == pytest.approx(die_mm2, rel=1e-12)
        assert found.energy_pj == pytest.approx(energy_pj, rel=1e-12)


def test_a_single_router_under_another_name_costs_the_same(seven: Technology, machines: Any) -> None:
    # one group of 64, one stage of radix 64
    full, *others = (
        machines.gather(network={"topology": topology, "radix": 64, "queues": "fifo"}) for topology in ("full", "hierarchical", "butterfly")
    )
    counts = {"requests": 10, "replies": 10, "request_hops": 10, "reply_hops": 10}
    for other in others:
        assert priced(other, seven, 100, **counts) == priced(full, seven, 100, **counts)


def test_voq_pays_for_a_scheduler_and_fifo_does_not(seven: Technology, machines: Any) -> None:
    def request_mm2(**network: Any) -> float:
        return component(priced(machines.gather(network={"slices": 1, "latency": 1, **network}), seven), "request_network").cell_mm2

    # 64 × 64 × (39 + 28 (iterations − 1)) GE · 0.0439 um²: 7,013 um² for one iteration, 22,118 um² for four
    fifo, voq, four = request_mm2(queues="fifo"), request_mm2(queues="voq"), request_mm2(queues="voq", iterations=4)
    assert (voq - fifo) * 1e6 == pytest.approx(7013, abs=1)
    assert (four - fifo) * 1e6 == pytest.approx(22118, abs=2)
    # pointers move otherwise, the hardware is the same
    assert request_mm2(queues="voq", allocator="round_robin") == voq


def test_butterfly_of_four_by_hand(seven: Technology, machines: Any) -> None:
    machine = small(machines, "butterfly")
    layout = request_layout(UnitsMachine.of(machine))
    # 2 stages of 2 routers; a flit passes 2 of them. Drawn in 2 columns and 2 rows, half a side apart: links (1/2, 0) and
    # (1/2, 1/2), on average 3/4 of a side, driven by every other hop. One line each way changes halves.
    assert [(kind.inputs, kind.outputs, kind.count, kind.share) for kind in layout.routers] == [(2, 2, 2, 0.5), (2, 2, 2, 0.5)]
    assert (layout.router_count, layout.mean_hops, layout.links, layout.mean_link, layout.link_per_hop) == (4, 2, 4, 0.75, 0.375)
    assert (layout.cut_links, max(kind.reach for kind in layout.routers)) == (2, 1.0)
    found = parts(machine, seven)
    # 7 b word + 2 b bank + 4 b tag + valid + 2 b unit = 16 b: cells 4 (1.35·16 + 14) 0.0439 = 6.251 um², layout × 3.0/0.9;
    # the wires of the cut need (2·16·0.06687)² = 4.58 um² only
    routers = found["request_network", "crossbar"]
    assert [entry.count for entry in routers] == [2, 2]
    assert all(entry.component == Crossbar(seven, 2, 2, 16, True) for entry in routers)
    assert sum(entry.count * entry.component.area().placed_mm2 for entry in routers) * 1e6 == pytest.approx(83.35, abs=0.01)
    assert ("request_network", "room for wires") not in found
    # behind a unit 2 queues of 4 slots of 14 b, behind a link 2 of 5 of 16 b; four of each
    queues = [(*slots_and_width(entry), entry.count, entry.per_event) for entry in found["queues", "request queue"]]
    assert queues == [(8, 14, 4, 0.5), (10, 16, 4, 0.5)]
    # four schedulers of 2·2·39·0.0439/0.35 = 19.57 um²; with 4·9.7·272·0.0439/0.65 = 712.8 um² of queues: a square of
    # √874.4 um² = 0.02957 mm; a hop drives 0.375 of it
    schedulers = found["request_network", "scheduler"]
    assert sum(entry.count * entry.component.area().placed_mm2 for entry in schedulers) * 1e6 == pytest.approx(78.27, abs=0.01)
    (link,) = found["request_network", "links"]
    assert link.count == 4
    assert link.component.energy_pj("hop") == pytest.approx(16 * 0.375 * 0.02957 * 0.0657, rel=1e-3)
    assert link.component.area().cell_mm2 == pytest.approx(0.05 * 16 * 0.75 * 0.02957 * 0.06687e-3, rel=1e-3)


def test_mesh_of_four_by_hand(seven: Technology, machines: Any) -> None:
    machine = small(machines, "mesh")
    layout = reply_layout(UnitsMachine.of(machine))
    # every router: its bank and two neighbours in, its unit and two neighbours out; links of half a side.
    # distances 0, 1, 1, 2: two routers on average, and one link of 1/2 a side, so 1/4 a hop. Two links each way are cut.
    assert [(kind.inputs, kind.outputs, kind.count, kind.share, kind.reach) for kind in layout.routers] == [(3, 3, 4, 1.0, 0.5)]
    assert (layout.mean_hops, layout.links, layout.mean_link, layout.link_per_hop, layout.cut_links) == (2, 8, 0.5, 0.25, 4)
    # XY: from its bank to all three; from the x neighbour straight or off; from the y neighbour only off
    buffers = sorted((buffer.fed, buffer.channels, buffer.sources, buffer.count, buffer.share) for buffer in layout.buffers)
    assert buffers == [(False, 1, 2, 4, 0.25), (False, 2, 1, 4, 0.25), (True, 3, 1, 4, 0.5)]
    found = parts(machine, seven)
    (router,) = found["reply_network", "crossbar"]
    # 256 b word + 4 b tag + valid + 2 b unit; past slices would run the 14 b address and 2 b of grant
    assert router.component == Crossbar(seven, 3, 3, 263, True, 1, 16)
    assert router.count == 4


def test_energy_is_hops_times_what_a_hop_takes(seven: Technology, machines: Any) -> None:
    for topology in NAMES:
        machine = small(machines, topology, 8, slices=2)
        cost = priced(machine, seven, requests=500, replies=500, request_hops=1100, reply_hops=1300)
        for name, hops in (("request_network", 1100), ("reply_network", 1300)):
            here = {key: found for key, found in parts(machine, seven).items() if key[0] == name}
            crossbars = sum(entry.per_event * entry.component.energy_pj("hop") for entry in here[name, "crossbar"])
            links = sum(entry.component.energy_pj("hop") for entry in here.get((name, "links"), []))
            grants = sum(entry.per_event * entry.component.energy_pj("grant") for entry in here.get((name, "scheduler"), []))
            found = component(cost, name)
            assert found.energy_pj_by_action["hop"] == pytest.approx(hops * crossbars)
            assert found.energy_pj_by_action.get("link", 0.0) == pytest.approx(hops * links)
            assert found.energy_pj == pytest.approx(hops * (crossbars + links + grants))


@pytest.mark.parametrize("topology", NAMES)
@pytest.mark.parametrize("ports", [(8, 8), (4, 32), (32, 4), (5, 3)])
def test_shares_of_hops_add_up(seven: Technology, machines: Any, topology: TopologyName, ports: tuple[int, int]) -> None:
    layout = network_layout(topology, *ports, 4)
    assert sum(kind.share for kind in layout.routers) == pytest.approx(1.0)
    assert sum(buffer.share for buffer in layout.buffers) == pytest.approx(1.0)
    assert sum(kind.inputs * kind.count for kind in layout.routers) == sum(buffer.count for buffer in layout.buffers)
    assert sum(kind.outputs * kind.count for kind in layout.routers) == layout.links + ports[1]


@pytest.mark.parametrize("topology", NAMES)
def test_every_topology_costs_and_more_ports_cost_more(seven: Technology, machines: Any, topology: str) -> None:
    counts = {"requests": 1000, "replies": 1000, "request_hops": 1000, "reply_hops": 1000}
    costs = [priced(small(machines, topology, ports), seven, **counts) for ports in (2, 4, 8, 16, 32, 64)]
    areas = [network_mm2(cost) for cost in costs]
    assert areas[0] > 0
    assert areas == sorted(areas)
    assert all(component(cost, name).energy_pj > 0 for cost in costs for name in NETWORK)


@pytest.mark.parametrize("topology", [name for name in NAMES if name != "full"])
def test_no_network_is_smaller_than_the_wires_of_its_bisection(seven: Technology, machines: Any, topology: str) -> None:
    for slices in (1, 4):
        machine = machines.gather(network={"topology": topology, "slices": slices})
        plan = reply_network(UnitsMachine.of(machine), seven, slices)
        needed_um2 = slices * (plan.layout.cut_links * plan.crossbars[0].width_bits / slices * 0.06687) ** 2
        assert plan.placed_mm2 * 1e6 >= needed_um2 * 0.999
        found = sum(
            entry.count * entry.component.area().placed_mm2
            for (name, part), entries in parts(machine, seven).items()
            for entry in entries
            if name == "reply_network" and part != "links"
        )
        assert found == pytest.approx(plan.placed_mm2)


def test_bisection_binds_where_small_routers_pass_much(seven: Technology, machines: Any) -> None:
    def bound(topology: str) -> bool:
        return ("reply_network", "room for wires") in parts(machines.gather(network={"topology": topology, "slices": 1}), seven)

    assert {topology: bound(topology) for topology in NAMES} == {
        "full": False,
        "hierarchical": False,  # the spine itself is larger
        "clos": True,
        "butterfly": True,
        "benes": True,
        "mesh": False,
        "ring": False,
    }
    # 64 links of 267 b at 0.06687 um: (1,142.7 um)²; a crossbar of 64 × 64 × 261 b takes (1,117 um)²
    clos = reply_network(UnitsMachine.of(machines.gather(network={"topology": "clos"})), seven, 1)
    assert clos.placed_mm2 == pytest.approx(1.3057, rel=1e-3)
    notes = component(priced(machines.gather(network={"topology": "clos", "slices": 1}), seven), "reply_network").notes
    assert any("bisection" in note for note in notes)


def test_multistage_networks_save_area_and_small_ones_do_not(seven: Technology, machines: Any) -> None:
    def routers_mm2(topology: str, ports: int) -> float:
        cost = priced(small(machines, topology, ports, radix=4), seven)
        return component(cost, "request_network").die_mm2

    assert routers_mm2("butterfly", 256) < 0.3 * routers_mm2("full", 256)
    assert routers_mm2("benes", 4) > routers_mm2("full", 4)


def test_hardware_that_no_route_uses_is_not_built() -> None:
    # 64 units to 16 banks: of 16 last-stage routers 4 have sinks
    assert network_layout("clos", 64, 16, 4).router_count == 16 + 4 + 4
    assert network_layout("butterfly", 64, 64, 4).router_count == 48


def _way_mm(machine: Machine, technology: Technology) -> float:
    plan = hardware_of(elaborate(machine, technology), technology).floorplan
    assert plan is not None
    return plan.bank_way_mm + plan.unit_way_mm


def test_narrow_links_shrink_routers_and_cost_more_hops(seven: Technology, machines: Any) -> None:
    for topology in ("full", "mesh"):
        wide, narrow = (small(machines, topology, 16, link_bits=bits) for bits in ("auto", 64))
        hops = {"requests": 100, "replies": 100, "request_hops": 300, "reply_hops": 300}
        four = priced(narrow, seven, **(hops | {"reply_hops": 1200}))
        one = priced(wide, seven, **hops)
        assert component(four, "reply_network").die_mm2 < component(one, "reply_network").die_mm2
        # the same word, and four times the tag, over the wires of the cluster, longer outside a smaller network
        ratio = component(four, "cluster_wires").energy_pj_by_action["word"] / component(one, "cluster_wires").energy_pj_by_action["word"]
        assert ratio * _way_mm(wide, seven) / _way_mm(narrow, seven) == pytest.approx(4 * 69 / 261)
        slots = [slots_and_width(entry)[0] for entry in parts(narrow, seven)["queues", "reply queue"]]
        assert all(words % 4 == 0 for words in slots), "a queue slot holds a whole word"


def test_what_cannot_be_drawn_is_refused(seven: Technology, machines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(sources: int, sinks: int, radix: int) -> Any:
        raise ConfigError("topology ring: no route between some source and sink")

    monkeypatch.setitem(TOPOLOGIES, "ring", lost)
    with pytest.raises(ConfigError, match="no route"):
        elaborate(machines.gather(units=11, banks=128, network={"topology": "ring", "latency": 1, "slices": 1}), seven)


def test_table_of_the_docs() -> None:
    seven = load_technology("7nm")
    text = (Path(__file__).parents[3] / "docs" / "cost.md").read_text(encoding="utf-8")
    shown = {cells[1].strip(" `"): cells[2:-1] for cells in (line.split("|") for line in text.splitlines()) if len(cells) == 10}
    assert set(NAMES) <= set(shown)
    for topology in NAMES:
        machine = load_machine("crossbar-64", [f"fabric.network.topology={topology}"])
        layout = reply_layout(UnitsMachine.of(machine))
        events, hops = 10**6, round(10**6 * layout.mean_hops)
        cost = priced(machine, seven, requests=events, replies=events, request_hops=hops, reply_hops=hops)
        areas = [f"{component(cost, name).die_mm2:.3f}" for name in NETWORK]
        energies = [f"{component(cost, name).energy_pj / events:.1f}" for name in NETWORK[1:]]
        expected = [str(layout.router_count), f"{layout.mean_hops:.3g}", *areas, *energies]
        assert [cell.strip() for cell in shown[topology]] == expected, topology


SCATTER = {"mapping": {"dataflow": "scatter"}}


def test_scatter_has_adders_at_its_banks_and_no_way_back(seven: Technology, machines: Any) -> None:
    machine = machines.gather(SCATTER, replicas=2, banks=32)
    cost = priced(machine, seven, 100, requests=1000, request_hops=2000, bank_additions=1000, drain_additions=10)
    for name in ("landing_registers", "accumulators"):
        assert component(cost, name).instances == 0
    (plan,) = ScatterParts().networks(UnitsMachine.of(machine), seven, 1)
    # 16 lanes of 32 b in two flits of a 256-b word, each with its address: 7 b word + 5 b bank + 4 b tag + valid
    assert (plan.name, plan.crossbars[0].width_bits, UnitsMachine.of(machine).request_flits) == ("request_network", 256 + 17, 2)
    counts = {(entry.name, entry.part): entry for entry in hardware_of(elaborate(machine, seven), seven).instances}
    assert counts["x_banks", "adders"].count == 64
    assert counts["reply_network", "acknowledgements"].per_event == 1 / 16
    # an fp32 addition: 0.40 · 2^1.17 pJ · 0.15556 = 0.1400 pJ, sixteen of them, and four stages of 512 flops
    adds = component(cost, "x_banks").energy_pj_by_action["add"]
    assert adds == pytest.approx(1000 * (16 * 0.1400 + 4 * 512 * 2.5e-3 * 0.15556), rel=1e-3)
    assert component(cost, "drain_bus").energy_pj_by_action["add"] > 0
    assert component(priced(machine, seven, replies=10, reply_hops=10), "reply_network").energy_pj == 0


def test_scatter_banks_read_and_write_whole_sums(seven: Technology, machines: Any) -> None:
    machine = machines.gather(SCATTER)
    cost = priced(machine, seven, x_bank_reads=2000, x_words_filled=2000)
    (bank,) = (
        entry for entry in hardware_of(elaborate(machine, seven), seven).instances if (entry.name, entry.part) == ("x_banks", "banks")
    )
    # counters are in activation words, of which a sum is two
    expected = 1000 * (bank.component.energy_pj("read") + bank.component.energy_pj("write"))
    assert component(cost, "x_banks").energy_pj == pytest.approx(expected)
    areas = [priced(machines.gather(SCATTER, bank_ports=ports), seven).area_mm2 for ports in (1, 2, 4)]
    assert areas == sorted(areas)


def test_split_rows_need_adders_on_the_drain_bus(seven: Technology, machines: Any) -> None:
    split = priced(machines.gather({"mapping": {"assignment": "split"}}), seven, drain_additions=100)
    plain = priced(machines.gather(), seven)
    # a bus of 2,048 b carries 64 sums of 32 b; an addition of a row word uses 16 of its adders
    assert component(split, "drain_bus").die_mm2 > component(plain, "drain_bus").die_mm2
    pj = component(split, "drain_bus").energy_pj_by_action["add"]
    assert pj == pytest.approx(100 * 16 * (0.1400 + 32 * 2.5e-3 * 0.15556), rel=1e-3)
    assert math.isclose(network_mm2(split), network_mm2(plain))
