"""The saved counts, priced again by hand: constants straight from the YAML files, formulas written out, no cost model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

MACHINES = ("crossbar", "hybrid", "replication", "partition", "systolic")
Record = dict[str, Any]


def _values(file: Path, *path: str) -> dict[str, float]:
    record = yaml.safe_load(file.read_text(encoding="utf-8"))
    for key in path:
        record = record[key]
    return {name: constant["value"] for name, constant in record.items()}


FOLDER = Path(__file__).parents[2] / "configs" / "technologies"
T = _values(FOLDER / "common.yaml", "constants") | _values(FOLDER / "7nm.yaml", "constants")
LEAKAGE = _values(FOLDER / "7nm.yaml", "logic_leakage")["rvt"] * 2 ** ((85 - 100) / 22.5)
"""Of a mm² of logic at 85 °C: it doubles every 22.5 °C, and its table is of 100 °C."""
HBM2E = _values(FOLDER / "dram.yaml", "devices", "hbm2e")
NODE, SRAM_NODE = (T[scale] * (T["supply_voltage_v"] / T["nominal_voltage_v"]) ** 2 for scale in ("energy_scale", "sram_energy_scale"))
"""Energy at 7 nm over that at 45 nm, of logic and of SRAM."""


def _component(result: Record, name: str) -> Record:
    return next(part for part in result["cost"]["components"] if part["name"] == name)


def _mac_pj(register_bits: int) -> float:
    """A bf16 product (8 significand bits), an fp32 sum, and the data of the registers."""
    product = T["fp_multiplier_fj_per_bit2"] * 8**2 * (8 / 11) ** T["fp_multiplier_energy_exponent"] * 1e-3
    total = T["fp_adder_pj"] * (32 / 16) ** T["fp_adder_energy_exponent"]
    return NODE * (product + total + register_bits * T["flop_fj_per_bit"] * (1 - T["flop_clock_fraction"]) * 1e-3)


def _sram_pj(action: str, kib: float, width_bits: int, ports: float) -> float:
    fixed = T[f"sram_{action}_fixed_pj"] * (kib / 32) ** T[f"sram_{action}_fixed_exponent"]
    moved = T[f"sram_{action}_bit_pj"] * width_bits / 64 * (kib / 32) ** T[f"sram_{action}_bit_exponent"]
    return SRAM_NODE * ports * (fixed + moved)


SUPPLY = (T["supply_voltage_v"] / T["nominal_voltage_v"]) ** 2


def _macro_um2(kib: float, width_bits: int, area_factor: float) -> float:
    cells = T["sram_bit_factor"] * kib * 8192 + T["sram_periphery_factor"] * (kib * 8192) ** 0.5
    um2: float = area_factor * T["sram_cell_um2"] * cells * (width_bits / 64) ** T["sram_width_exponent"]
    return um2


def _divided_pj(action: str, kib: float, width_bits: int, area_factor: float, ports: float) -> float:
    """Sub-banks of the smallest size, and wires as long as the macro's side."""
    wires_bit_mm = width_bits * (_macro_um2(kib, width_bits, area_factor) * 1e-6 * T["macro_placement"]) ** 0.5
    return _sram_pj(action, T["sram_subbank_kib"], width_bits, ports) + wires_bit_mm * T["wire_pj_per_bit_mm"] * SUPPLY


def _latched_pj(action: str, kib: float, width_bits: int, area_factor: float, ports: float) -> float:
    """Latches of lanes of 32 bits: a flop is written or a tree of multiplexers read, over a lane's side; dearer as they are larger."""
    latches_um2 = area_factor * T["latch_array_ge_per_bit"] * kib * 8192 * T["gate_area_um2"]
    words, side_mm = kib * 8192 / width_bits, (latches_um2 / (width_bits / 32) * 1e-6) ** 0.5
    gates_fj = T["flop_fj_per_bit"] if action == "write" else T["mux_fj_per_level"] * math.log2(words)
    bit_pj = NODE * gates_fj * 1e-3 + T["wire_pj_per_bit_mm"] * SUPPLY * side_mm
    return ports * width_bits * bit_pj * max(1.0, latches_um2 / _macro_um2(kib, width_bits, area_factor))


@pytest.mark.parametrize("machine", MACHINES)
def test_the_parts_add_up_to_the_reported_energy(study: Any, machine: str) -> None:
    result = study.result(machine)
    parts = {part["name"]: sum(part["energy_pj_by_action"].values()) + part["leakage_pj"] for part in result["cost"]["components"]}
    assert parts == pytest.approx(result["energy_pj_by_component"])
    assert result["energy_pj"] == pytest.approx(sum(parts.values()), rel=1e-12)
    assert result["fabric_energy_pj"] == pytest.approx(sum(parts.values()) - parts["dram"] - parts["dram_phy"], rel=1e-12)
    assert result["power_w"] == pytest.approx(sum(parts.values()) * 1e-12 / (result["cycles"] * 1e-9), rel=1e-12)
    assert result["area_mm2"] == pytest.approx(sum(result["area_mm2_by_component"].values()), rel=1e-12)
    assert sum(operation["energy_pj"] for operation in result["operations"]) == pytest.approx(result["energy_pj"], rel=1e-9)


@pytest.mark.parametrize("machine", MACHINES)
def test_dram(study: Any, machine: str) -> None:
    result = study.result(machine)
    bits = 8 * (result["counts"]["dram_read_bytes"] + result["counts"]["dram_write_bytes"])
    per_bit = sum(HBM2E[f"{step}_pj_per_bit"] for step in ("activate", "move", "io", "ecc"))
    assert result["energy_pj_by_component"]["dram"] == pytest.approx(bits * per_bit)
    phy = _component(result, "dram_phy")
    assert phy["energy_pj_by_action"]["transfer"] == pytest.approx(bits * HBM2E["phy_pj_per_bit"])
    # a 32nd of a stack's PHY, a tenth of which leaks as logic
    assert phy["die_mm2"] == pytest.approx(HBM2E["phy_area_mm2"] / 32)
    assert phy["leakage_pj"] == pytest.approx(0.1 * phy["die_mm2"] * LEAKAGE * result["cycles"])


def _side_mm(gates: float) -> float:
    """Of a square of die for so many gates."""
    return float(gates * T["gate_area_um2"] * 1e-6 / T["cell_placement"] / T["die_utilization"]) ** 0.5


def _multipliers(result: Record) -> int:
    fabric = result["machine"]["fabric"]
    count: int = fabric["units"] * fabric["lanes"]
    return count


@pytest.mark.parametrize("machine", MACHINES[:-1])
def test_multipliers(study: Any, machine: str) -> None:
    result = study.result(machine)
    counts, bits, multipliers = result["counts"], 16 + 16 + 32, _multipliers(result)
    gated = counts["mac_slots"] - counts["macs_useful"]
    toggled = _mac_pj(bits) * (counts["macs_useful"] + T["gated_mac_fraction"] * gated)
    clock = NODE * bits * T["flop_fj_per_bit"] * T["flop_clock_fraction"] * 1e-3 * multipliers * result["cycles"]
    gates = 0.7 * (17.0 * 8**2 + 1704.0 * 2**1.62) + 5.9 * bits
    weight = counts["mac_slots"] * 16 * T["wire_pj_per_bit_mm"] * _side_mm(gates)
    leakage = multipliers * gates * T["gate_area_um2"] * 1e-6 * LEAKAGE * result["cycles"]
    assert result["energy_pj_by_component"]["mac_lanes"] == pytest.approx(toggled + weight + clock + leakage)


def test_processing_elements(study: Any) -> None:
    result = study.result("systolic")
    counts, actions = result["counts"], _component(result, "pe_array")["energy_pj_by_action"]
    # a flop, and a wire across a cell of 2:4 weights with two stationary registers, of each 16 bits and 2 of a pick, and two of sums
    gates = 0.7 * (17.0 * 8**2 + 1704.0 * 2**1.62) + 5.9 * (2 * 18 + 16 + 2 * 32 + 16 + 16 + 3 * 16 + 2)
    shift = NODE * T["flop_fj_per_bit"] * (1 - T["flop_clock_fraction"]) * 1e-3 + T["wire_pj_per_bit_mm"] * _side_mm(gates)
    assert actions["mac"] == pytest.approx(counts["macs_useful"] * _mac_pj(16 + 16))
    assert actions["mac_gated"] == pytest.approx((counts["mac_slots"] - counts["macs_useful"]) * 0.2 * _mac_pj(16 + 16))
    assert actions["weight_shift"] == pytest.approx(counts["pe_weight_shifts"] * (16 + 2) * shift)
    assert actions["operand_shift"] == pytest.approx(counts["pe_operand_shifts"] * 16 * shift)
    assert actions["sum_shift"] == pytest.approx(counts["pe_sum_shifts"] * 32 * shift)
    assert actions["select"] == pytest.approx(counts["pe_selections"] * NODE * 16 * T["mux_fj_per_level"] * 2 * 1e-3)


@pytest.mark.parametrize("machine", MACHINES[:-1])
def test_output_banks(study: Any, machine: str) -> None:
    """32 bits a lane with a read and a write port: macros of 512 bits, each the least of one array, sub-banks and latches."""
    result = study.result(machine)
    fabric = result["machine"]["fabric"]
    macros = fabric["lanes"] * 32 // 512
    counts, actions = result["counts"], _component(result, "output_banks")["energy_pj_by_action"]
    area_factor, ports, kib = T["sram_1r1w_area_factor"], T["sram_1r1w_energy_factor"], fabric["output_bank_kib"] / macros
    ways = (_divided_pj, _latched_pj)
    read, write = (
        macros * min(_sram_pj(action, kib, 512, ports), *(way(action, kib, 512, area_factor, ports) for way in ways))
        for action in ("read", "write")
    )
    assert actions["write"] == pytest.approx(counts["output_bank_writes"] * write)
    assert actions["read"] == pytest.approx(counts["output_bank_reads"] * read)
    assert actions["drain"] == pytest.approx(counts["output_bank_drains"] * read)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_energy_is_linear_in_what_was_counted(study: Any, machine: str) -> None:
    """Every joule of an action is a fixed price: the operations' shares have the same one."""
    result = study.result(machine)
    run = {part["name"]: part["energy_pj_by_action"] for part in result["cost"]["components"]}
    for name, actions in run.items():
        for action, energy in actions.items():
            shares = [
                part["energy_pj_by_action"][action]
                for cost in result["operation_costs"]
                for part in cost["components"]
                if part["name"] == name
            ]
            assert sum(shares) == pytest.approx(energy), (name, action)
