"""A layer's training step through the command line: forward, dX with either transpose, dW; and what each way costs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.cli.app import application
from simulator.machine import load_machine
from simulator.pipeline import simulate
from simulator.workload import load_workload

STEP = """\
name: step
operations:
  - {name: up, kind: SpMM, shape: {m: 96, k: 64, n: 64}, weight: {pattern: uniform, density: 0.1}, activation: {pattern: dense}}
  - {name: dx, kind: SpMM, shape: {n: 64}, weight_of: up, transpose: TRANSPOSE, activation: {pattern: dense}, depends_on: [up]}
  - {name: dw, kind: SDDMM, shape: {n: 64}, weight_of: up, activation: {pattern: dense}, gradient: {pattern: dense}, depends_on: [dx]}
"""


def step(folder: Path, transpose: str, machine: str, *sets: str) -> dict[str, Any]:
    path = folder / "step.yaml"
    path.write_text(STEP.replace("TRANSPOSE", transpose), encoding="utf-8")
    words = ["run", machine, "-w", str(path), "--json", "-o", str(folder / f"{machine}-{transpose}"), "--engine", "reference"]
    ran = CliRunner().invoke(application(words), [*words, *(word for key in sets for word in ("--set", key))])
    assert ran.exit_code == 0, ran.output
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


def by_name(result: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in result["operations"]}


def test_a_step_on_one_and_on_two_copies_of_w(tmp_path: Path) -> None:
    both = step(tmp_path, "scatter", "crossbar", "fabric.lane_tree=true", "fabric.multicast=false", "mapping.dataflow=both")
    stored = step(tmp_path, "stored", "crossbar", "fabric.lane_tree=true")
    once, twice = by_name(both), by_name(stored)
    for counter in ("weight_value_bytes", "weight_metadata_bytes"):
        assert once["dx"]["counts"][counter] == once["up"]["counts"][counter]
    assert once["dx"]["counts"]["bank_additions"] == once["dx"]["counts"]["requests"] > 0
    assert twice["dx"]["counts"]["bank_additions"] == 0
    assert once["dx"]["counts"]["macs_useful"] == twice["dx"]["counts"]["macs_useful"]
    assert once["up"]["compute_cycles"] > 0
    assert twice["dw"]["counts"]["weight_value_bytes"] == 0
    assert twice["dw"]["counts"]["macs_useful"] == twice["up"]["counts"]["macs_useful"]


@pytest.mark.parametrize("machine", ["replication", "partition", "hybrid"])
def test_a_step_on_every_fabric(tmp_path: Path, machine: str) -> None:
    """The same useful work, wherever it is done, and every joule paid by one component."""
    path = tmp_path / "step.yaml"
    for transpose, dataflow in (("stored", "gather"), ("scatter", "both")):
        path.write_text(STEP.replace("TRANSPOSE", transpose), encoding="utf-8")
        loaded = load_workload(path)
        built = load_machine(machine, ["fabric.lane_tree=true", "fabric.multicast=false", f"mapping.dataflow={dataflow}"])
        ran = simulate(built, loaded, engine="reference")
        assert ran.useful_macs == sum(op.macs_useful for op in loaded.operations)
        assert ran.energy_pj == pytest.approx(sum(entry.energy_pj for entry in ran.operations))


def test_a_step_on_an_array(tmp_path: Path) -> None:
    """It makes every place of the gradient, whatever the mask."""
    path = tmp_path / "step.yaml"
    path.write_text(STEP.replace("TRANSPOSE", "stored"), encoding="utf-8")
    ran = simulate(load_machine("systolic"), load_workload(path))
    assert ran.operations[2].activity.counts.mac_slots == 96 * 64 * 64


def test_lists_by_columns_need_their_hardware(tmp_path: Path) -> None:
    path = tmp_path / "step.yaml"
    path.write_text(STEP.replace("TRANSPOSE", "scatter"), encoding="utf-8")
    words = ["run", "crossbar", "-w", str(path), "-o", str(tmp_path / "out"), "--set", "fabric.lane_tree=true", "--engine", "reference"]
    ran = subprocess.run([sys.executable, "-c", "from simulator.cli import main; main()", *words], capture_output=True, text=True)
    assert ran.returncode == 2
    assert "set mapping.dataflow: both, or transpose: stored" in " ".join(ran.stderr.split())
    assert not (tmp_path / "out").exists()
