"""Figures of class `board`: what the shipped measurement says, in the units of the models, and how much of it these explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cost import load_technology
from simulator.cost.floorplan import ClusterBlocks, floorplan
from simulator.cost.router import Crossbar
from simulator.cost.sram import SramBank
from simulator.cost.validation import Row, shipped_figures, summarise, validate
from simulator.cost.validation.networks import BankAccess
from simulator.study.bank_conflicts import measured_rows

DOCS = Path(__file__).parents[3] / "docs" / "validation.md"
MEASURED = {row["part"]: float(row["marginal_pj_per_unit"]) for row in measured_rows("parts")}
ROWS = {row.id: row for row in validate(shipped_figures()) if row.id.startswith("h200")}
ADDRESSES = MEASURED["address arithmetic"]
L2 = MEASURED["L2 16 MB rows of 512 B"]


@pytest.mark.parametrize(
    ("name", "pj"),
    [
        ("h200_tensor_bf16_mac", MEASURED["tensor cores bf16"]),
        ("h200_tensor_fp8_mac", MEASURED["tensor cores fp8"]),
        ("h200_vector_fp32_fma", MEASURED["fp32 FMA"]),
        ("h200_vector_bf16_fma", MEASURED["bf16x2 FMA"]),
        ("h200_shared_memory", MEASURED["shared 16 B a lane"] / 8),
        ("h200_l1", (MEASURED["L1 hits rows of 512 B"] - ADDRESSES) / 8),
        ("h200_l2", (L2 - ADDRESSES) / 8),
        ("h200_hbm3e", (MEASURED["HBM 8 GB rows of 512 B"] - L2) / 8),
    ],
)
def test_a_board_figure_is_the_measured_part_less_what_else_is_in_it(name: str, pj: float) -> None:
    assert ROWS[name].published == pytest.approx(pj, rel=2e-3)
    assert ROWS[name].figure_class == "board"


def test_all_of_the_measurement_is_of_class_board_and_predicted() -> None:
    assert len(ROWS) == 8
    assert {(row.figure_class, row.role) for row in ROWS.values()} == {("board", "predicted")}


def test_classes_are_summed_up_apart() -> None:
    def row(name: str, figure_class: str, model: float) -> Row:
        return Row(name, "wire", "7nm", "energy", "pJ", 1.0, 1.0, model, "predicted", "read", "me", "", figure_class)  # type: ignore[arg-type]

    near, far = row("near", "component", 1.1), row("far", "board", 0.2)
    assert [(found.figure_class, found.figures, round(found.median_error, 3)) for found in summarise([far, near])] == [
        ("component", 1, 0.1),
        ("board", 1, 0.8),
    ]


def test_what_of_a_bit_from_l2_the_model_explains() -> None:
    """Wires over two thirds of the die's side are most of it: (60 + 256) b · 19 mm over the 256 b of a word."""
    technology = load_technology("5nm")
    keys = {"bank_kib": 512, "word_bits": 256, "request_bits": 60, "reply_bits": 256, "crossbars": ((132, 100),), "banks_spanned": 100}
    with_wires = BankAccess(**keys, wire_mm=19.0).modelled(technology)["energy_per_bit"]
    hardly_any = BankAccess(**keys, wire_mm=1e-9).modelled(technology)["energy_per_bit"]
    assert with_wires - hardly_any == pytest.approx(316 / 256 * 19.0 * technology.wire_pj(1.0))
    assert ROWS["h200_l2"].model == pytest.approx(with_wires)
    mean_mm = 2 / 3 * 814**0.5
    assert mean_mm == pytest.approx(19.0, abs=0.03)


def test_the_docs_have_the_parts_of_that_bit() -> None:
    technology = load_technology("5nm")
    bank_pj = SramBank(technology, 512, 256, halves=1).energy_pj("read")
    moved_pj = Crossbar(technology, 132, 100, 60, True).energy_pj("hop") + Crossbar(technology, 100, 132, 256, False).energy_pj("hop")
    wires_pj = technology.wire_pj(316 * 19.0)
    lines = {
        "read of a bank": bank_pj,
        "crossbar, request and reply": moved_pj,
        "wires of 19 mm": wires_pj,
        "sum, of 6.0 measured": bank_pj + moved_pj + wires_pj,
    }
    text = DOCS.read_text(encoding="utf-8")
    assert [f"| {name} | {pj / 256:.2f} |" for name, pj in lines.items() if f"| {name} | {pj / 256:.2f} |" not in text] == []
    assert (bank_pj + moved_pj + wires_pj) / 256 == pytest.approx(ROWS["h200_l2"].model)


def test_the_docs_have_what_a_floorplan_of_that_die_says() -> None:
    technology = load_technology("5nm")
    bank_mm2 = SramBank(technology, 512, 256, halves=1).die_mm2()
    network_mm2 = Crossbar(technology, 132, 100, 60, True).die_mm2() + Crossbar(technology, 100, 132, 256, False).die_mm2()
    plan = floorplan(ClusterBlocks(bank_mm2, 100, (814 - 100 * bank_mm2 - network_mm2) / 132, 132, network_mm2))
    way_mm = plan.bank_way_mm + plan.unit_way_mm
    said = f"has ways of {way_mm:.0f} mm from bank to SM: {technology.wire_pj(316 * way_mm) / 256:.2f} pJ of wire"
    assert said in DOCS.read_text(encoding="utf-8")
