"""SRAM by CACTI: the adapter with a module that stands in for the package, and the package itself where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from simulator.cost import cacti, load_technology
from simulator.cost.sram import SramBank, SramMacro
from simulator.errors import ConfigError
from simulator.pricing import elaborate, price

SHIPPED = Path(__file__).parents[2] / "configs" / "technologies" / "28nm.yaml"


def cacti_file(folder: Path, node_nm: float = 28) -> str:
    path = folder / "mine.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("name: 28nm", "name: 28nm-cacti\nsram_model: cacti", 1)
    path.write_text(text.replace("node_nm: 28", f"node_nm: {node_nm:g}", 1), encoding="utf-8")
    return str(path)


class Macro:
    """1 um² and 1 fJ a bit of size and of width, read; twice that, written."""

    asked: list[tuple[float, int, float]]

    def __init__(self, *, tech_node: float, width: int, size: float) -> None:
        self.asked.append((tech_node, width, size))
        self.area, self.width = size * 1e-12, width

    def read(self) -> SimpleNamespace:
        return SimpleNamespace(energy=self.width * 1e-15)

    def write(self) -> SimpleNamespace:
        return SimpleNamespace(energy=2 * self.width * 1e-15)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Macro]]:
    Macro.asked = []
    module = ModuleType(cacti.MODULE)
    module.SRAM = Macro  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, cacti.MODULE, module)
    monkeypatch.setattr(cacti, "find_spec", lambda name: object())
    cacti.cacti_figures.cache_clear()
    yield Macro
    cacti.cacti_figures.cache_clear()


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cacti, "find_spec", lambda name: None)


def test_figures_come_from_the_package(stand_in: type[Macro], tmp_path: Path) -> None:
    technology = load_technology(cacti_file(tmp_path))
    macro = SramMacro(technology, 4, 64)
    # 32,768 bits, 64 of them an access; 1R1W takes the closed form's factors, 1.4 and 1.1
    assert (macro.area_um2(), macro.read_pj(), macro.write_pj()) == pytest.approx((32768, 0.064, 0.128))
    assert SramMacro(technology, 4, 64, "1r1w").area_um2() == pytest.approx(1.4 * 32768)
    assert SramMacro(technology, 4, 64, "1r1w").read_pj() == pytest.approx(1.1 * 0.064)
    assert macro.leakage_mw() == SramMacro(load_technology("28nm"), 4, 64).leakage_mw()
    assert any("CACTI" in note for note in macro.notes())
    # two halves of one macro each, κ as ever; the same macro is asked for once
    assert SramBank(technology, 4, 64).area().placed_mm2 == pytest.approx(1.35 * 2 * 32768e-6)
    assert stand_in.asked == [(pytest.approx(28e-9), 64, 32768)]


def test_supply_scales_energy(stand_in: type[Macro], tmp_path: Path) -> None:
    low = load_technology(cacti_file(tmp_path), {"supply_voltage_v": 0.72})
    assert SramMacro(low, 4, 64).read_pj() == pytest.approx(0.064 * 0.64)


def test_a_whole_machine_is_priced(stand_in: type[Macro], tmp_path: Path, machines: Any) -> None:
    from simulator.activity import Activity, Bounds, Counts

    technology = load_technology(cacti_file(tmp_path))
    cost = price(Activity(10, 64, Counts(x_bank_reads=5), {}, Bounds(), ()), elaborate(machines.replication(), technology), technology)
    banks = next(entry for entry in cost.components if entry.name == "x_banks")
    assert any("CACTI" in note for note in banks.notes)


def test_macros_that_the_package_extrapolates_are_flagged(stand_in: type[Macro], tmp_path: Path) -> None:
    technology = load_technology(cacti_file(tmp_path))
    assert any("scaled down" in note for note in SramMacro(technology, 0.25, 64).notes())
    assert not any("scaled down" in note for note in SramMacro(technology, 4, 64).notes())


def test_a_run_that_fails_says_so(stand_in: type[Macro], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise Exception("CACTI failed with exit code 1")

    monkeypatch.setattr(sys.modules[cacti.MODULE], "SRAM", broken)
    with pytest.raises(ConfigError, match=r"cacti failed for 4 KiB × 64 b at 28 nm: CACTI failed with exit code 1; .*--no-binary"):
        SramMacro(load_technology(cacti_file(tmp_path)), 4, 64).read_pj()


def test_without_the_package_the_advice_is_complete(absent: None, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_technology(cacti_file(tmp_path))
    for word in ("not installed", "Python ≥ 3.12", "g++ and make", "--no-binary hwcomponents-cacti", "sparsim[cacti]", "closed_form"):
        assert word in str(raised.value)


@pytest.mark.parametrize("node_nm", [7, 16, 130])
def test_nodes_that_it_does_not_know_are_refused(stand_in: type[Macro], tmp_path: Path, node_nm: float) -> None:
    with pytest.raises(ConfigError, match=rf"cacti knows 22 to 90 nm, not {node_nm} nm .* smaller than compiled"):
        load_technology(cacti_file(tmp_path, node_nm))


def test_nothing_imports_it_unasked(absent: None) -> None:
    assert load_technology("28nm").sram_model == "closed_form"


@pytest.mark.skipif(find_spec(cacti.MODULE) is None, reason="hwcomponents-cacti is not installed (it needs Python 3.12)")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves files open
def test_the_package_itself(tmp_path: Path) -> None:
    # CACTI 7 at 45 nm, 32 KiB × 64 b: 0.0949 mm², 17.0 and 15.4 pJ
    macro = SramMacro(load_technology(cacti_file(tmp_path, 45)), 32, 64)
    assert macro.area_um2() == pytest.approx(94900, rel=0.01)
    assert (macro.read_pj(), macro.write_pj()) == pytest.approx((17.0, 15.4), rel=0.01)
