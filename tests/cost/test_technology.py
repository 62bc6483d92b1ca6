"""Technology files: complete, sourced, and clear about mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simulator.cost import Technology, load_technology
from simulator.cost.constants import DramConstants, load_dram_devices
from simulator.cost.technology import CONSTANTS
from simulator.errors import ConfigError
from tests.cost.devices import shipped_dram

FOLDER = Path(__file__).parents[2] / "configs" / "technologies"
NODES = ("7nm", "28nm")
DEVICES = ("hbm2", "hbm2e", "hbm3", "hbm3e", "gddr6", "lpddr5", "ddr5")


@pytest.mark.parametrize("node", NODES)
def test_every_constant_has_unit_band_and_source(node: str) -> None:
    technology = load_technology(node)
    assert set(technology.constants) == set(CONSTANTS)
    for name, constant in technology.constants.items():
        assert getattr(technology, name) == constant.value
        assert constant.unit
        assert constant.low <= constant.value <= constant.high
        assert (constant.basis == "assumed") == (constant.source == "assumed")


def test_every_constant_of_the_files_says_its_source_itself() -> None:
    for path in FOLDER.glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        groups = content["devices"].values() if "devices" in content else [content["constants"], content.get("logic_leakage", {})]
        for group in groups:
            for name, constant in group.items():
                assert constant["source"], f"{path.name}: {name}"
                assert {"value", "unit", "low", "high", "source", "basis"} <= set(constant), f"{path.name}: {name}"


def test_node_constants_follow_the_laws_that_they_cite() -> None:
    for node in NODES:
        technology = load_technology(node)
        nm = technology.node_nm
        assert technology.energy_scale == pytest.approx(nm / 45 if nm >= 10 else 0.354 * nm / 7, rel=1e-3)
        assert technology.wire_pj_per_bit_mm == pytest.approx(0.121 * (nm / 40) ** 0.35, rel=1e-3)
        assert technology.crossbar_wire_pitch_um == pytest.approx(0.246 * (nm / 45) ** 0.7, rel=1e-3)
        assert technology.sram_leakage_mw_per_kib == pytest.approx(0.226 * (nm / 45) ** 1.9, rel=1e-3)


def test_override_replaces_one_constant_and_says_so(seven: Technology) -> None:
    changed = load_technology("7nm", {"gate_area_um2": 0.05})
    assert changed.gate_area_um2 == 0.05
    assert changed.constants["gate_area_um2"].note == "overridden by the user"
    assert changed.sram_cell_um2 == seven.sram_cell_um2


def test_misspelt_override_names_the_nearest_constant() -> None:
    with pytest.raises(ConfigError, match=r"technology_overrides\.gate_area_um: 7nm has no such constant; nearest: gate_area_um2"):
        load_technology("7nm", {"gate_area_um": 0.05})


def test_impossible_override_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"gate_area_um2: found -1\.0"):
        load_technology("7nm", {"gate_area_um2": -1.0})


def test_unknown_technology_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="nearest: 28nm"):
        load_technology("28mn")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("  gate_area_um: {value: 1, unit: u, low: 1, high: 1, basis: assumed, source: assumed}\n", "nearest: gate_area_um2"),
        ("  fo4_delay_ps: {value: 9, unit: ps, low: 1, high: 2, basis: assumed, source: assumed}\n", "outside its band"),
        ("  fo4_delay_ps: {value: 2, unit: ps, low: 1, high: 2, basis: read, source: assumed}\n", "disagree"),
        ("  fo4_delay_ps: {value: 2, unit: ps, low: 1, high: 2, basis: read}\n", "source: missing key"),
    ],
)
def test_mistakes_in_a_technology_file(tmp_path: Path, change: str, message: str) -> None:
    lines = [line for line in (FOLDER / "7nm.yaml").read_text().splitlines(keepends=True) if "fo4_delay_ps" not in line]
    path = tmp_path / "mine.yaml"
    path.write_text("".join(lines) + change)
    with pytest.raises(ConfigError, match=message):
        load_technology(str(path))


def test_missing_constants_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nnode_nm: 5\nconstants: {}\n")
    with pytest.raises(ConfigError, match=r"missing supply_voltage_v, .* `base: common` brings the laws of all nodes"):
        load_technology(str(path))


def test_supply_scales_energy_by_its_square_relative_to_the_nodes_own() -> None:
    # 0.6 V on a node of 0.75 V: (0.6/0.75)² = 0.64
    low = load_technology("7nm", {"supply_voltage_v": 0.6})
    nominal = load_technology("7nm")
    assert low.logic_pj(1.0) == pytest.approx(0.64 * nominal.logic_pj(1.0))
    assert low.wire_pj(1.0) == pytest.approx(0.64 * nominal.wire_pj(1.0))


@pytest.mark.parametrize("kind", DEVICES)
def test_dram_devices_are_complete(kind: str) -> None:
    device = shipped_dram(kind)
    assert device.bandwidth_gb_per_s > 0
    assert device.burst_bytes in (32, 64)
    for name in DramConstants.model_fields:
        constant = getattr(device.constants, name)
        assert constant.low <= constant.value <= constant.high


def test_dram_energies_are_the_published_totals() -> None:
    # device only: HBM2 3.92 = 1.21 + 2.24 + 0.30 + ECC; HBM2E 4.3; HBM3E 3.44 pJ/bit
    for kind, total in {"hbm2": 3.92, "hbm2e": 4.3, "hbm3": 4.05, "hbm3e": 3.44, "gddr6": 7.5, "lpddr5": 6.0}.items():
        constants = shipped_dram(kind).constants
        parts = (constants.activate_pj_per_bit, constants.move_pj_per_bit, constants.io_pj_per_bit, constants.ecc_pj_per_bit)
        assert sum(part.value for part in parts) == pytest.approx(total, abs=0.005)


def test_unknown_dram_names_the_nearest() -> None:
    assert set(load_dram_devices()) == set(DEVICES)
    with pytest.raises(ConfigError, match=r"found 'hbm2f'.*nearest: hbm2"):
        shipped_dram("hbm2f")


def test_leakage_doubles_with_temperature_and_follows_the_flavour() -> None:
    # 12, 100 and 640 mW/mm² at 100 °C; at 85 °C 2^(−15/22.5) = 0.630 of it. SRAM is stated at 85 °C
    seven = load_technology("7nm")
    assert (seven.threshold, seven.junction_c) == ("rvt", 85)
    assert seven.logic_leakage_mw(2.0) == pytest.approx(2 * 12 * 0.630, rel=1e-3)
    assert seven.sram_leakage_mw(64) == pytest.approx(64 * seven.sram_leakage_mw_per_kib)
    hot = seven.moved("junction_c", 85 + 22.5)
    assert hot.logic_leakage_mw(1.0) == pytest.approx(2 * seven.logic_leakage_mw(1.0))
    assert hot.sram_leakage_mw(1.0) == pytest.approx(2 * seven.sram_leakage_mw(1.0))
    assert seven.leakage_growth(85, 40) * seven.leakage_growth(40, 85) == pytest.approx(1)


@pytest.mark.parametrize(("flavour", "mw"), [("rvt", 12.0), ("lvt", 100.0), ("slvt", 640.0)])
def test_a_file_names_the_flavour_of_its_cells(tmp_path: Path, flavour: str, mw: float) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text((FOLDER / "7nm.yaml").read_text(encoding="utf-8").replace("threshold: rvt", f"threshold: {flavour}"), encoding="utf-8")
    technology = load_technology(str(mine))
    assert (technology.threshold, technology.logic_leakage_mw_per_mm2) == (flavour, mw)
    assert technology.constants["logic_leakage_mw_per_mm2"].source.startswith("ASAP7")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("threshold: rvt", "threshold: hvt", "threshold"),
        ("threshold: rvt", "", "threshold: missing; allowed: rvt, lvt, slvt"),
        (
            "constants:\n",
            "constants:\n  logic_leakage_mw_per_mm2: {value: 1, unit: a, low: 1, high: 1, basis: read, source: a}\n",
            "one of them",
        ),
        ("  rvt: {", "  mvt: {", "logic_leakage"),
    ],
)
def test_a_file_that_contradicts_itself_on_leakage_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text((FOLDER / "7nm.yaml").read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_technology(str(mine))
