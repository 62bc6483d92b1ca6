"""`sparsim training`, typed as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.training.test_step import MACHINE, SAMPLED, STEP, WHOLE

Type = Callable[..., Any]


def test_the_command_writes_what_it_prints(place: Path, sparsim: Type) -> None:
    (place / "small.yaml").write_text(MACHINE, encoding="utf-8")
    (place / "step.yaml").write_text(STEP + SAMPLED, encoding="utf-8")
    (place / "step-dense-dw.yaml").write_text(STEP + WHOLE, encoding="utf-8")
    outcome = sparsim("training", "small.yaml", "-w", "step.yaml", "--against", "step-dense-dw.yaml", "-o", "out")
    assert outcome.code == 0, outcome.err
    assert (place / "out" / "table.txt").read_text(encoding="utf-8") in outcome.out
    record = json.loads((place / "out" / "training.json").read_text(encoding="utf-8"))
    assert record["cap_with_dense_dw"] == 2.0
    refused = sparsim("training", "small.yaml", "-w", "step.yaml", "--against", "step.yaml")
    assert refused.code == 2
    assert "Traceback" not in refused.err
