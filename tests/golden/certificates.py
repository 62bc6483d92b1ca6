"""Every single step from the shipped machines, simulated on tinygpt; record them: python -m tests.golden.certificates [NAME…].

Each is stored with its seconds, energy, and energy × time × area, so that it says for every objective whether a machine is the best by
single steps. By energy × time × area no step is better that leaves `KEPT` as it is: what machines are compared at, and
what an array is for any workload.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from simulator import load_machine, load_workload
from simulator.errors import ConfigError
from simulator.kinds.sizes import Keys
from simulator.machine import Machine
from simulator.pricing import technology_of
from simulator.result import Result
from simulator.study.design import design_key
from simulator.study.sizing import Objective, area_mm2
from simulator.study.sizing.certificate import Certificate, Neighbour
from simulator.study.sizing.looks import HOLDS_NOT, OVER_CAP
from simulator.study.sizing.runner import InTurn
from simulator.study.sizing.steps import single_steps
from simulator.version import MODEL_VERSION

FILE = Path(__file__).with_name("certificates.json")
WORKLOAD, CAP_MM2 = "tinygpt", 7.5
KEPT = ("fabric.units", "fabric.lanes", "fabric.rows", "fabric.cols", "fabric.dataflow", "fabric.n_m")
GATHERS_ALIKE = "11"
"""Version of timing that gave the same for machines that gather and for arrays, which all of these are: 12 changed rule 16 only."""
SHIPPED = ("crossbar", "hybrid", "partition", "replication", "systolic", "systolic-naive")


def recorded(file: Path = FILE) -> dict[str, Any]:
    """The file: name of a machine → its key, the version of the model, its own figures, and its steps."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def record(file: Path, name: str, machine: Machine, entry: dict[str, Any]) -> None:
    """Put what was found of a machine into a file, beside what it is of."""
    entry = {"key": key_of(machine), "version": version(), **entry}
    known = recorded(file) if file.exists() else {}
    file.write_text(json.dumps(known | {name: entry}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def key_of(machine: Machine) -> str:
    """Hash of a machine: its record is of the shipped one."""
    return design_key(machine)


def of_this_version(entry: dict[str, Any]) -> bool:
    """Whether figures were recorded under the version of the model that this is, or that gave the same."""
    return entry["version"] in (version(), version() | {"timing": GATHERS_ALIKE})


def version() -> dict[str, str]:
    """Parts of the model's version that figures depend on, whatever NumPy."""
    return {name: number for name, number in MODEL_VERSION.of("timing", "cost").items() if name != "numpy"}


def figures(runner: InTurn, machine: Machine) -> dict[str, Any]:
    """What a step is recorded with; why it is no design to choose, where it is none."""
    try:
        if area_mm2(machine, technology_of(machine)) > CAP_MM2:
            return {"why": OVER_CAP}
    except ConfigError:
        return {"why": "no such machine"}
    (outcome,) = runner.run([machine])
    if not isinstance(outcome, Result):
        return {"why": HOLDS_NOT}
    return {"seconds": outcome.seconds, "energy_pj": outcome.energy_pj, "edap_js_mm2": outcome.edap_js_mm2}


def certificate(name: str, objective: Objective, kept: Collection[str] = ()) -> Certificate:
    """What the record says of a machine and an objective, of steps that change none of the keys that are `kept`."""
    metric = {"time": "seconds", "energy": "energy_pj", "edap": "edap_js_mm2"}[objective]
    entry = recorded()[name]
    own = entry["own"][metric]
    steps = [step for step in entry["steps"] if not any(key in kept for key in step["keys"])]
    neighbours = (Neighbour(step["keys"], step[metric] / own if metric in step else None, step.get("why", "")) for step in steps)
    return Certificate(objective, own, tuple(neighbours))


def steps_of(machine: Machine) -> Iterator[tuple[Keys, Machine]]:
    """Every single step, in order."""
    return ((step.keys, step.machine) for step in single_steps(machine))


def main(names: list[str]) -> None:
    """Record machines; one after another, each as soon as it is done."""
    workload = load_workload(WORKLOAD)
    for name in names or SHIPPED:
        machine, runner = load_machine(name), InTurn(workload)
        steps = [{"keys": dict(keys), **figures(runner, step)} for keys, step in steps_of(machine)]
        record(FILE, name, machine, {"own": figures(runner, machine), "steps": steps})
        sys.stdout.write(f"{name}: {len(steps)} steps\n")


if __name__ == "__main__":
    main(sys.argv[1:])
