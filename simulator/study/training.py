"""A training step by its phases: gradients of weights at their nonzeros beside whole ones, what stays dense caps, what a new mask costs.

A new mask: select the largest weights of every matrix, write the lists again, balance the rows again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.activity import Counts
from simulator.cost import Counted, Technology
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated, Machine
from simulator.pipeline import simulate
from simulator.pricing import pricer_of, technology_of
from simulator.report.layout import Stacked
from simulator.report.numbers import percent, significant, times
from simulator.report.summary import beside
from simulator.report.verdict import LEVEL
from simulator.result import Result
from simulator.run.run import Progress
from simulator.study.executors import silent
from simulator.workload.types import Operation, Workload

FORWARD = "forward"
PHASES: dict[str, tuple[str, ...]] = {
    FORWARD: (),
    "attention": ("qk", "av"),
    "dX": ("dx",),
    "dW": ("dw",),
    "attention backward": ("dp", "dv", "dq", "dk", "kq", "pd"),
}
"""Phase → last parts of the names of its operations, as `sparsim trace` writes them; all others are the forward pass."""
LINEAR = (FORWARD, "dX", "dW")
"""Phases of the products with weights."""
_PHASE_OF = {suffix: phase for phase, suffixes in PHASES.items() for suffix in suffixes}


def phase_of(operation: str) -> str:
    """The phase of an operation, by its name."""
    return _PHASE_OF.get(operation.rpartition(".")[2], FORWARD)


@dataclass(frozen=True)
class Phase:
    """All operations of one phase."""

    name: str
    operations: int
    macs_useful: int
    macs_dense: int
    cycles: int
    """By which its operations end after all operations before them: the phases of a run add up to its cycles."""
    energy_pj: float
    """Of its operations: those of a run add up to its energy, but for what passes between operations."""


def phases_of(result: Result) -> tuple[Phase, ...]:
    """The phases of a run that have operations, in the order of `PHASES`."""
    found: dict[str, list[Phase]] = {name: [] for name in PHASES}
    ended = 0
    for activity, operation in zip(result.activity.operations, result.operations, strict=True):
        name = phase_of(activity.name)
        more = max(0, activity.end_cycle - ended)
        ended += more
        found[name].append(Phase(name, 1, operation.useful_macs, activity.dense_macs, more, operation.energy_pj))
    return tuple(_sum(name, parts) for name, parts in found.items() if parts)


def _sum(name: str, parts: list[Phase]) -> Phase:
    return Phase(
        name,
        len(parts),
        sum(part.macs_useful for part in parts),
        sum(part.macs_dense for part in parts),
        sum(part.cycles for part in parts),
        sum(part.energy_pj for part in parts),
    )


SELECTION_PASSES = 2
"""Over all weights: a histogram of magnitudes finds the threshold, a second pass takes what is above (radix selection)."""


@dataclass(frozen=True)
class Rebuild:
    """One change of the masks of all sparse matrices."""

    matrices: int
    weights: int
    """Places of all of them, zero or not: each has a dense copy that training goes on with."""
    nonzeros: int
    read_bytes: int
    """Dense weights, once a pass."""
    written_bytes: int
    """Lists of every matrix, and of its transpose where a product takes a stored one."""
    dram_cycles: int
    compare_cycles: int
    """One comparison a multiplier and cycle."""
    balance_cycles: int
    """Rows are given to the least loaded unit, one after another: ⌈log2 units⌉ comparisons a row, one a cycle."""
    dram_energy_pj: float
    """Of what is read and written. Comparisons are not charged."""

    @property
    def cycles(self) -> int:
        """Selection streams, so that the slower of DRAM and comparisons counts; balancing comes after it."""
        return max(self.dram_cycles, self.compare_cycles) + self.balance_cycles


def rebuild_cost(elaborated: Elaborated, technology: Technology, operations: Sequence[Operation]) -> Rebuild:
    """The cost for the operations of a step: each stored sparse W once, however many products take it.

    A model of streaming, not a simulation: DRAM at its full rate, lists of the machine's own form, a selection that needs no
    more on-chip memory than its histogram. Assumed, as no published accelerator does this step.
    """
    machine = elaborated.machine
    owned = {op.weight.sha256: op for op in operations if op.weight_home == "dram" and op.transpose == "none" and not op.weight.dense}
    transposed = [op for op in operations if op.transpose == "stored" and not op.weight.dense]
    weights = sum(op.batch * op.block_shape[0] * op.block_shape[1] for op in owned.values())
    kind = kind_of(machine)
    entry_bits = kind.list_entry_bits(machine)
    lists = [op.weight.nnz for op in (*owned.values(), *transposed)]
    read_bytes = SELECTION_PASSES * weights * machine.datatypes.weight_bits // 8
    written_bytes = sum(-(-nnz * entry_bits // 8) for nnz in lists)
    rows = sum(op.weight.shape[0] for op in (*owned.values(), *transposed))
    prices = pricer_of(elaborated, technology).rates
    moved = Counts(dram_read_bytes=read_bytes, dram_write_bytes=written_bytes)
    return Rebuild(
        matrices=len(owned),
        weights=weights,
        nonzeros=sum(op.weight.nnz for op in owned.values()),
        read_bytes=read_bytes,
        written_bytes=written_bytes,
        dram_cycles=math.ceil((read_bytes + written_bytes) / elaborated.dram_bytes_per_cycle),
        compare_cycles=-(-SELECTION_PASSES * weights // machine.multipliers),
        balance_cycles=rows * (kind.list_owners(machine) - 1).bit_length(),
        dram_energy_pj=float(prices.energy_pj @ Counted(moved, 0).vector(prices.kinds)),
    )


@dataclass(frozen=True)
class StepStudy:
    """Both steps on one machine."""

    machine: str
    sampled: Result
    dense: Result
    sampled_phases: tuple[Phase, ...]
    dense_phases: tuple[Phase, ...]
    weight_density: float
    """Of the sparse matrices together."""
    rebuild: Rebuild

    @property
    def cap(self) -> float:
        """Most that skipping the zeros of W in forward and dX gains over a dense step while dW stays dense: 3 / (1 + 2 d).

        Arithmetic: three products of as many multiply-accumulates, of which two shrink to the density d of W.
        """
        return 3 / (1 + 2 * self.weight_density)

    @property
    def gain(self) -> float:
        """Time of the step with whole dW over that with dW at the nonzeros."""
        return self.dense.cycles / self.sampled.cycles

    @property
    def energy_gain(self) -> float:
        """The same in energy."""
        return self.dense.energy_pj / self.sampled.energy_pj

    @property
    def linear_gain(self) -> float:
        """`gain` of the linear products alone, which the cap is about: without attention's phases."""
        return _linear_cycles(self.dense_phases) / _linear_cycles(self.sampled_phases)

    @property
    def ideal_dense_cycles(self) -> int:
        """Of a dense machine with as many multipliers, all of them always busy."""
        return -(-self.sampled.dense_macs // self.sampled.machine.multipliers)

    def rebuild_time_share(self, every: int) -> float:
        """Time of a change of the masks every so many steps, over that of these steps with sampled dW."""
        return self.rebuild.cycles / every / self.sampled.cycles

    def rebuild_energy_share(self, every: int) -> float:
        """The same in energy."""
        return self.rebuild.dram_energy_pj / every / self.sampled.energy_pj

    def to_dict(self, every: int) -> dict[str, Any]:
        """JSON values, with the masks changed every so many steps."""
        return {
            "machine": self.machine,
            "weight_density": self.weight_density,
            "cap_with_dense_dw": self.cap,
            "gain_of_sampled_dw": self.gain,
            "gain_of_sampled_dw_in_linear_products": self.linear_gain,
            "energy_gain_of_sampled_dw": self.energy_gain,
            "ideal_dense_cycles": self.ideal_dense_cycles,
            "steps": {
                name: {"cycles": result.cycles, "energy_pj": result.energy_pj, "phases": [asdict(phase) for phase in phases]}
                for name, result, phases in (
                    ("sampled_dw", self.sampled, self.sampled_phases),
                    ("dense_dw", self.dense, self.dense_phases),
                )
            },
            "rebuild": asdict(self.rebuild)
            | {
                "cycles": self.rebuild.cycles,
                "every_steps": every,
                "share_of_time": self.rebuild_time_share(every),
                "share_of_energy": self.rebuild_energy_share(every),
            },
        }


def _linear_cycles(phases: tuple[Phase, ...]) -> int:
    return sum(phase.cycles for phase in phases if phase.name in LINEAR)


def study_step(machine: Machine, sampled: Workload, dense: Workload, *, progress: Progress = silent) -> StepStudy:
    """Run both steps. ConfigError where they are not the same step, on the same operands, or no sampled product is in the first.

    `dense` is `whole_step(sampled)`, or a step of the user's own. `progress` is told each step's name and the fraction of it that is done.
    Raises MappingError where the machine cannot hold one of them.
    """
    if not any(op.gradient is not None for op in sampled.operations):
        raise ConfigError(f"{sampled.name}: has no sampled product (SDDMM); allowed: a training step, as ws-4x-train")
    names = [[op.name for op in workload.operations] for workload in (sampled, dense)]
    if names[0] != names[1] or any(op.gradient is not None for op in dense.operations):
        raise ConfigError(f"{dense.name}: not the step of {sampled.name} with whole dW; allowed: the same operations, no SDDMM")
    for op, whole in zip(sampled.operations, dense.operations, strict=True):
        _check_operands(dense.name, op, whole)
    results = [
        _simulated(machine, step, f"{sampled.name}, dW {called}", progress)
        for step, called in ((sampled, "at its nonzeros"), (dense, "whole"))
    ]
    rebuild = rebuild_cost(results[0].elaborated, technology_of(machine), sampled.operations)
    density = rebuild.nonzeros / rebuild.weights if rebuild.weights else 1.0
    return StepStudy(machine.name, results[0], results[1], phases_of(results[0]), phases_of(results[1]), density, rebuild)


def _simulated(machine: Machine, step: Workload, name: str, progress: Progress) -> Result:
    result = simulate(machine, step, progress=lambda _, fraction: progress(name, fraction))
    progress(name, 1.0)
    return result


def _check_operands(step: str, sampled: Operation, whole: Operation) -> None:
    """Whole dW is made of what the sampled one is made of: dY and X with as many nonzeros. Raises ConfigError."""
    if sampled.gradient is None:
        return
    wanted, found = (sampled.gradient.nnz, sampled.activations.nnz), (whole.weight.nnz, whole.activations.nnz)
    if wanted != found:
        raise ConfigError(
            f"{step}: {whole.name} is made of a dY of {found[0]:,} nonzeros and an X of {found[1]:,}, the sampled one of {wanted[0]:,} "
            f"and {wanted[1]:,}; allowed: the same, as weight: {{same_as: …}} and activation: {{same_as: …, transposed: true}} are"
        )


def step_summary(study: StepStudy, every: int) -> RenderableType:
    """What a terminal shows first: what is gained, in a sentence; phases of both steps; the cap and a new mask in a line each."""
    ideal = study.ideal_dense_cycles
    lines = [
        ("cap", f"{times(study.cap)} over a dense step, while dW stays whole"),
        (
            "array",
            f"a dense one with as many multipliers, always busy, takes {times(ideal / study.dense.cycles)} the time of whole dW "
            f"and {times(ideal / study.sampled.cycles)} that of sampled dW",
        ),
        ("masks", f"new ones {_every(every)} take {_share(study, every)}; by a streaming model, not simulated"),
    ]
    return Group(Text(_verdict(study), style="bold"), Text(), _phases(study), Text(), beside(lines))


def step_table(study: StepStudy, every: int) -> RenderableType:
    """The same, with what the cap and a change of the masks are made of."""
    return Group(Text(_verdict(study), style="bold"), Text(), _phases(study), Text(), *_gains(study), Text(), *_rebuild(study, every))


def _phases(study: StepStudy) -> Stacked:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("phase", "useful MACs", "of dense", "cycles", "share", "energy µJ", "share"):
        table.add_column(heading, justify="left" if not table.columns else "right", no_wrap=True)
    dense = {phase.name: phase for phase in study.dense_phases}
    for phase in study.sampled_phases:
        label = "dW sampled (SDDMM)" if phase.name == "dW" else phase.name
        table.add_row(label, *_figures(phase, study.sampled.cycles, study.sampled.energy_pj))
    table.add_row("step with sampled dW", *_total(study.sampled_phases, study.sampled.cycles, study.sampled.energy_pj), style="bold")
    table.add_row("dW whole", *_figures(dense["dW"], study.dense.cycles, study.dense.energy_pj))
    table.add_row("step with whole dW", *_total(study.dense_phases, study.dense.cycles, study.dense.energy_pj), style="bold")
    return Stacked(table)


def _verdict(study: StepStudy) -> str:
    level = abs(study.gain - 1) <= LEVEL
    gains = "is level in time" if level else f"is {times(study.gain)} as quick"
    return (
        f"On {study.sampled.workload.name}, a training step of {study.machine} with dW at the nonzeros {gains} "
        f"({times(study.linear_gain)} in the linear products alone) and takes {times(1 / study.energy_gain)} the "
        "energy of one with whole dW."
    )


def _figures(phase: Phase, cycles: int, energy_pj: float) -> list[str]:
    return [
        f"{phase.macs_useful:,}",
        percent(phase.macs_useful / phase.macs_dense),
        f"{phase.cycles:,}",
        percent(phase.cycles / cycles),
        significant(phase.energy_pj * 1e-6),
        percent(phase.energy_pj / energy_pj),
    ]


def _total(phases: tuple[Phase, ...], cycles: int, energy_pj: float) -> list[str]:
    useful, dense = sum(phase.macs_useful for phase in phases), sum(phase.macs_dense for phase in phases)
    return [f"{useful:,}", percent(useful / dense), f"{cycles:,}", "", significant(energy_pj * 1e-6), ""]


def _gains(study: StepStudy) -> list[Text]:
    ideal = study.ideal_dense_cycles
    return [
        Text(
            f"cap while dW stays whole: {times(study.cap)} over a dense step, by arithmetic of the sparse linear products: "
            f"3 ÷ (1 + 2 d), d = {significant(study.weight_density)}"
        ),
        Text(
            f"a dense array with as many multipliers, always busy, takes {ideal:,} cycles: "
            f"{times(ideal / study.dense.cycles)} the time of whole dW, {times(ideal / study.sampled.cycles)} that of sampled dW"
        ),
    ]


def _rebuild(study: StepStudy, every: int) -> list[Text]:
    rebuild = study.rebuild
    return [
        Text(f"a new mask of {rebuild.matrices} matrices: {rebuild.nonzeros:,} of {rebuild.weights:,} weights", style="bold"),
        Text(
            f"  select {rebuild.read_bytes:,} bytes read; lists {rebuild.written_bytes:,} bytes written: "
            f"{rebuild.dram_cycles:,} cycles of DRAM, {significant(rebuild.dram_energy_pj * 1e-6)} µJ; "
            f"{rebuild.compare_cycles:,} of comparisons"
        ),
        Text(f"  rebalance rows over units: {rebuild.balance_cycles:,} cycles; together {rebuild.cycles:,}"),
        Text(f"  {_every(every)}: {_share(study, every)} (streaming model, not simulated; comparisons not charged)"),
    ]


def _every(steps: int) -> str:
    return f"every {steps} steps" if steps > 1 else "every step"


def _share(study: StepStudy, every: int) -> str:
    time, energy = study.rebuild_time_share(every), study.rebuild_energy_share(every)
    return f"{percent(time)} of the time of a step with sampled dW, {percent(energy)} of its energy"
