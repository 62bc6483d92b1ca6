"""What is kept in reports/ is what the code gives, under the version of the model that they were made with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import asdict

import simulator
from simulator.report.numbers import significant
from simulator.version import MODEL_VERSION

REPORTS = Path(__file__).parents[2] / "reports"
TABLE = REPORTS / "best" / "table.txt"


def _rows() -> dict[str, list[str]]:
    """Machine → time in µs, energy in µJ, fabric area in mm², and the sizes that were found, as printed."""
    lines = TABLE.read_text(encoding="utf-8").split("Best sizes by ")[1].splitlines()[3:9]
    cells = [re.split(r"\s{2,}", line.strip()) for line in lines]
    return {name.removeprefix("machine "): rest for name, *rest in cells}


def test_the_shipped_machines_are_the_best_that_were_found() -> None:
    assert [row[-1] for row in _rows().values()] == ["as in its file"] * 6


def _made_with() -> str:
    """The version of the model that the page names."""
    named = re.search(r"under model version ([^(]*?) \(", (REPORTS / "README.md").read_text(encoding="utf-8"))
    assert named is not None
    return named.group(1)


def _now() -> str:
    """The version of the model of this code, as the page names it: tinygpt is read and not drawn, whatever NumPy there is."""
    return ", ".join(f"{part} {number}" for part, number in asdict(MODEL_VERSION).items())


@pytest.mark.skipif(_made_with() != _now(), reason=f"made with {_made_with()}; `make best` makes them anew")
@pytest.mark.parametrize("name", ["crossbar", "hybrid", "replication", "partition", "systolic", "systolic-naive"])
def test_their_figures_are_as_printed(name: str) -> None:
    result = simulator.simulate(simulator.load_machine(name), simulator.load_workload("tinygpt"))
    figures = (result.seconds * 1e6, result.energy_pj * 1e-6, result.fabric_area_mm2)
    assert _rows()[name][:3] == [significant(figure) for figure in figures]


def test_the_page_says_what_the_table_says() -> None:
    page = (REPORTS / "README.md").read_text(encoding="utf-8")
    for name, (*figures, _) in _rows().items():
        assert f"| {name} | {' | '.join(figures)} |" in page
