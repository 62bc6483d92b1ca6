"""The notebooks of examples/ run, and hold what they showed when they were executed."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from simulator.version import MODEL_VERSION
from tests.notebooks import MADE, NOTEBOOKS


def code(notebook: Path) -> list[dict[str, Any]]:
    """Its cells of code."""
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_executed_from_its_first_cell_to_its_last(notebook: Path) -> None:
    cells = code(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert len(outputs) >= 3
    assert str(Path.home()) not in notebook.read_text(encoding="utf-8")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_gives(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are compared under the very version of the model, and of the NumPy that draws, that they were made with."""
    monkeypatch.chdir(tmp_path)
    made = json.loads(notebook.read_text(encoding="utf-8"))["metadata"][MADE]
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in code(notebook):
        value = _run("".join(cell["source"]), notebook.name, names)
        shown = _literal(cell)
        if made == str(MODEL_VERSION) and shown is not None:
            assert value == shown


def _run(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of the expression that it ends in, as a notebook shows it."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), names)


def _literal(cell: dict[str, Any]) -> Any:
    """What a cell showed, if that is written as Python writes it; None for tables and pictures."""
    texts = ["".join(output["data"]["text/plain"]) for output in cell["outputs"] if output["output_type"] == "execute_result"]
    try:
        return ast.literal_eval(texts[0]) if texts else None
    except (ValueError, SyntaxError):
        return None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_figures_of_todays_model(notebook: Path) -> None:
    """`python -m tests.notebooks` executes them anew; of sizes nothing in them is searched for."""
    made = json.loads(notebook.read_text(encoding="utf-8"))["metadata"][MADE]
    assert made.startswith(f"timing {MODEL_VERSION.timing}, cost {MODEL_VERSION.cost}, ")


def test_there_are_four() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["first-look", "own-matrix", "study-from-scratch", "sweep-pareto"]
