"""The main job through the command line: five shipped machines, one workload, one computed sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simulator
from simulator.workload import load_workload

MACHINES = ("crossbar", "hybrid", "replication", "partition", "systolic")
WORKLOAD = Path(__file__).parent / "small.yaml"


def test_the_table_and_the_folder_hold_all_five(study: Any) -> None:
    assert all(any(line.startswith(f"{name} ") for line in study.out.splitlines()) for name in MACHINES)
    expected = {f"result-{name}.json" for name in MACHINES} | {"comparison.json", "summary.csv", "table.txt", "run.json"}
    assert {path.name for path in study.folder.iterdir()} == expected | {"tradeoff.png", "energy.png"}
    assert all(path.stat().st_size for path in study.folder.iterdir())
    assert (study.folder / "table.txt").read_text(encoding="utf-8").split()[:9] == study.out.split()[:9]


def test_every_machine_does_the_same_useful_work(study: Any) -> None:
    workload = load_workload(WORKLOAD)
    useful = 0
    for operation in workload.operations:
        weight, activation = operation.weight.to_dense() != 0, operation.activations.values() != 0
        useful += int((weight.astype(np.int64) @ activation.astype(np.int64)).sum())
    assert {study.result(name)["useful_macs"] for name in MACHINES} == {useful}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_laws_hold_in_what_was_saved(study: Any, machine: str) -> None:
    result = study.result(machine)
    assert sum(result["unit_cycles"].values()) == result["units"] * result["cycles"]
    assert result["cycles"] >= max(result["bounds"].values())
    assert sum(operation["cycles"] for operation in result["operations"]) == result["cycles"]
    for level, value in result["bandwidth_gb_per_s"].items():
        assert value["used"] <= value["available"], level
    if machine == "replication":
        assert result["unit_cycles"].get("network_contention", 0) == 0
        assert result["unit_cycles"].get("bank_conflict", 0) == 0


@pytest.mark.parametrize("machine", MACHINES)
def test_a_saved_result_comes_back_whole(study: Any, machine: str, tmp_path: Path) -> None:
    file = study.folder / f"result-{machine}.json"
    simulator.Result.load(file).to_json(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()


def test_python_and_the_command_line_agree_to_the_byte(study: Any, tmp_path: Path) -> None:
    result = simulator.simulate(simulator.load_machine("hybrid"), simulator.load_workload(WORKLOAD))
    result.to_json(tmp_path / "hybrid.json")
    assert (tmp_path / "hybrid.json").read_bytes() == (study.folder / "result-hybrid.json").read_bytes()


def test_the_verdict_is_computed_from_these_results(study: Any) -> None:
    record = json.loads((study.folder / "comparison.json").read_text(encoding="utf-8"))
    metrics = record["metrics"]
    best = min(MACHINES, key=lambda name: metrics[name]["edap_js_mm2"])
    assert record["judged"]["winner"] == best
    assert " ".join(study.out.split()).startswith(record["verdict"])
    flips = {flip["where"]: flip["winner"] for flip in record["judged"]["flips"]}
    for metric, winner in flips.items():
        assert winner == min(MACHINES, key=lambda name: metrics[name][metric])


def test_other_machines_another_verdict(study: Any) -> None:
    results = [simulator.Result.load(study.folder / f"result-{name}.json") for name in MACHINES]
    said = {simulator.Comparison(tuple(chosen)).verdict for chosen in (results, results[:2], results[1:], results[-2:])}
    assert len(said) == 4
