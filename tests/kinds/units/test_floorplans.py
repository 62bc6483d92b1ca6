"""Floorplans of shipped clusters: whether their wires fit, and where they lie in the parts list."""

from __future__ import annotations

import math

import pytest

from simulator.cost import load_technology
from simulator.cost.hardware import Hardware, total_die_mm2
from simulator.cost.wires import ClusterWires
from simulator.machine import load_machine
from simulator.pricing import elaborate, hardware_of

JOINED = ("crossbar", "crossbar-64", "hybrid", "partition")
ALL = (*JOINED, "replication")


SEVEN = load_technology("7nm")


def _hardware(name: str) -> Hardware:
    return hardware_of(elaborate(load_machine(name), SEVEN), SEVEN)


def _wires(hardware: Hardware) -> ClusterWires:
    (wires,) = (entry.component for entry in hardware.instances if entry.name == "cluster_wires")
    assert isinstance(wires, ClusterWires)
    return wires


@pytest.mark.parametrize("name", JOINED)
def test_what_enters_a_network_fits_on_its_edge_in_two_metal_layers(name: str) -> None:
    # the argument of Thompson (STOC 1979) at the border of the network's slices: every bit of every port crosses it
    hardware = _hardware(name)
    plan, wires = hardware.floorplan, _wires(hardware)
    assert plan is not None
    bits = (wires.bank_ways + wires.unit_ways) * (wires.request_bits + wires.reply_bits)
    edge_mm = 2 * (plan.core[2] + plan.core[3]) * math.sqrt(elaborate(load_machine(name), SEVEN).slices)
    assert bits * wires.technology.crossbar_wire_pitch_um * 1e-3 <= 2 * edge_mm


@pytest.mark.parametrize("name", ALL)
def test_wires_of_a_cluster_fit_over_it_in_a_metal_layer(name: str) -> None:
    hardware = _hardware(name)
    plan, wires = hardware.floorplan, _wires(hardware)
    assert plan is not None
    built_mm = wires.bank_ways * wires.bank_way_mm + wires.unit_ways * wires.unit_way_mm
    wire_mm2 = built_mm * (wires.request_bits + wires.reply_bits) * wires.technology.crossbar_wire_pitch_um * 1e-3
    assert wire_mm2 <= plan.side_mm**2


@pytest.mark.parametrize("name", ALL)
def test_clusters_cover_the_fabric(name: str) -> None:
    hardware = _hardware(name)
    assert hardware.floorplan is not None
    around = {"activation_buffer", "dma_staging", "clock_and_control", "dram", "dram_phy"}
    wires = {"fill_broadcast", "drain_bus", "cluster_wires"}
    fabric_mm2 = total_die_mm2(entry for entry in hardware.instances if entry.name not in around | wires)
    clusters = next(entry.count for entry in hardware.instances if entry.name == "cluster_wires")
    assert clusters * hardware.floorplan.side_mm**2 == pytest.approx(fabric_mm2)


def test_an_array_has_no_cluster() -> None:
    assert _hardware("systolic").floorplan is None
