"""What the small cut of each shipped study answers; `python -m tests.study.questions.cuts` records it anew after a change of the model."""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from simulator.study.questions.reading import load_question, study_names
from simulator.study.questions.run import Answered, answer_question
from simulator.study.sweep.run import Options
from simulator.study.sweep.store import Store
from simulator.version import MODEL_VERSION

KEPT = Path(__file__).with_name("cuts.json")


def answer_cut(name: str, store: Path) -> Answered:
    """The cut of a study, run in this process."""
    with Store(store) as base:
        return answer_question(load_question(name, cut=True), base, Options(), lambda spec: nullcontext(lambda event: None))


def kept() -> dict[str, Any]:
    """The version of the model, and study → what it says."""
    record: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return record


def _record() -> None:
    with tempfile.TemporaryDirectory() as folder:
        texts = {name: answer_cut(name, Path(folder) / "store.sqlite").answer.text for name in study_names()}
    KEPT.write_text(
        json.dumps({"model_version": str(MODEL_VERSION), "answers": texts}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    _record()
