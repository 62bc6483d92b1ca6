"""`sparsim training`, typed as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.study.test_training import MACHINE, SAMPLED, STEP, WHOLE

Type = Callable[..., Any]


def test_the_command_writes_what_it_prints(place: Path, sparsim: Type) -> None:
    (place / "small.yaml").write_text(MACHINE, encoding="utf-8")
    (place / "step.yaml").write_text(STEP + SAMPLED, encoding="utf-8")
    (place / "step-dense-dw.yaml").write_text(STEP + WHOLE, encoding="utf-8")
    outcome = sparsim("training", "small.yaml", "-w", "step.yaml", "--against", "step-dense-dw.yaml", "--full", "-o", "out")
    assert outcome.code == 0, outcome.err
    assert (place / "out" / "table.txt").read_text(encoding="utf-8") in outcome.out
    assert outcome.out.endswith("\nresults in out/\n")
    record = json.loads((place / "out" / "training.json").read_text(encoding="utf-8"))
    assert record["cap_with_dense_dw"] == 2.0
    made = sparsim("training", "small.yaml", "-w", "step.yaml", "--json")
    assert json.loads(made.out) == record, "of dense operands the whole step that is made is the one that was written"
    refused = sparsim("training", "small.yaml", "-w", "step.yaml", "--against", "step.yaml")
    assert refused.code == 2
    assert "Traceback" not in refused.err


def test_inspect_shows_the_gradient_of_a_sampled_product(place: Path, sparsim: Type) -> None:
    (place / "step.yaml").write_text(
        STEP + SAMPLED.replace("gradient: {pattern: dense}", "gradient: {pattern: uniform, nnz: 37}"), encoding="utf-8"
    )
    shown = sparsim("inspect", "step.yaml", "--full")
    assert shown.code == 0, shown.err
    (line,) = [line for line in shown.out.splitlines() if " dY " in line and "×" in line]
    assert "32 × 8" in line
    assert " 37 " in line
    record = json.loads(sparsim("inspect", "step.yaml", "--json").out)
    assert record["operations"][-1]["gradient"]["nnz"] == 37
    assert "gradient" not in record["operations"][0]
