"""DRAM: bits of every device, rows opened for few bytes, the share of the interface on the die."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Technology
from simulator.cost.dram import Dram, DramPhy
from simulator.errors import ConfigError
from simulator.pricing import elaborate, price
from tests.cost.devices import shipped_dram

# pJ a byte of the devices, streaming: 8 × pJ a bit. HBM2 3.92 (O'Connor 2017), HBM2E 4.3 and HBM3E 3.44 (SK hynix 2023), HBM3 4.05,
# GDDR6 7.5 and LPDDR5 6 (from memory), DDR5 as DDR4, 2.0 + 5.6
DEVICES = {"hbm2": 31.36, "hbm2e": 34.4, "hbm3": 32.4, "hbm3e": 27.52, "gddr6": 60.0, "lpddr5": 48.0, "ddr5": 60.8}


@pytest.mark.parametrize("kind", DEVICES)
def test_a_byte_of_every_device(seven: Technology, kind: str) -> None:
    dram = Dram(seven, shipped_dram(kind))
    assert sum(dram.actions().values()) == pytest.approx(DEVICES[kind])
    assert dram.area().placed_mm2 == dram.leakage_mw() == 0


def test_rows_opened_for_few_bytes_by_hand(seven: Technology) -> None:
    # hbm2e: 8 · 1.33 = 10.64 pJ a byte where 1,024 bytes of a row are used; 64 used: sixteen times that, 170.24 pJ. The rest stays
    streaming, random = Dram(seven, shipped_dram("hbm2e")), Dram(seven, shipped_dram("hbm2e"), 64)
    assert streaming.energy_pj("activate_byte") == pytest.approx(10.64)
    assert random.energy_pj("activate_byte") == pytest.approx(170.24)
    assert random.energy_pj("move_byte") == streaming.energy_pj("move_byte") == pytest.approx(8 * 2.46)
    assert random.energy_pj("io_byte") == streaming.energy_pj("io_byte") == pytest.approx(8 * (0.33 + 0.18))
    assert Dram(seven, shipped_dram("hbm2e"), 1024).actions() == pytest.approx(streaming.actions())


def test_a_machine_says_how_much_of_a_row_it_uses(seven: Technology, machines: Any) -> None:
    def dram_pj(**dram: Any) -> dict[str, float]:
        elaborated = elaborate(machines.gather({"dram": dram}), seven)
        cost = price(Activity(0, 64, Counts(dram_read_bytes=1000), {}, Bounds(), ()), elaborated, seven)
        return dict(next(part for part in cost.components if part.name == "dram").energy_pj_by_action)

    streaming, random = dram_pj(), dram_pj(useful_bytes_per_activate=256)
    assert random["activate"] == pytest.approx(4 * streaming["activate"])
    assert (random["move"], random["io"]) == (streaming["move"], streaming["io"])


def test_less_than_a_burst_of_a_row_is_refused(seven: Technology, machines: Any) -> None:
    with pytest.raises(ConfigError, match=r"dram.useful_bytes_per_activate: found 16, less than one burst of hbm2e; allowed: at least 32"):
        elaborate(machines.gather({"dram": {"useful_bytes_per_activate": 16}}), seven)


def test_phy_by_hand(seven: Technology) -> None:
    # 1/32 of a PHY of 10 mm²; 1.5 pJ a bit; a tenth of its area leaks 30 mW/mm²
    phy = DramPhy(seven, shipped_dram("hbm2e"), 1 / 32)
    assert phy.area().cell_mm2 == phy.area().placed_mm2 == phy.die_mm2() == pytest.approx(0.3125)
    assert phy.energy_pj("transfer_byte") == pytest.approx(12)
    assert phy.leakage_mw() == pytest.approx(0.9375)
    assert phy.notes() == ("hbm2e: area and energy assumed, no source gives them",)
