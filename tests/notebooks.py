"""Execute the notebooks of examples/ anew, in place: `python -m tests.notebooks [NAME …]`. Needs nbclient and ipykernel.

Each then names the version of the model that its figures are of, and holds no times.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator.version import MODEL_VERSION

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.ipynb"))
MADE = "model_version"
"""Key of a notebook's metadata."""


def execute(notebook: Path) -> None:
    """Run all cells and keep what they show."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(notebook, as_version=4)
    NotebookClient(book, resources={"metadata": {"path": str(notebook.parent)}}).execute()
    record = json.loads(nbformat.writes(book))
    for cell in record["cells"]:
        cell["metadata"].pop("execution", None)
    record["metadata"][MADE] = str(MODEL_VERSION)
    notebook.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for notebook in NOTEBOOKS:
        if notebook.stem in (sys.argv[1:] or [notebook.stem]):
            execute(notebook)
            print(f"{notebook.name}: {MODEL_VERSION}")
