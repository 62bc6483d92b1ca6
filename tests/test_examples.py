"""What the docs show works: the examples of docstrings, every Python block of README and docs, and the names of CONTRIBUTING.md."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "simulator").rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
"""A block, and its output where a block of text follows."""
BLOCKS = [
    pytest.param(block[1], block[2], id=f"{page.stem}-{number}")
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number, block in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_docstring_give_what_they_show(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted
    assert not done.failed


@pytest.mark.parametrize(("block", "output"), BLOCKS)
def test_a_python_block_of_the_docs_runs(
    block: str, output: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder that has what a checkout has, so that relative paths are those of the docs and nothing is left behind."""
    for name in ("configs", "workloads"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "<docs>", "exec"), {"__name__": "docs"})
    plt.close("all")
    assert output is None or capsys.readouterr().out == output


def test_there_are_examples() -> None:
    assert len(MODULES) > 5
    assert len(BLOCKS) >= 3


def test_what_contributing_names_is_there() -> None:
    """A row of its table names a list or mapping and the file or the room that has it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all((ROOT / path).exists() for path in re.findall(r"`((?:simulator|tests)/[\w/.]+)`", text))
    places = [
        found for line in text.splitlines() if (found := re.search(r"`(_?[A-Z_]+)`.*, `(simulator/[\w/.]+)`", line.rpartition(" | ")[2]))
    ]
    assert len(places) > 8
    for name, place in (found.groups() for found in places):
        files = [ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py")
        assert any(re.search(rf"^{name}\b", file.read_text(encoding="utf-8"), re.MULTILINE) for file in files), (name, place)
