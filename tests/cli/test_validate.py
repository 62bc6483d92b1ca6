"""`sparsim validate`, typed as a user types it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator.cost.validation import shipped_figures, validate
from simulator.report.plots.validation import validation_figure

Type = Callable[..., Any]
Refusal = Callable[..., str]

MINE = """
figures:
  - id: my_macro
    component: sram
    parameters: {kib: 64, width_bits: 128}
    technology: 28nm
    overrides: {sram_cell_um2: 0.13}
    quantity: cell_area
    value: 0.1
    unit: mm2
    source: my data sheet
  - {id: my_wire, component: wire, technology: 16nm, quantity: energy_per_bit_mm, low: 80, high: 100, unit: fJ/bit/mm, source: my notes}
"""


def test_the_shipped_list_gives_a_table_and_a_whole_folder(mine: Path, sparsim: Type) -> None:
    outcome = sparsim("validate")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Where nothing was fitted, components are off in the median: area by ")
    assert len(lines) <= 16
    assert max(map(len, lines)) <= 80
    folder = mine.parent / "reports" / "validate"
    table = (folder / "table.txt").read_text(encoding="utf-8")
    assert "horowitz_int8_add_energy" in table
    assert "another model, not silicon" in table
    assert {path.name for path in folder.iterdir()} == {
        "figures.csv", "run.json", "summary.json", "table.txt", "validation.png",
    }  # fmt: skip
    with (folder / "figures.csv").open(encoding="utf-8", newline="") as file:
        roles = {row["role"] for row in csv.DictReader(file)}
    assert roles == {"fitted", "predicted", "cross-check"}
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert {(entry["name"], entry["role"]) for entry in summary["summary"]} >= {("area", "predicted"), ("energy", "predicted")}
    again = sparsim("validate", "-o", "reports/validate")
    assert again.code == 2
    assert "exists already" in again.err


def test_a_list_of_ones_own(mine: Path, sparsim: Type) -> None:
    outcome = sparsim("validate", "--figures", str(mine), "--json")
    assert outcome.code == 0, outcome.err
    record = json.loads(outcome.out)
    assert not (mine.parent / "reports").exists()
    assert record["cross_check"] == []
    macro, wire = record["figures"]
    # 64 KiB: 0.13 (1.23 · 524,288 + 178 · √524,288) · 2^0.05 = 0.1041 mm²
    assert macro["model"] == pytest.approx(0.1041, abs=0.0002)
    assert macro["error"] == pytest.approx(0.041, abs=0.002)
    # 0.121 (16/40)^0.35 = 0.0878 pJ/bit/mm = 87.8 fJ/bit/mm, within its range
    assert wire["model"] == pytest.approx(87.8, abs=0.1)
    assert wire["error"] == 0
    assert {entry["role"] for entry in record["summary"]} == {"predicted"}


def test_a_list_without_areas_is_drawn_too(mine: Path, sparsim: Type) -> None:
    mine.write_text("figures:\n" + MINE.splitlines()[-1] + "\n", encoding="utf-8")
    outcome = sparsim("validate", "--figures", str(mine), "-o", "out")
    assert outcome.code == 0, outcome.err
    assert (mine.parent / "out" / "validation.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kib: 64", "kb: 64"), 'mine.yaml:5: figures.0.parameters.kib: missing key; allowed: a number above 0'),
        (("component: sram", "component: scram"), 'mine.yaml:4: figures.0.component: found "scram"; allowed: integer_adder, '),
        (("quantity: cell_area", "quantity: area"), 'mine.yaml:8: figures.0.quantity: found "area"; allowed: cell_area, placed_area'),
        (("unit: mm2", "unit: mm"), 'mine.yaml:10: figures.0.unit: found "mm"; allowed for cell_area: um2, mm2; nearest: mm2'),
        (("value: 0.1", "value: -0.1"), "mine.yaml:9: figures.0.value: found -0.1; allowed: a number above 0"),
        (("value: 0.1", "low: 0.1"), "mine.yaml:9: figures.0.low: value: give it, or low and high together"),
        (("low: 80", "low: 120"), "figures.1.low: low = 120 is not below high = 100"),
        (("28nm", "28mn"), "mine.yaml:6: figures.0.technology: 28mn: neither a file nor a name in configs/technologies; allowed: 10nm, "),
        (("sram_cell_um2", "sram_cell"), "mine.yaml:7: figures.0.overrides.sram_cell: 28nm has no such constant; nearest: sram_cell_um2"),
        (("0.13}", "-0.13}"), "mine.yaml:7: figures.0.overrides.sram_cell_um2: found -0.13; allowed: a number above 0"),
        (("sram_cell_um2: 0.13", "sram_width_exponent: 1.0e+300"), "sram_width_exponent: found 1e+300; allowed: an exponent from -8 to 8"),
        (("id: my_wire", "id: my_macro"), "mine.yaml:12: figures.1.id: found 'my_macro' a second time"),
        (("source: my data", "role: fitted\n    source: my data"), "figures.0.constants: a fitted figure names the constants"),
        (("source: my data", "role: fitted\n    constants: [sram_cell]\n    source: me"), "figures.0.constants: found 'sram_cell'"),
        (("figures:", "figure:"), "mine.yaml:2: figures: missing key"),
    ],
)  # fmt: skip
def test_malformed_lists(mine: Path, refusal: Refusal, change: tuple[str, str], message: str) -> None:
    mine.write_text(MINE.replace(*change), encoding="utf-8")
    assert message in refusal("validate", "--figures", str(mine))


def test_a_model_of_zero_is_no_point_of_the_plot() -> None:
    (row,) = [row for row in validate(shipped_figures()) if row.id == "swift_area"]
    figure = validation_figure([row, replace(row, id="nothing", model=0.0)], [])
    (axes,) = figure.axes
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [point.get_xdata() for point in points] == [[pytest.approx(row.model / row.published)]]


def test_the_plot_tells_classes_roles_and_what_is_from_memory_apart() -> None:
    (row,) = [row for row in validate(shipped_figures()) if row.id == "swift_area"]
    variants = [
        row,
        replace(row, id="b", role="fitted"),
        replace(row, id="c", confidence="memory"),
        replace(row, id="d", figure_class="product"),
        replace(row, id="e", figure_class="board"),
    ]
    (axes,) = validation_figure(variants, []).axes
    looks = [
        (line.get_marker(), line.get_markerfacecolor(), line.get_markeredgecolor()) for line in axes.lines if line.get_marker() in "osD"
    ]
    assert len(set(looks)) == len(variants)
    assert len({tuple(line.get_ydata()) for line in axes.lines if line.get_marker() in "osD"}) == len(variants)  # none hides another


def test_names_at_the_side_of_the_plot_do_not_touch() -> None:
    figure = validation_figure(validate(shipped_figures()), [])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = sorted((label.get_window_extent() for label in axes.get_yticklabels()), key=lambda box: box.y0)
    assert len(boxes) > 20
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
    assert all(box.x0 >= 0 for box in boxes)


def test_an_empty_list_is_told_once_what_a_figure_is(mine: Path, sparsim: Type) -> None:
    mine.write_text("figures: []\n", encoding="utf-8")
    outcome = sparsim("validate", "--figures", str(mine))
    assert outcome.code == 2
    assert outcome.err.count("a mapping with the keys id, component") == 1


def test_an_unknown_device_and_a_network_that_cannot_be_built_are_placed(mine: Path, sparsim: Type) -> None:
    for component, parameters, quantity, unit, message in (
        ("dram", "{device: hbm2f}", "energy_per_bit", "pJ/bit", "mine.yaml:2: figures.0.parameters.device: found 'hbm2f'"),
        ("bank_access", "{bank_kib: 1, word_bits: 8, request_bits: 8, reply_bits: 8, crossbars: [[8]], banks_spanned: 1}", "energy", "pJ",
         "figures.0.parameters.crossbars.0: found a list; allowed: a list of 2, each item an integer from 1 to 4096"),
        ("network", "{topology: butterly, sources: 8, sinks: 8, width_bits: 8, arbitrated: true}", "cell_area", "um2",
         'mine.yaml:2: figures.0.parameters.topology: found "butterly"'),
    ):  # fmt: skip
        mine.write_text(
            f"figures:\n  - {{id: a, component: {component}, parameters: {parameters}, technology: 7nm, quantity: {quantity}, value: 1, "
            f"unit: {unit}, source: me}}\n",
            encoding="utf-8",
        )
        outcome = sparsim("validate", "--figures", str(mine))
        assert outcome.code == 2
        assert message in outcome.err
