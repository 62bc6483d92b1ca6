"""`sparsim validate --rebuild`, typed as a user types it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.cost.validation import load_rebuild, rebuild
from simulator.report.plots.rebuilds import rebuilds_figure

Type = Callable[..., Any]
Refusal = Callable[..., str]

MINE = """
name: mine
source: my thesis
technology: 28nm
clock_ghz: 0.5
parts:
  - name: memory
    published_um2: 50000
    published_mw: 1.5
    hardware:
      - component: sram
        parameters: {kib: 16, width_bits: 64}
        area: cell_area
        events: {read_energy: 0.5}
  - {name: glue, published_um2: 20000, confidence: memory}
total_published: {um2: 70000}
"""


def test_all_shipped_ones_give_a_table_and_a_whole_folder(mine: Path, sparsim: Type) -> None:
    outcome = sparsim("validate", "--rebuild", "all", "-o", "rebuilt")
    assert outcome.code == 0, outcome.err
    for name in ("EIE PE", "SCNN PE", "SIGMA", "Gamma", "Gemmini", "ACES"):
        assert name in outcome.out
    sizes = [line.split()[1] for line in outcome.out.splitlines() if line.startswith("NVDLA")]
    assert sizes == ["64", "256", "1024", "2048"], "by number, not by the alphabet"
    folder = mine.parent / "rebuilt"
    assert "22,600,000*" in (folder / "table.txt").read_text(encoding="utf-8")  # from memory
    assert {path.name for path in folder.iterdir()} == {
        "parts.csv", "rebuilds.png", "run.json", "summary.json", "table.txt",
    }  # fmt: skip
    with (folder / "parts.csv").open(encoding="utf-8", newline="") as file:
        assert len({row["rebuild"] for row in csv.DictReader(file)}) == 10
    again = sparsim("validate", "--rebuild", "all", "-o", "rebuilt")
    assert again.code == 2
    assert "exists already" in again.err


def test_one_of_ones_own_as_json_writes_nothing(mine: Path, sparsim: Type) -> None:
    outcome = sparsim("validate", "--rebuild", str(mine), "--json")
    assert outcome.code == 0, outcome.err
    assert not (mine.parent / "reports").exists()
    record = json.loads(outcome.out)
    (own,) = record["rebuilds"]
    memory, glue = own["parts"]
    assert memory["um2"]["ratio"] == pytest.approx(memory["um2"]["model"] / 50000)
    assert memory["mw"]["ratio"] == pytest.approx(memory["mw"]["model"] / 1.5)
    assert (glue["um2"]["model"], glue["um2"]["ratio"]) == (None, None)
    assert own["total"]["um2"]["ratio"] == pytest.approx(memory["um2"]["model"] / 70000)
    assert [(entry["measure"], entry["of"], entry["figures"]) for entry in record["summary"]] == [
        ("um2", "parts", 1), ("um2", "whole", 1), ("mw", "parts", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("component: sram", "component: srma"), 'mine.yaml:11: parts.0.hardware.0.component: found "srma"; allowed: integer_adder'),
        (("component: sram", "component: srma"), "nearest: sram"),
        (("kib: 16", "kb: 16"), "mine.yaml:12: parts.0.hardware.0.parameters.kb: unknown key; allowed: kib"),
        (("area: cell_area", "area: cel_area"), 'parts.0.hardware.0.area: found "cel_area"; allowed: cell_area, placed_area, die_area'),
        (("read_energy: 0.5", "reed_energy: 0.5"), 'mine.yaml:14: parts.0.hardware.0.events: found "reed_energy"; allowed: read_energy'),
        (("        area: cell_area\n        events: {read_energy: 0.5}\n", ""), "hardware.0.area: found neither an area nor events"),
        (("read_energy: 0.5", "read_energy: -1"), "mine.yaml:14: parts.0.hardware.0.events: found -1 for read_energy"),
        (("published_um2: 50000", "published: 50000"), "mine.yaml:8: parts.0.published: unknown key; allowed: name, published_um2"),
        (("technology: 28nm", "technology: 29nm"), "mine.yaml:4: technology: 29nm: neither a file nor a name in configs/technologies"),
        (("technology: 28nm", "technology: 28nm\noverrides: {sram_cell: 1}"), "mine.yaml:5: overrides.sram_cell"),
        (("name: glue", "name: memory"), "mine.yaml:15: parts.1.name: found 'memory' a second time"),
        (("um2: 70000", "um2: 0"), "mine.yaml:16: total_published.um2: found 0; allowed: a number above 0"),
        (("component: sram\n        parameters: {kib: 16, width_bits: 64}\n", "component: wire\n"), "area: the model gives none of a wire"),
    ],
)  # fmt: skip
def test_malformed_files(mine: Path, refusal: Refusal, change: tuple[str, str], message: str) -> None:
    mine.write_text(MINE.replace(*change), encoding="utf-8")
    assert message in refusal("validate", "--rebuild", str(mine))


def test_a_file_in_which_nothing_is_rebuilt_is_refused(mine: Path, sparsim: Type) -> None:
    mine.write_text("name: mine\ntechnology: 28nm\nparts: [{name: a, published_um2: 5}]\n", encoding="utf-8")
    outcome = sparsim("validate", "--rebuild", str(mine))
    assert outcome.code == 2
    assert "mine.yaml:3: parts: no part has hardware" in outcome.err


def test_an_unknown_name_is_told_the_nearest(mine: Path, sparsim: Type) -> None:
    outcome = sparsim("validate", "--rebuild", "gemini")
    assert outcome.code == 2
    assert "neither a file nor a name in configs/validation/rebuilds" in outcome.err
    assert "nearest: gemmini" in outcome.err


def test_a_list_and_a_rebuild_are_not_taken_together(mine: Path, sparsim: Type) -> None:
    outcome = sparsim("validate", "--rebuild", "eie", "--figures", str(mine))
    assert outcome.code == 2
    assert "--figures and --rebuild: allowed: one of them" in outcome.err


def test_the_picture_has_a_point_for_every_ratio_and_a_name_for_every_row(mine: Path) -> None:
    rebuilt = [rebuild(load_rebuild("eie")), rebuild(load_rebuild("gamma"))]
    (axes,) = rebuilds_figure(rebuilt).axes
    parts = [part for each in rebuilt for part in (*each.parts, each.total)]
    ratios = [beside.ratio for part in parts for beside in (part.um2, part.mw) if beside.ratio is not None]
    points = [line.get_xdata()[0] for line in axes.lines if line.get_marker() in "oD"]
    assert sorted(points) == sorted(ratios)
    names = {text.get_text() for text in axes.texts}
    assert {"SpmatRead", "EIE PE, 45nm", "Gamma, 45nm", "total"} <= names
    assert "filler cells" not in names


def test_a_rebuild_without_anything_published_still_has_a_picture(mine: Path, sparsim: Type) -> None:
    text = MINE.replace("    published_um2: 50000\n    published_mw: 1.5\n", "").replace("total_published: {um2: 70000}\n", "")
    mine.write_text(text, encoding="utf-8")
    outcome = sparsim("validate", "--rebuild", str(mine))
    assert outcome.code == 0, outcome.err
    assert (mine.parent / "reports" / "validate-rebuilds" / "rebuilds.png").is_file()
