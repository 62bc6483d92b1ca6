"""A file is read once as long as it does not change, and again when it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

import simulator.specs.documents
from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.specs import load_once
from simulator.specs.documents import _load


class Note(BaseModel):
    text: str


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were read."""
    seen: list[str] = []
    read_text = simulator.specs.documents.read_text

    def noted(path: Path) -> str:
        seen.append(path.name)
        return read_text(path)

    monkeypatch.setattr(simulator.specs.documents, "read_text", noted)
    return seen


def test_read_once_and_again_when_it_changes(tmp_path: Path, reads: list[str]) -> None:
    path = tmp_path / "note.yaml"
    path.write_text("text: one\n")
    assert load_once(path, Note) is load_once(path, Note)
    assert reads == ["note.yaml"]
    path.write_text("text: another\n")
    assert load_once(path, Note).text == "another"
    assert reads == ["note.yaml"] * 2


def test_what_cannot_be_read_says_why_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="no such file"):
            load_once(tmp_path / "none.yaml", Note)


def test_a_technology_that_is_asked_for_again_is_not_read_again(reads: list[str]) -> None:
    _load.cache_clear()
    assert load_technology("7nm") == load_technology("7nm")
    assert sorted(reads) == ["7nm.yaml", "common.yaml", "dram.yaml"]
    assert load_technology("7nm", {"gate_area_um2": 0.05}).gate_area_um2 == 0.05
    assert load_technology("7nm").gate_area_um2 == 0.0439
    assert len(reads) == 3
