"""A training step by its phases, with gradients of weights at their nonzeros, beside the same step with whole ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.machine import Machine
from simulator.pipeline import simulate
from simulator.result import Result
from simulator.study.training.rebuild import Rebuild, rebuild_cost
from simulator.workload import Workload
from simulator.workload.types import Operation

FORWARD = "forward"
PHASES: dict[str, tuple[str, ...]] = {
    FORWARD: (),
    "attention": ("qk", "av"),
    "dX": ("dx",),
    "dW": ("dw",),
    "attention backward": ("dp", "dv", "dq", "dk"),
}
"""Phase → last parts of the names of its operations, as `sparsim trace` writes them; all others are the forward pass."""
LINEAR = (FORWARD, "dX", "dW")
"""Phases of the products with weights."""
_PHASE_OF = {suffix: phase for phase, suffixes in PHASES.items() for suffix in suffixes}


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
        name = _PHASE_OF.get(activity.name.rpartition(".")[2], FORWARD)
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


def study_step(machine: Machine, sampled: Workload, dense: Workload) -> StepStudy:
    """Run both steps. ConfigError where they are not the same step, on the same operands, or no sampled product is in the first.

    `dense` is `whole_step(sampled)`, or a step of the user's own. Raises MappingError where the machine cannot hold one of them.
    """
    if not any(op.gradient is not None for op in sampled.operations):
        raise ConfigError(f"{sampled.name}: has no sampled product (SDDMM); allowed: a training step, as ws-4x-train")
    names = [[op.name for op in workload.operations] for workload in (sampled, dense)]
    if names[0] != names[1] or any(op.gradient is not None for op in dense.operations):
        raise ConfigError(f"{dense.name}: not the step of {sampled.name} with whole dW; allowed: the same operations, no SDDMM")
    for op, whole in zip(sampled.operations, dense.operations, strict=True):
        _check_operands(dense.name, op, whole)
    results = [simulate(machine, workload) for workload in (sampled, dense)]
    technology = load_technology(machine.technology, machine.technology_overrides)
    rebuild = rebuild_cost(results[0].elaborated, technology, sampled.operations)
    density = rebuild.nonzeros / rebuild.weights if rebuild.weights else 1.0
    return StepStudy(machine.name, results[0], results[1], phases_of(results[0]), phases_of(results[1]), density, rebuild)


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
