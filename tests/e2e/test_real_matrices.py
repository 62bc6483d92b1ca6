"""Real matrices, where they are at hand: each loads, has the statistics of its manifest, and runs on three kinds of machine.

They are not shipped. `SPARSIM_MATRICES` names their folder, with a MANIFEST.csv; default: `workloads/matrices`.
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator import load_machine, load_workload, simulate
from simulator.report.inspection.workload import workload_record
from simulator.specs import data_folder

FOLDER = Path(os.environ.get("SPARSIM_MATRICES") or data_folder("workloads") / "matrices")
MANIFEST = FOLDER / "MANIFEST.csv"
ROWS = {row["name"]: row for row in csv.DictReader(MANIFEST.read_text(encoding="utf-8").splitlines() if MANIFEST.is_file() else [])}
NAMES = list(ROWS)
TOKENS = 16

needs_matrices = pytest.mark.skipif(not NAMES, reason=f"no {MANIFEST}; SPARSIM_MATRICES names the folder of real matrices")


@dataclass(frozen=True)
class Case:
    """A matrix as a workload."""

    file: Path
    manifest: dict[str, str]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """One product of the matrix with a few dense tokens."""
    name: str = request.param
    file = tmp_path / "w.yaml"
    weight = f"{{file: {FOLDER.resolve() / name}}}"
    file.write_text(
        f"name: w\noperations:\n  - {{name: a, kind: SpMM, shape: {{n: {TOKENS}}}, weight: {weight}, activation: {{pattern: dense}}}}\n"
    )
    return Case(file, ROWS[name])


@needs_matrices
@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_inspect_says_what_the_manifest_says(case: Case) -> None:
    (operation,) = workload_record(load_workload(case.file))["operations"]
    weight, banks, expected = operation["weight"], operation["banks"], case.manifest
    assert [*weight["shape"], weight["nnz"]] == [int(expected[key]) for key in ("rows", "cols", "nnz")]
    found = {
        "row_degree_cv": weight["row_degree_cv"],
        "col_degree_cv": weight["col_degree_cv"],
        "conflict32": banks["conflict32"],
        "bank32_max_over_mean": banks["load32_max_over_mean"],
        "tile64_cv": banks["tile64_cv"],
    }
    assert {key: f"{value:.3f}" for key, value in found.items()} == {key: f"{float(expected[key]):.3f}" for key in found}


@needs_matrices
@pytest.mark.parametrize("machine", ["crossbar", "replication", "systolic"])
@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_every_matrix_runs(case: Case, machine: str) -> None:
    workload = load_workload(case.file)
    result = simulate(load_machine(machine), workload)
    assert result.activity.counts.macs_useful == int(case.manifest["nnz"]) * TOKENS
    assert result.cycles > 0
