"""The figures that a version of the model gives: small machines of every kind on one workload, and two searches for sizes.

Record them anew, after the version was raised: python -m tests.golden.figures
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, astuple

import simulator
from simulator.machine import Machine
from simulator.result.codec import plain
from simulator.study.sizing import equalise
from simulator.study.uncertainty import assess
from simulator.version import MODEL_VERSION
from simulator.workload import Workload

FILE = Path(__file__).with_suffix(".json")
_BANKS = {"banks": 8, "bank_kib": 1, "weight_bank_kib": 1, "output_bank_kib": 1}
_GATHER = {"kind": "gather", "units": 8, "lanes": 4, "lane_tree": True, **_BANKS}
_SYSTOLIC = {"kind": "systolic", "rows": 8, "cols": 8, "x_buffer_kib": 8, "w_buffer_kib": 8, "y_buffer_kib": 8}
MACHINES: dict[str, dict[str, Any]] = {
    "crossbar": {"fabric": _GATHER},
    "crossbar 28nm": {"fabric": _GATHER, "technology": "28nm"},
    "hybrid": {"fabric": {**_GATHER, "replicas": 2, "network": {"topology": "mesh"}, "bank_kib": 2}},
    "replication": {"fabric": {**_GATHER, "replicas": 8, "multicast": True}},
    "partition": {"fabric": {**_GATHER, "token_groups": 4, "window": 4, "network": {"queues": "fifo"}}},
    "scatter": {"fabric": {**_GATHER, "lane_tree": False, "bank_ports": 2, "accumulate_latency": 4}, "mapping": {"dataflow": "scatter"}},
    "both": {"fabric": _GATHER, "mapping": {"dataflow": "both"}},
    "systolic": {"fabric": _SYSTOLIC},
    "systolic os": {"fabric": {**_SYSTOLIC, "dataflow": "os", "column_skip": True}},
    "systolic 2:4": {"fabric": {**_SYSTOLIC, "n_m": "2:4", "skip_zero_tiles": True}},
}
SEARCHES = {
    "replication": ("fabric.lanes", "fabric.bank_kib", "fabric.token_groups", "fabric.network.slices"),
    "systolic": ("fabric.dataflow", "fabric.x_buffer_kib", "fabric.w_buffer_kib", "fabric.y_buffer_kib"),
}
"""Machines whose best sizes are searched for → keys that stay as they are, so that it is done in a moment."""


def golden_machine(name: str) -> Machine:
    """One of `MACHINES`; unless it says otherwise at 7 nm, with 1/32 of a stack of DRAM."""
    base = {"dram": {"share": 0.03125}, "activation_buffer_kib": 16, "weight_decoder": True}
    return Machine.model_validate({"name": name.replace(" ", "-").replace(":", "-"), **base, **MACHINES[name]})


def golden_workload(name: str) -> Workload:
    """Every kind of product that the machine can do."""
    overrides = ["operations.3.transpose=scatter"] if name == "both" else []
    workload = simulator.load_workload(FILE.with_suffix(".yaml"), overrides)
    left_out = "SDDMM" if name == "scatter" else None
    return replace(workload, operations=tuple(op for op in workload.operations if op.kind != left_out))


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this code by the part of the version that they belong to."""
    found: dict[str, dict[str, Any]] = {"timing": {}, "cost": {}, "sizing": {}}
    for name in MACHINES:
        result = simulator.simulate(golden_machine(name), golden_workload(name))
        found["timing"][name] = {"cycles": result.cycles, "counters": _digest(plain(result.activity))}
        found["cost"][name] = {
            "energy_pj": _digits(result.energy_pj),
            "area_mm2": _digits(result.area_mm2),
            "metrics": {key: _digits(value) for key, value in result.metrics().items()},
            "energy_band_pj": [_digits(end) for end in astuple(assess([result]).spread(result.name, "energy_pj").combined)],
        }
    for name, keep in SEARCHES.items():
        workload = golden_workload(name)
        (sized,) = equalise(
            [golden_machine(name)], "area", workload, to="1.0mm2", best=True, objective="time", search="grid", budget=6, keep=keep
        )
        found["sizing"][name] = {"changes": {change.key: change.after for change in sized.changes}, "achieved": _digits(sized.achieved)}
        (scaled,) = equalise([golden_machine(name)], "area", workload, to="1.0mm2")
        found["sizing"][f"{name} by size"] = {change.key: change.after for change in scaled.changes}
    return found


def recorded() -> dict[str, Any]:
    """What the file holds: `version` and `figures`."""
    record: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return record


def record() -> None:
    """Write the figures of this code under its version."""
    content = {"version": asdict(MODEL_VERSION), "figures": figures()}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _digest(activity: Mapping[str, Any]) -> str:
    """Hash of everything that was counted: the words of `details` are for people, and zeros say nothing."""
    operations = [{key: value for key, value in entry.items() if key != "details"} for entry in activity["operations"]]
    text = json.dumps(_without_zeros({**activity, "operations": operations}), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_zeros(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_zeros(item) for key, item in value.items() if item != 0}
    return [_without_zeros(item) for item in value] if isinstance(value, list | tuple) else value


def _digits(value: float) -> float:
    """To twelve digits: sums may be added up in another order."""
    return float(f"{value:.12g}")


if __name__ == "__main__":
    record()
