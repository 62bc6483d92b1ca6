"""One price: whatever shows a run's energy and area shows the same ones, on every kind of machine; typed as a user types it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.result import Result
from simulator.study.uncertainty import assess

Type = Callable[..., Any]

FABRIC = "kind: gather, units: 8, lanes: 4, replicas: 2, banks: 8, bank_kib: 1, weight_bank_kib: 1, output_bank_kib: 1"
MACHINES = {
    "gather": f"fabric: {{{FABRIC}}}",
    "scatter": f"fabric: {{{FABRIC}}}\nmapping: {{dataflow: scatter}}",
    "sampled": f"fabric: {{{FABRIC}, lane_tree: true}}",
    "both": f"fabric: {{{FABRIC}, lane_tree: true}}\nmapping: {{dataflow: both}}",
    "systolic": "fabric: {kind: systolic, rows: 4, cols: 4, x_buffer_kib: 8, w_buffer_kib: 8, y_buffer_kib: 8}",
}
OPERATIONS = {
    "up": "kind: SpMM, shape: {m: 48, k: 32, n: 16}, weight: {pattern: uniform, density: 0.2}, activation: {pattern: dense}",
    "dx": "kind: SpMM, shape: {n: 16}, weight_of: up, transpose: TRANSPOSE, activation: {pattern: dense}, depends_on: [up]",
    "dw": "kind: SDDMM, shape: {n: 16}, weight_of: up, activation: {pattern: dense}, gradient: {pattern: dense}, depends_on: [dx]",
}
FIGURES = ("energy_pj", "fabric_energy_pj", "area_mm2", "fabric_area_mm2")


@pytest.mark.parametrize("kind", MACHINES)
def test_all_that_tells_a_price_tells_the_same_one(kind: str, place: Path, sparsim: Type, no_plots: None, no_sweep_plots: None) -> None:
    (place / "machine.yaml").write_text(f"name: {kind}\ndram: {{share: 0.03125}}\nactivation_buffer_kib: 64\n{MACHINES[kind]}\n")
    names = list(OPERATIONS) if kind in ("sampled", "both") else list(OPERATIONS)[:2]
    listed = "".join(f"  - {{name: {name}, {OPERATIONS[name]}}}\n" for name in names)
    listed = listed.replace("TRANSPOSE", "scatter" if kind == "both" else "stored")
    (place / "work.yaml").write_text(f"name: work\noperations:\n{listed}")
    (place / "try.yaml").write_text("name: try\nmachine: machine.yaml\nworkload: work.yaml\naxes: {clock_ghz: [1.0]}\n")

    ran = sparsim("run", "machine.yaml", "-w", "work.yaml", "--json", "-o", "out")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    (summary,) = csv.DictReader((place / "out" / "summary.csv").read_text().splitlines())
    (priced,) = json.loads(sparsim("price", "out", "--json").out)["results"]
    assert sparsim("price", "out", "-o", "again").code == 0
    swept = sparsim("sweep", "try.yaml", "--bands", "-j", "0", "-o", "swept", "-q")
    assert swept.code == 0, swept.err
    (row,) = csv.DictReader((place / "swept" / "points.csv").read_text().splitlines())
    saved = Result.load(place / "out" / "result.json")
    assessed, (share,) = assess([saved]), assess([saved]).runs
    for name in FIGURES:
        others = {
            "result.json": json.loads((place / "out" / "result.json").read_text())[name],
            "summary.csv": float(summary[name]),
            "price": priced[name],
            "price -o": json.loads((place / "again" / "result.json").read_text())[name],
            "bands": assessed.spread(share.name, name).nominal,
            "sweep": float(row[name]),
        }
        assert others == pytest.approx(dict.fromkeys(others, told[name]), rel=1e-12), name
    operations = told["operations"]
    assert sum(entry["energy_pj"] for entry in operations) == pytest.approx(told["energy_pj"], rel=1e-12)
    assert float(row["energy_pj_low"]) < told["energy_pj"] < float(row["energy_pj_high"])
