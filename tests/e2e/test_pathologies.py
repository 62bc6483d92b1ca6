"""What the shipped pathologies do on the shipped crossbar, through the command line: docs/pathologies.md."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.cli.app import app
from tests.e2e.conftest import sparsim

HOT = "twins/dlmc_rn50_vd98_b2g4_hot"


@cache
def run(workload: str, *sets: str) -> dict[str, Any]:
    """The only operation of a run."""
    words = ["run", "crossbar", "-w", f"workloads/{workload}.yaml", "--json"]
    ran = CliRunner().invoke(app, [*words, *(word for key in sets for word in ("--set", key))])
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
    interleaved, hashed = placed("pathologies/radix-row", "mapping.assignment=split")
    assert binds(interleaved) == "bank_cycles"
    assert interleaved["bounds"]["bank_cycles"] == 16 * interleaved["bounds"]["unit_cycles"] == 256
    assert interleaved["compute_cycles"] >= 256
    assert binds(hashed) == "unit_cycles"
    assert hashed["compute_cycles"] < interleaved["compute_cycles"] / 3
    assert hashed["unit_cycles"]["bank_conflict"] < interleaved["unit_cycles"]["bank_conflict"] / 50


def test_rows_of_radix_net_in_step_are_bound_by_a_bank_until_placement_hashes() -> None:
    interleaved, hashed = placed("pathologies/radix-lockstep")
    assert binds(interleaved) == "bank_cycles"
    assert interleaved["bounds"]["bank_cycles"] == 16 * interleaved["bounds"]["unit_cycles"]
    assert interleaved["compute_cycles"] < 1.02 * interleaved["bounds"]["bank_cycles"]
    assert binds(hashed) == "unit_cycles"
    assert hashed["compute_cycles"] < 1.3 * hashed["bounds"]["unit_cycles"]


def test_64_rows_of_radix_net_at_once_need_neither() -> None:
    for operation in placed("twins/gc_n1024-l1"):
        assert binds(operation) == "unit_cycles"
        assert operation["compute_cycles"] < 1.12 * operation["bounds"]["unit_cycles"]


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


@pytest.mark.parametrize(
    ("key", "allowed"),
    [("fabric.network.topology=mesh", "network.topology: full"), ("fabric.network.link_bits=64", "network.link_bits: auto")],
)
def test_where_nothing_can_be_combined_the_user_is_told(tmp_path: Path, key: str, allowed: str) -> None:
    ran = sparsim("run", "crossbar", "-w", "tinygpt", "--set", "fabric.multicast=true", "--set", key, cwd=tmp_path)
    assert ran.returncode == 2
    told = " ".join(ran.stderr.split())
    assert "fabric.multicast" in told
    assert f"allowed: {allowed}, or multicast: false" in told
