"""Which axes of a space take integers only, as the models of its files say."""

from __future__ import annotations

from simulator.machine import Machine
from simulator.specs.documents import read_tree
from simulator.specs.fields import slot_at, takes_integers_only
from simulator.study.sweep.paths import reached_by
from simulator.study.sweep.space import Space
from simulator.workload.spec import WorkloadSpec


def takes_integers(space: Space, path: str) -> bool:
    """Whether every machine, or every operation of the workload, that has the key at a path takes integers only there."""
    if path.startswith("workload."):
        root = read_tree(space.workload_file(str(space.spec.workload)), WorkloadSpec)
        slots = [slot_at(WorkloadSpec, keys, root) for keys in reached_by(root, path.removeprefix("workload."))]
    else:
        slots = [slot_at(Machine, path.split("."), read_tree(space.machine_file(name), Machine)) for name in space.machines()]
    known = [slot for slot in slots if slot is not None]
    return bool(known) and all(map(takes_integers_only, known))
