"""`sparsim rtl` and `sparsim cosim`, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from simulator.cli.app import application
from simulator.cosim import cosimulate, designs_of
from simulator.errors import ConfigError
from simulator.rtl import allocator
from simulator.rtl.design import CosimOptions
from simulator.rtl.verilog import rtlil
from tests.strategies import machine, operation, sampled_operation, sparse, workload

TINY = {"units": 2, "banks": 2, "lanes": 1, "window": 2, "accumulators": 1, "accumulate_latency": 1, "read_latency": 1, "scan_width": 1}
TINY |= {"weight_bank_kib": 0.0625, "output_bank_kib": 0.03125}


def typed(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(application(arguments), list(arguments))
    return ended.exit_code, ended.output


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A machine and a workload."""
    of, load = tmp_path / "tiny.yaml", tmp_path / "load.yaml"
    fabric = {
        **TINY,
        "kind": "gather",
        "bank_kib": 0.03125,
        "network": {"latency": 1, "allocation": 1},
        "feed_latency": 1,
        "multiply_latency": 0,
    }
    text = ", ".join(f"{key}: {value}" for key, value in fabric.items()).replace("'", "")
    of.write_text(f"name: tiny\nfabric: {{{text}}}\n", encoding="utf-8")
    load.write_text(
        "name: load\noperations:\n  - name: one\n    kind: SpMM\n    shape: {m: 4, k: 6, n: 4}\n"
        "    weight: {pattern: uniform, density: 0.5}\n    activation: {pattern: dense}\n",
        encoding="utf-8",
    )
    return str(of), str(load)


def test_tiles_of_a_workload_agree(files: tuple[str, str], tmp_path: Path) -> None:
    code, told = typed("cosim", files[0], "-w", files[1], "--tiles", "2", "--vcd", str(tmp_path / "tile.vcd"))
    assert code == 0, told
    assert "one tile 1" in told
    assert "exact" in told
    assert "2 tiles" in told
    assert "$timescale" in (tmp_path / "tile.vcd").read_text(encoding="utf-8")


def test_a_cluster_that_scatters_agrees_and_is_written(files: tuple[str, str]) -> None:
    code, told = typed("cosim", files[0], "-w", files[1], "--set", "mapping.dataflow=scatter")
    assert code == 0, told
    assert "additions" in told
    (design,) = designs_of(machine({**TINY, "bank_kib": 0.03125}, mapping={"dataflow": "scatter"}))
    assert "drain_word" in rtlil(design)


def test_what_differs_is_shown(files: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "past", lambda one_hot: ~0)
    code, told = typed("cosim", files[0], "-w", files[1])
    assert code == 1
    assert "DIFFERS" in told
    assert "pointer: engine at" in told


def test_a_cluster_is_written_as_verilog(files: tuple[str, str], tmp_path: Path) -> None:
    code, told = typed("rtl", files[0], "-o", str(tmp_path / "out"))
    assert code == 0, told
    assert "a cluster of tiny: 2 units, 2 banks of 1 ports" in told
    text = (tmp_path / "out" / "tiny_cluster.v").read_text(encoding="utf-8")
    assert "module tiny_cluster(" in text
    assert "module \\tiny_cluster.cluster.unit_0.accumulators" in text
    assert text.count("module \\tiny_cluster.cluster.unit_") < 20, "both units are cells of the same modules"


def test_what_has_no_hardware_is_refused_by_name() -> None:
    message = "fabric.multicast: true where each unit has a copy of its own is not elaborated into hardware"
    with pytest.raises(ConfigError, match=message):
        designs_of(machine({"replicas": 4, "multicast": True}))


def test_a_machine_of_both_dataflows_has_a_cluster_for_each_operation() -> None:
    """Each operation is run by the cluster that does it; their files have names of their own."""
    random = np.random.default_rng(3)
    w, x = sparse(random, 4, 4, 0.5), sparse(random, 4, 2, 1.0)
    of = machine(TINY | {"lanes": 2, "bank_kib": 0.03125}, mapping={"dataflow": "both"})
    what = workload(operation(w, x, "gathers"), replace(operation(w, x, "scatters"), transpose="scatter"))
    gathers, scatters = cosimulate(of, what, CosimOptions())
    assert (gathers.difference, scatters.difference) == (None, None)
    assert (gathers.compared.keys() - scatters.compared.keys(), scatters.compared["additions"]) == (
        {"landings", "operands", "merges", "writes"},
        gathers.compared["operands"],
    )
    assert [(design.name, "drain_word" in rtlil(design)) for design in designs_of(of)] == [
        ("small_cluster", False),
        ("small_scatter", True),
    ]


def test_a_sampled_product_is_run_with_all_its_lanes() -> None:
    """In two tiles of three token words and one of two: tokens are what is added up."""
    random = np.random.default_rng(3)
    mask, gradient, x = sparse(random, 4, 4, 0.5), sparse(random, 4, 16, 0.8), sparse(random, 4, 16, 0.6)
    of, what = (
        machine(TINY | {"lanes": 2, "lane_tree": True}, mapping={"tokens_per_tile": 3}),
        workload(sampled_operation(mask, gradient, x)),
    )
    agreements = list(cosimulate(of, what, CosimOptions(tiles=3)))
    assert len(agreements) == 3
    assert all(agreement.difference is None and agreement.compared["writes"] for agreement in agreements)
    designs = designs_of(of)
    assert [design.name for design in designs] == ["small_cluster", "small_sampled"]
    assert "2 units that add up 2 lanes" in designs[1].about
    assert ["fill_own" in rtlil(design) for design in designs] == [False, True]
    with pytest.raises(ConfigError, match="--lanes 1: op is a sampled product, which adds up all 2 lanes"):
        list(cosimulate(of, what, CosimOptions(lanes=1)))


def test_an_operation_without_entries_is_told() -> None:
    empty = workload(operation(np.zeros((4, 4)), np.ones((4, 2)), "none"))
    with pytest.raises(ConfigError, match="none: its tiles have no entries"):
        list(cosimulate(machine(), empty, CosimOptions()))


def test_an_operation_that_is_none_and_a_simulator_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    what = workload(operation(np.ones((4, 4)), np.ones((4, 2)), "one"))
    with pytest.raises(ConfigError, match="--operation onee: small has no such operation; allowed: one; nearest: one"):
        list(cosimulate(machine(), what, CosimOptions(), "onee"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ConfigError, match="found no Verilator"):
        list(cosimulate(machine(TINY), what, CosimOptions(simulator="verilator"), "one"))
