"""The shipped runs of CACTI, another model, as a cross-check of the SRAM laws."""

from __future__ import annotations

import csv
from pathlib import Path

from simulator.cost.validation.memory import Sram
from simulator.specs import data_folder

_QUANTITIES = {"area_mm2": ("cell_area", "mm2"), "read_pj": ("read_energy", "pJ"), "write_pj": ("write_energy", "pJ")}
PHYSICAL_FROM_NM = 22
"""Below it CACTI only scales its 22 nm: no check of area."""


def cacti_file() -> Path:
    """The shipped table, with its provenance in the lines that begin with #."""
    return data_folder("configs") / "validation" / "cacti.csv"


def cacti_runs() -> list[tuple[str, Sram, str, str, float]]:
    """Technology, macro, quantity, unit and CACTI's value of every run: three quantities each."""
    with cacti_file().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return [
        (f"{row['node_nm']}nm", _macro(row), quantity, unit, float(row[column]))
        for row in rows
        for column, (quantity, unit) in _QUANTITIES.items()
    ]


def _macro(row: dict[str, str]) -> Sram:
    return Sram(kib=float(row["kib"]), width_bits=int(row["width_bits"]), ports="2rw" if row["ports"] == "2" else "1rw")
