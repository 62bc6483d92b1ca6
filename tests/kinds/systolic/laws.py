"""Random products and arrays for the laws of array schedules, end to end: cycles are those of the whole system.

python -m tests.kinds.systolic.laws 200: none of so many products is quicker in a fixed dataflow than in the best, none of so many
steps up is slower by more than 2 %, and none reads its edges more often than their banks can be read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import simulator
from simulator.activity import Ideal
from simulator.errors import MappingError
from simulator.machine import Machine
from simulator.result import Result
from simulator.workload import Workload
from simulator.workload.types import Operation
from tests.kinds.law_counts import count_broken
from tests.strategies import operation

FLOWS = ("ws", "os", "is")
BUFFERS = ("x_buffer_kib", "w_buffer_kib", "y_buffer_kib")
STEPS = ("rows", "cols", *BUFFERS, "skip_zero_tiles", "column_skip", "n_m", "weight_decoder", "dataflow")
SLOWER = 1.02


@dataclass(frozen=True)
class ArrayCase:
    """An array, what it runs, and under which system."""

    operation: Operation
    fabric: dict[str, Any]
    machine: dict[str, Any]
    ideal: Ideal

    def result(self, **fabric: Any) -> Result:
        """The run, with some keys of the fabric replaced."""
        machine = Machine.model_validate({"name": "array", "fabric": {**self.fabric, **fabric}, **self.machine})
        return simulator.simulate(machine, Workload("product", (self.operation,)), ideal=self.ideal)

    def cycles(self, **fabric: Any) -> float:
        """Of the run; infinite where the array cannot hold it."""
        try:
            return self.result(**fabric).cycles
        except MappingError:
            return float("inf")


def case(seed: int, largest: float = 8.7) -> ArrayCase:
    """A product of extents from 4 to 2^largest, and an array for it."""
    random = np.random.default_rng(seed)
    op = _product(random, largest)
    fabric = {
        "kind": "systolic",
        "rows": int(random.choice([4, 8, 12, 16, 24, 32, 48, 64])),
        "cols": int(random.choice([4, 8, 12, 16, 24, 32, 48, 64])),
        **{name: float(2 ** random.uniform(1, 8)) for name in BUFFERS},
        "skip_zero_tiles": bool(random.random() < 0.5),
        "column_skip": bool(random.random() < 0.5),
        "n_m": str(random.choice(["none", "none", "2:4"])),
    }
    machine = {
        "weight_decoder": bool(random.random() < 0.5),
        "dram": {"share": float(2.0 ** -random.integers(2, 6))},
        "activation_buffer_kib": float(random.choice([1, 1024])),
    }
    return ArrayCase(op, fabric, machine, "dram" if random.random() < 1 / 3 else "none")


def _product(random: np.random.Generator, largest: float) -> Operation:
    m, k, n = (round(2 ** random.uniform(2, largest)) for _ in range(3))
    kind = str(random.choice(["dense", "sparse", "both", "block", "two of four"]))
    w, x = np.ones((m, k)), np.ones((k, n))
    if kind == "block":
        side = int(random.choice([8, 16, 32]))
        blocks = random.random((-(-m // side), -(-k // side))) < random.choice([0.05, 0.2, 0.5])
        w = np.kron(blocks, np.ones((side, side)))[:m, :k]
    elif kind == "two of four":
        w = np.tile([1.0, 0.0, 0.0, 1.0], (m, -(-k // 4)))[:, :k]
    elif kind != "dense":
        w = (random.random((m, k)) < 2 ** random.uniform(-7, -1)).astype(float)
    if kind == "both":
        x = (random.random((k, n)) < 2 ** random.uniform(-4, -0.5)).astype(float)
    return operation(w, x, f"{kind}-{m}x{k}x{n}")


def stepped(of: ArrayCase, seed: int) -> tuple[ArrayCase, ArrayCase, str]:
    """The case and a larger one: more rows, columns or capacity, an option or the choice of dataflows added."""
    random = np.random.default_rng(seed + 10**6)
    key = str(random.choice(STEPS))
    fabric, before = dict(of.fabric), dict(of.fabric)
    if key in ("rows", "cols"):
        fabric[key] += int(random.choice([4, fabric[key] // 8 * 4 + 4, fabric[key]]))
    elif key in BUFFERS:
        fabric[key] *= float(random.choice([1.25, 1.5, 2, 4]))
    elif key == "weight_decoder":
        small, large = ({**of.machine, key: value} for value in (False, True))
        return replace(of, machine=small), replace(of, machine=large), key
    elif key == "n_m":
        before[key], fabric[key] = "none", str(random.choice(["1:2", "2:4", "2:8"]))
    elif key == "dataflow":
        before[key], fabric[key] = str(random.choice(FLOWS)), "best"
    else:
        before[key], fabric[key] = False, True
    return replace(of, fabric=before), replace(of, fabric=fabric), f"{key} from {before.get(key)} to {fabric[key]}"


def lost_to_a_fixed_dataflow(seed: int, largest: float = 8.7) -> str:
    """Why the best dataflow of a case loses; empty where it does not."""
    of = case(seed, largest)
    best = of.cycles()
    lost = {flow: cycles for flow in FLOWS if (cycles := of.cycles(dataflow=flow)) < best}
    return f"{of.operation.name}: {best} cycles, but {lost}" if lost else ""


def slower_when_larger(seed: int, largest: float = 8.7) -> str:
    """Why a case gets slower; empty where it does not."""
    small, large, step = stepped(case(seed, largest), seed)
    before, after = small.cycles(), large.cycles()
    return (
        f"{small.operation.name}: {before} cycles, and {after} with {step}: {small.fabric}, {small.machine}"
        if after > SLOWER * before
        else ""
    )


def more_used_than_there_is(seed: int, largest: float = 8.7) -> str:
    """Levels of the memory system that a case uses beyond what they have."""
    of = case(seed, largest)
    if of.cycles() == float("inf"):
        return ""
    return ", ".join(f"{name} {level.share:.2f}" for name, level in of.result().bandwidth_gb_per_s.items() if level.share > 1)


LAWS = (lost_to_a_fixed_dataflow, slower_when_larger, more_used_than_there_is)

if __name__ == "__main__":
    count_broken(LAWS)
