"""Random machines of vector units and workloads for the laws of whole runs: contended, cut into several tiles, streamed, fused.

python -m tests.kinds.units.laws 300: none of so many runs takes longer with a part made perfect; and, of as many steps up in size on
crossbars, those that are slower by more than 2 % and 64 cycles: none by the keys of `HARMLESS`, few by others (model.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import replace

from simulator.activity import Ideal
from simulator.engine.engines import ENGINES, EngineName, RunOptions
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.network import TOPOLOGIES
from simulator.run.run import Timing, run_and_repeat
from simulator.workload.types import Operation, Workload
from tests.kinds.law_counts import count_broken
from tests.run.test_fusion import chain_of, fused
from tests.strategies import elaborated, machine, operation, sampled_operation, sparse, workload

PARTS: tuple[Ideal, ...] = ("network", "dram", "trunks", "both")
FLOWS = ("gather", "gather", "sampled", "scatter", "both")
"""What operations do; sampled products are done by a gathering machine."""
STEPS: dict[str, tuple[str | None, tuple[int, ...]]] = {
    "units": ("fabric", (2,)),
    "banks": ("fabric", (2, 4)),
    "bank_kib": ("fabric", (2, 4)),
    "bank_ports": ("fabric", (2,)),
    "bank_queue": ("fabric", (2,)),
    "weight_bank_kib": ("fabric", (2, 4)),
    "output_bank_kib": ("fabric", (2, 4)),
    "window": ("fabric", (2,)),
    "accumulators": ("fabric", (2, 4)),
    "activation_buffer_kib": (None, (2, 16)),
    "x_bytes_per_cycle": ("trunks", (2,)),
    "w_bytes_per_cycle": ("trunks", (2,)),
    "drain_bytes_per_cycle": ("trunks", (2,)),
}
"""What can be more of: the section that it is in, and by which factors."""
HARMLESS = ("bank_ports", "bank_queue", "x_bytes_per_cycle", "w_bytes_per_cycle", "drain_bytes_per_cycle")
"""What no run is slower for."""
SLOWER, SLACK = 1.02, 64


@dataclass(frozen=True, eq=False)
class UnitsCase:
    """A machine of vector units by the sections of its file, what it runs, and the latency of its networks."""

    sections: dict[str, Any]
    workload: Workload
    latency: int

    @property
    def machine(self) -> Machine:
        """The machine."""
        return machine(**self.sections)

    def runs(self, ideal: Ideal = "none", engine: EngineName = "compiled") -> tuple[Timing, Timing]:
        """Without and with a perfect part. Raises MappingError where the machine cannot hold the workload."""
        options = RunOptions(ENGINES[engine], ideal)
        return run_and_repeat(elaborated(self.machine, latency=self.latency), self.workload, options, lambda *_: None)

    def __repr__(self) -> str:
        shapes = [(op.name, op.kind, op.shape, op.weight.nnz, op.transpose, op.depends_on) for op in self.workload.operations]
        return f"{self.sections}, latency {self.latency}, {shapes}, fuse {self.workload.fuse}"


def case(seed: int, largest: int = 60) -> UnitsCase:
    """Units that meet at few banks, of any network, window and stream; operations of up to `largest` features, and 24 tokens or more."""
    random = np.random.default_rng(seed)
    flow = _one_of(random, FLOWS)
    sections = {
        "fabric": _fabric(random, flow),
        "mapping": {
            "placement": _one_of(random, ("hashed", "interleaved")),
            "assignment": _one_of(random, ("balanced", "round_robin", "dynamic", "split")),
            "order": _one_of(random, ("natural", "bank_aware")) if flow == "gather" else "natural",
            "dataflow": "gather" if flow == "sampled" else flow,
            "loop_order": _one_of(random, ("auto", "auto", "m_rounds", "rounds_m")),
        },
        "trunks": {f"{name}_bytes_per_cycle": _one_of(random, (4, 16, 64, 256)) for name in ("x", "w", "drain")},
        "activation_buffer_kib": _one_of(random, (0.1, 1.0, 64.0)),
        "weight_decoder": _one_of(random, (False, True)),
        "activation_format": _one_of(random, ("auto", "dense", "bitmap")),
    }
    return UnitsCase(sections, _workload(random, flow, largest), int(random.integers(1, 4)))


def _fabric(random: np.random.Generator, flow: str) -> dict[str, Any]:
    units = _one_of(random, (4, 8, 9, 16))
    clusters = _one_of(random, [number for number in (1, 1, 1, 2, 4) if units % number == 0])
    token_groups = _one_of(random, [number for number in (1, 1, 2, 4) if clusters % number == 0])
    lanes, issue_width = _one_of(random, (1, 2, 4)), _one_of(random, (1, 1, 1, 2))
    queues, allocator = _one_of(random, ("fifo", "voq")), _one_of(random, ("islip", "round_robin"))
    multicast = flow == "gather" and _one_of(random, (True, False, False, False, False))
    network = {
        "topology": "full" if multicast else _one_of(random, ["full"] * 3 + sorted(TOPOLOGIES)),
        "radix": int(random.integers(2, 5)),
        "link_bits": "auto" if multicast else _one_of(random, ("auto", "auto", 16)),
        "queues": queues,
        "depth": int(random.integers(1, 5)),
        "reply_depth": int(random.integers(1, 4)),
        "allocator": allocator,
        "iterations": _one_of(random, (1, 2)) if (queues, allocator) == ("voq", "islip") else 1,
    }
    return {
        "units": units,
        "lanes": lanes,
        "token_groups": token_groups,
        "replicas": clusters // token_groups,
        "banks": _one_of(random, (1, 2, 4, 8, 16)),
        "bank_kib": _one_of(random, (8, 16, 32, 64, 256)) * lanes * 4 / 1024,
        "bank_ports": _one_of(random, (1, 1, 2)),
        "bank_queue": int(random.integers(1, 5)),
        "read_latency": int(random.integers(1, 4)),
        "multicast": multicast,
        "weight_bank_kib": _one_of(random, (8, 12, 24, 40, 400, 4000)) * 4 / 1024,
        "output_bank_kib": _one_of(random, (4, 8, 16, 64)) * lanes * 4 / 1024,
        "window": max(issue_width, _one_of(random, (1, 2, 4, 8, 16))),
        "issue_width": issue_width,
        "scan_width": int(random.integers(1, 5)),
        "zero_skip": _one_of(random, (True, True, False)),
        "accumulators": _one_of(random, (1, 2, 4, 8)),
        "accumulate_latency": int(random.integers(1, 5)),
        "lane_tree": flow in ("sampled", "both"),
        "network": network,
    }


def _workload(random: np.random.Generator, flow: str, largest: int) -> Workload:
    if flow != "sampled" and random.random() < 0.2:
        return fused(
            *chain_of(random, [int(size) for size in random.integers(4, 20, 3)], 2, int(random.integers(1, 24)), 0.5, 0.7), if_fits=True
        )
    made: list[Operation] = []
    for index in range(int(random.integers(1, 3))):
        (m, k), n = random.integers(4, largest + 1, 2).tolist(), int(random.integers(1, 2 * largest // 5 + 1))
        w, x = sparse(random, m, k, _one_of(random, (0.05, 0.15, 0.4, 1.0))), sparse(random, k, n, _one_of(random, (0.3, 1.0, 1.0)))
        after = (made[-1].name,) if made and random.random() < 0.5 else ()
        if flow == "sampled" or (flow == "both" and random.random() < 0.3):
            made.append(sampled_operation(w, sparse(random, m, n, 0.6), x, f"op{index}", after))
        else:
            transpose = "scatter" if flow == "both" and random.random() < 0.5 else "none"
            made.append(replace(operation(w, x, f"op{index}", after), transpose=transpose))
    return workload(*made)


def chain_case(seed: int) -> UnitsCase:
    """The machine of a case with a demanded chain, of so many blocks that there is much to choose."""
    random = np.random.default_rng(seed + 5 * 10**6)
    sizes, batch, n = [int(size) for size in random.integers(4, 20, 3)], int(random.integers(2, 17)), int(random.integers(1, 48))
    made = chain_of(random, sizes, batch, n, _one_of(random, (0.3, 0.7)), _one_of(random, (0.3, 0.9)))
    return dataclasses.replace(case(seed), workload=fused(*made))


def _one_of(random: np.random.Generator, choices: Any) -> Any:
    return choices[int(random.integers(len(choices)))]


def slower_with(part: Ideal, of: UnitsCase) -> str:
    """What takes longer where a part is perfect: the run or, for the network, an operation's own cycles; empty where nothing does."""
    try:
        plain, perfect = (timing.activity for timing in of.runs(part))
    except MappingError:
        return ""
    pairs = [("run", plain.cycles, perfect.cycles)]
    if part == "network":
        own = zip(plain.operations, perfect.operations, strict=True)
        pairs += [(one.name, one.compute_cycles, other.compute_cycles) for one, other in own]
    return ", ".join(f"{name} {before} → {after} with perfect {part}" for name, before, after in pairs if after > before)


def slower_with_a_perfect_part(seed: int) -> str:
    """Which part makes a case slower where it is perfect; empty where none does."""
    of = case(seed)
    return ", ".join(filter(None, (slower_with(part, of) for part in PARTS)))


def stepped(of: UnitsCase, seed: int, keys: Sequence[str] = tuple(STEPS)) -> tuple[UnitsCase, UnitsCase, str]:
    """The case on a crossbar, whose paths do not grow with it, and a larger machine: more of one of the keys."""
    random = np.random.default_rng(seed + 10**6)
    key = _one_of(random, keys)
    section, factors = STEPS[key]
    fabric = of.sections["fabric"]
    small = {**of.sections, "fabric": {**fabric, "network": {**fabric["network"], "topology": "full"}}}
    inside = small if section is None else small[section]
    before = inside[key]
    after = before * _one_of(random, factors)
    larger = {**inside, key: after}
    large = larger if section is None else {**small, section: larger}
    return dataclasses.replace(of, sections=small), dataclasses.replace(of, sections=large), f"{key} from {before} to {after}"


def slower_when_larger(seed: int, keys: Sequence[str] = tuple(STEPS), made: Callable[[int], UnitsCase] = case) -> str:
    """Why a case gets slower; empty where it does not."""
    small, large, step = stepped(made(seed), seed, keys)
    try:
        before, after = (of.runs()[0].activity.cycles for of in (small, large))
    except MappingError:
        return ""
    slower = after > max(SLOWER * before, before + SLACK)
    return f"{before} cycles, and {after} ({after / before:.3f}) with {step}: {small}" if slower else ""


LAWS = (slower_with_a_perfect_part, slower_when_larger)

if __name__ == "__main__":
    count_broken(LAWS)
