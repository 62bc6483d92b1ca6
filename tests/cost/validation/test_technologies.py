"""Shipped technologies: every value that follows a law is recomputed from it, so that a typo cannot hide."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from simulator.cost import load_technology
from simulator.cost.hardware import total_die_mm2
from simulator.cost.technology import TechnologyFile
from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.pricing import elaborate, hardware_of
from simulator.specs import config_names, load_yaml_model

FOLDER = Path(__file__).parents[3] / "configs" / "technologies"
NODES = (90, 65, 45, 40, 32, 28, 22, 16, 14, 12, 10, 7, 5)

LAWS = {
    "energy_scale": lambda nm: nm / 45 if nm >= 10 else 0.354 * nm / 7,
    "sram_energy_scale": lambda nm: nm / 45 if nm >= 10 else 0.22 * nm / 7,
    "wire_pj_per_bit_mm": lambda nm: 0.121 * (nm / 40) ** 0.35,
    "crossbar_wire_pitch_um": lambda nm: 0.246 * (nm / 45) ** 0.7,
    "sram_leakage_mw_per_kib": lambda nm: 0.226 * (nm / 45) ** 1.9,
    "fo4_delay_ps": lambda nm: 0.4 * nm if nm >= 45 else 18 * (nm / 45) ** 0.2179,
}
"""Constants of a node that a law gives: at every node."""

GATES = {90: 2.82, 65: 1.44, 45: 0.798, 32: 0.50, 28: 0.378, 22: 0.199, 16: 0.156, 12: 0.169, 7: 0.0439, 5: 0.0289}
CELLS = {90: 1.0, 65: 0.525, 45: 0.346, 32: 0.171, 28: 0.127, 22: 0.100, 16: 0.074, 12: 0.0644, 7: 0.027, 5: 0.021}
"""Tables of NAND2 gates and of 6T cells, um²."""
BETWEEN = {40: (45, 32), 14: (16, 12), 10: (12, 7)}


def table(values: dict[int, float], nm: int) -> float:
    """The table, log-log between its neighbours where it has no entry."""
    if nm in values:
        return values[nm]
    larger, smaller = BETWEEN[nm]
    share = math.log(larger / nm) / math.log(larger / smaller)
    return values[larger] * (values[smaller] / values[larger]) ** share


def test_the_nodes_are_the_shipped_ones() -> None:
    assert {name for name in config_names("technologies") if name not in ("common", "dram")} == {f"{nm}nm" for nm in NODES}


@pytest.mark.parametrize("nm", NODES)
def test_values_follow_their_laws(nm: int) -> None:
    technology = load_technology(f"{nm}nm")
    assert (technology.name, technology.node_nm) == (f"{nm}nm", nm)
    for name, law in LAWS.items():
        assert getattr(technology, name) == pytest.approx(law(nm), rel=2e-3), name
    assert technology.gate_area_um2 == pytest.approx(table(GATES, nm), rel=1e-3)
    assert technology.sram_cell_um2 == pytest.approx(table(CELLS, nm), rel=1e-3)


@pytest.mark.parametrize("nm", NODES)
def test_every_derived_constant_of_a_node_has_a_law_here(nm: int) -> None:
    own = load_yaml_model(FOLDER / f"{nm}nm.yaml", TechnologyFile).constants
    derived = {name for name, constant in own.items() if constant.basis == "derived"}
    assert derived <= {*LAWS, *(("gate_area_um2", "sram_cell_um2") if nm in BETWEEN else ())}


@pytest.mark.parametrize("nm", NODES)
def test_laws_quoted_in_a_source_name_the_node(nm: int) -> None:
    for name, constant in load_yaml_model(FOLDER / f"{nm}nm.yaml", TechnologyFile).constants.items():
        for numerator in re.findall(r"\((\d+)/4[05]\)", constant.source):
            assert int(numerator) == nm, name


def test_the_disagreement_of_sources_is_the_band_of_energy() -> None:
    # linear from 45 nm at the low end, (n/45)^0.558 through the TPUv4i table the value at 7 nm, which 5 nm continues
    seven, five = (load_technology(f"{nm}nm").constants["energy_scale"] for nm in (7, 5))
    assert (seven.low, five.low) == pytest.approx((7 / 45, 5 / 45), rel=1e-3)
    assert (seven.value, five.high) == pytest.approx(((7 / 45) ** 0.558, (5 / 45) ** 0.558), rel=2e-3)
    assert seven.value / seven.low == pytest.approx(2.28, abs=0.01)
    assert five.value / seven.value == pytest.approx(5 / 7, rel=1e-3)


@pytest.mark.parametrize(("finer", "coarser"), list(zip(NODES[1:], NODES[:-1], strict=True)))
def test_a_finer_node_never_costs_more_area_or_energy(finer: int, coarser: int) -> None:
    fine, coarse = load_technology(f"{finer}nm"), load_technology(f"{coarser}nm")
    # 7 nm has TPUv4i's base, 2.3× above the one that is carried linearly from 45 nm to its coarser neighbours
    if finer != 7:
        assert fine.energy_scale < coarse.energy_scale
    for name in ("sram_cell_um2", "sram_energy_scale", "wire_pj_per_bit_mm", "crossbar_wire_pitch_um", "fo4_delay_ps"):
        assert getattr(fine, name) < getattr(coarse, name), name
    # the one exception: the 12 nm library of the gate table is looser than its 16 and 14 nm neighbours
    if finer != 12 and coarser != 16:
        assert fine.gate_area_um2 < coarse.gate_area_um2


@pytest.mark.parametrize("name", ["crossbar", "systolic"])
def test_machines_can_be_built_in_every_technology_for_users(name: str) -> None:
    machine = load_machine(name)
    areas = []
    for nm in (45, 28, 16, 7, 5):  # the gates of the 12 nm library are larger than those at 16 nm
        technology = load_technology(f"{nm}nm")
        instances = hardware_of(elaborate(machine, technology), technology).instances
        areas.append(total_die_mm2(entry for entry in instances if entry.name not in ("dram", "dram_phy")))
    assert areas == sorted(areas, reverse=True)


def test_an_unknown_technology_is_told_only_technologies() -> None:
    for name in ("28mn", "common", "dram"):
        with pytest.raises(ConfigError) as caught:
            load_technology(name)
        allowed = str(caught.value).split("allowed: ")[1].split(";")[0].split(", ")
        assert sorted(allowed) == sorted(f"{nm}nm" for nm in NODES)


def test_an_override_out_of_range_is_named_and_not_the_file() -> None:
    with pytest.raises(
        ConfigError, match=r"^technology_overrides\.cell_placement: found 1\.5; allowed: a number above 0 and of at most 1$"
    ):
        load_technology("7nm", {"cell_placement": 1.5})
