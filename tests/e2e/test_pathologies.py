"""What the shipped pathologies do on the crossbar of 64 × 64, through the command line: docs/pathologies.md."""

from __future__ import annotations

import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.cli.app import application
from tests.e2e.conftest import sparsim
from tests.e2e.test_real_matrices import FOLDER

NAME = "dlmc_rn50_vd98_b2g4_hot"
HOT = f"workloads/twins/{NAME}.yaml"
PAGE = Path(__file__).parents[2] / "docs" / "pathologies.md"


@cache
def run(workload: str, *sets: str) -> dict[str, Any]:
    """The only operation of a run."""
    words = ["run", "crossbar-64", "-w", workload, "--json"]
    ran = CliRunner().invoke(application(words), [*words, *(word for key in sets for word in ("--set", key))])
    assert ran.exit_code == 0, ran.output
    operation: dict[str, Any] = json.loads(ran.stdout)["operations"][0]
    return operation


def binds(operation: dict[str, Any]) -> str:
    """The bound of the fabric that binds; the first of equals, as in reports."""
    fabric = ("unit_cycles", "word_cycles", "bank_cycles", "network_cycles")
    return max(fabric, key=lambda name: operation["bounds"][name])


def placed(workload: str, *sets: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Interleaved and hashed."""
    interleaved, hashed = (run(workload, f"mapping.placement={name}", *sets) for name in ("interleaved", "hashed"))
    return interleaved, hashed


def test_a_row_of_radix_net_alone_is_bound_by_a_bank_until_placement_hashes() -> None:
    interleaved, hashed = placed("workloads/pathologies/radix-row.yaml", "mapping.assignment=split")
    assert binds(interleaved) == "bank_cycles"
    assert interleaved["bounds"]["bank_cycles"] == 16 * interleaved["bounds"]["unit_cycles"] == 256
    assert interleaved["compute_cycles"] >= 256
    assert binds(hashed) == "unit_cycles"
    assert hashed["compute_cycles"] < interleaved["compute_cycles"] / 3
    assert hashed["unit_cycles"]["bank_conflict"] < interleaved["unit_cycles"]["bank_conflict"] / 50


def test_rows_of_radix_net_in_step_are_bound_by_a_bank_until_placement_hashes() -> None:
    interleaved, hashed = placed("workloads/pathologies/radix-lockstep.yaml")
    assert binds(interleaved) == "bank_cycles"
    assert interleaved["bounds"]["bank_cycles"] == 16 * interleaved["bounds"]["unit_cycles"]
    assert interleaved["compute_cycles"] < 1.02 * interleaved["bounds"]["bank_cycles"]
    assert binds(hashed) == "unit_cycles"
    assert hashed["compute_cycles"] < 1.45 * hashed["bounds"]["unit_cycles"]


def test_64_rows_of_radix_net_at_once_need_neither() -> None:
    for operation in placed("workloads/twins/gc_n1024-l1.yaml"):
        assert binds(operation) == "unit_cycles"
        assert operation["compute_cycles"] < 1.16 * operation["bounds"]["unit_cycles"]


def test_no_placement_spreads_a_hot_word_and_combining_does() -> None:
    for apart in placed(HOT, "mapping.tokens_per_tile=1"):
        bounds = apart["bounds"]
        # the hot word alone takes more than twice what the units need
        assert bounds["word_cycles"] == 4 * 206 > 2 * bounds["unit_cycles"]
        assert binds(apart) == "bank_cycles"
        assert apart["compute_cycles"] >= bounds["bank_cycles"] >= bounds["word_cycles"]
        assert max(apart["unit_cycles"], key=apart["unit_cycles"].__getitem__) == "bank_conflict"
    together = placed(HOT, "mapping.tokens_per_tile=1", "fabric.multicast=true")
    for operation in together:
        assert binds(operation) == "unit_cycles"
        assert operation["bounds"]["word_cycles"] == 24
        assert operation["counts"]["x_bank_reads"] < operation["counts"]["requests"] == operation["counts"]["replies"]
    assert together[1]["compute_cycles"] < 0.5 * apart["compute_cycles"]
    assert together[1]["unit_cycles"]["bank_conflict"] < apart["unit_cycles"]["bank_conflict"] / 5


def rows(first: str) -> list[list[str]]:
    """Cells of the rows of docs/pathologies.md's table whose head begins so, as printed, without bold; two head lines left out."""
    lines = PAGE.read_text(encoding="utf-8").replace("**", "").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {first} |"))
    table = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def shown(operation: dict[str, Any], *more: str) -> list[str]:
    """Bounds, cycles, what else is asked for, and the share of bank conflict, as the page shows them."""
    causes, bounds = operation["unit_cycles"], operation["bounds"]
    figures = [bounds[name] for name in ("unit_cycles", "word_cycles", "bank_cycles")] + [operation["compute_cycles"]]
    counted = [operation["counts"][name] for name in more]
    return [*(f"{figure:,}" for figure in figures + counted), f"{causes['bank_conflict'] / sum(causes.values()):.1%}".replace("%", " %")]


def test_the_page_shows_what_radix_net_does() -> None:
    names = ("pathologies/radix-row", "pathologies/radix-lockstep", "twins/gc_n1024-l1")
    row, lockstep, layer = (f"workloads/{name}.yaml" for name in names)
    cases = ((row, "mapping.assignment=split"), (lockstep,), (layer,))
    ran = [shown(operation) for case in cases for operation in placed(*case)]
    assert [row[2:] for row in rows("what runs")] == ran


def hot_rows(workload: str) -> list[list[str]]:
    """The four rows of a matrix, in the page's order."""
    shared = ((), ("fabric.multicast=true",))
    ran = [operation for sets in shared for operation in placed(workload, "mapping.tokens_per_tile=1", *sets)]
    return [shown(operation, "x_bank_reads") for operation in ran]


def test_the_page_shows_what_a_hot_word_does() -> None:
    assert [row[3:] for row in rows("matrix")[:4]] == hot_rows(HOT)


@pytest.mark.skipif(not (FOLDER / f"{NAME}.smtx").is_file(), reason=f"no {NAME}.smtx; SPARSIM_MATRICES names the folder of real matrices")
def test_the_page_shows_what_the_hot_word_of_the_original_does(tmp_path: Path) -> None:
    path = tmp_path / "hot.yaml"
    weight = f"{{file: {(FOLDER / NAME).resolve()}.smtx}}"
    operation = f"{{name: a, kind: SpMM, shape: {{m: 512, k: 4608, n: 49}}, weight: {weight}, activation: {{pattern: dense}}}}"
    path.write_text(f"name: hot\noperations:\n  - {operation}\n", encoding="utf-8")
    assert [row[3:] for row in rows("matrix")[4:]] == hot_rows(str(path))


@pytest.mark.parametrize(
    ("key", "allowed"),
    [("fabric.network.topology=mesh", "fabric.network.topology: full"), ("fabric.network.link_bits=64", "fabric.network.link_bits: auto")],
)
def test_where_nothing_can_be_combined_the_user_is_told(tmp_path: Path, key: str, allowed: str) -> None:
    ran = sparsim("run", "crossbar-64", "-w", "tinygpt", "--set", "fabric.multicast=true", "--set", key, cwd=tmp_path)
    assert ran.returncode == 2
    told = " ".join(ran.stderr.split())
    assert "fabric.multicast" in told
    assert f"allowed: {allowed}, or fabric.multicast: false" in told
