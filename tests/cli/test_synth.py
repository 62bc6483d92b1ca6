"""`sparsim synth` as a user types it; what Yosys makes of a piece is tested where that is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("amaranth")

LIBRARY = Path(__file__).parents[1] / "synthesis" / "tiny.lib"
Type = Callable[..., Any]


def test_what_is_too_large_is_left_out_by_name(place: Path, sparsim: Type) -> None:
    outcome = sparsim("synth", "crossbar.yaml", "--liberty", str(LIBRARY), "--largest", "0", "-o", "out")
    assert outcome.code == 0, outcome.err
    assert "a gate is NAND2 of 2.000 µm², a FO4 19.3 ps" in outcome.out
    assert "left out, more than 0 GE by the model: data path 4 × 8 × " in " ".join(outcome.out.split())
    assert {path.name for path in (place / "out").iterdir()} == {"pieces.csv", "summary.json", "table.txt", "synthesis.png", "run.json"}
    assert json.loads((place / "out" / "summary.json").read_text())["pieces"] == []


def test_a_library_that_is_none_is_refused(place: Path, sparsim: Type) -> None:
    outcome = sparsim("synth", "systolic.yaml", "--liberty", "systolic.yaml", "--json")
    assert outcome.code != 0
    assert "systolic.yaml: found no cell; allowed: a library in Liberty's format" in outcome.err
