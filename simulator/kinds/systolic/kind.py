"""The systolic array: dense folds, with what it may skip or pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from msgspec.structs import replace

from simulator.activity import Counts
from simulator.cost.delay import TimingPath
from simulator.cost.hardware import Parts
from simulator.cost.technology import Technology
from simulator.engine.engines import RunOptions
from simulator.kinds.base import Kind, Least, Memo, Scheduled
from simulator.kinds.systolic.compiled import KERNELS
from simulator.kinds.systolic.delays import timing_paths
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.parts import WORDS, parts_of
from simulator.kinds.systolic.sizes import ArraySizes
from simulator.machine.model import Elaborated, Fabric, Machine
from simulator.rtl.design import Agreement, CosimOptions, Design
from simulator.specs.models import Section
from simulator.system.operation import OperationRun
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.kinds.systolic.operation import ArrayEngine


class Systolic(Kind):
    """A rows × cols array of cells that pass operands to their neighbours.

    How it cuts and runs operations is loaded when it first does.
    """

    name = "systolic"
    dense = True
    sizes = ArraySizes()
    components = WORDS
    sections: ClassVar[dict[type[Section], type[Section]]] = {Fabric: SystolicFabric}
    planning_kernels = KERNELS

    def describes(self, machine: Machine) -> bool:
        """Whether its fabric is an array."""
        return isinstance(machine.fabric, SystolicFabric)

    def run(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions) -> OperationRun:
        """By exact formulas; where the engine carries numbers, small operations cell by cell as well. There is no network."""
        from simulator.kinds.systolic.operation import run_systolic

        givens = (*_ran_on(elaborated, options), operation, residency.without_room(), index, _cells(options))
        run = options.recall.of(givens, lambda: run_systolic(*givens, options.recall), lambda run: run.pieces)
        return replace(run, operation=operation, residency=residency)

    def schedule(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int) -> Scheduled:
        """Formulas are as quick as any bound, and exact."""
        from simulator.kinds.systolic.operation import run_systolic

        return Scheduled.as_run(run_systolic(ArrayMachine.inside(elaborated), SystemSpec.of(elaborated), operation, residency, index, None))

    def schedules_by_running(self, machine: Machine, operations: Sequence[Operation]) -> bool:
        """Always."""
        return True

    def check_fusion(self, machine: Machine, chain: Sequence[Operation], residency: Sequence[Residency]) -> None:
        """Whether a block of tokens of a chain fits the operand buffers."""
        from simulator.kinds.systolic.chains import ArrayChain

        ArrayChain(ArrayMachine.of(machine), tuple(chain), tuple(residency)).most_tokens()

    def run_fused(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int, options: RunOptions
    ) -> tuple[OperationRun, ...]:
        """Block after block of the batch, round after round of tokens."""
        from simulator.kinds.systolic.operation import run_chain

        homes = tuple(home.without_room() for home in residency)
        givens = (*_ran_on(elaborated, options), tuple(chain), homes, first, _cells(options))
        runs = options.recall.of(givens, lambda: run_chain(*givens, options.recall), lambda runs: sum(run.pieces for run in runs))
        homed = zip(runs, chain, residency, strict=True)
        return tuple(replace(run, operation=operation, residency=home) for run, operation, home in homed)

    def schedule_fused(
        self, elaborated: Elaborated, chain: Sequence[Operation], residency: Sequence[Residency], first: int
    ) -> tuple[Scheduled, ...]:
        """Exact, as one operation is."""
        from simulator.kinds.systolic.operation import run_chain

        runs = run_chain(ArrayMachine.inside(elaborated), SystemSpec.of(elaborated), chain, residency, first, None)
        return tuple(map(Scheduled.as_run, runs))

    def design(self, elaborated: Elaborated) -> Design:
        """The array, its sequencer and its edge banks."""
        from simulator.kinds.systolic.rtl.elaboration import array_design

        return array_design(ArrayMachine.settled(elaborated))

    def cosimulate(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions, how: CosimOptions
    ) -> Iterator[Agreement]:
        """The first tiles of an operation, as one run of their folds."""
        from simulator.kinds.systolic.rtl.agreement import cosimulate_array

        return cosimulate_array(elaborated, operation, residency, how)

    def least(self, machine: Machine, operation: Operation, residency: Residency, memo: Memo) -> Least:
        """Folds of whole extents, by the best dataflow that the array may choose.

        Where it skips or packs, only the activations that useful products need, and their weights without places.
        """
        from simulator.workload.made import whole_product

        array, op, bits, forms = ArrayMachine.of(machine), whole_product(operation), machine.datatypes, residency.forms
        fabric = array.fabric
        m, k, _ = op.block_shape
        made = self.made_bytes(machine, op) if op.weight_home == "activation" else None
        if fabric.skip_zero_tiles or fabric.column_skip or fabric.n_m != "none" or machine.weight_decoder:
            slots = operation.macs_useful
            needed = _needed(op) if operation.gradient is None else (0, 0)
            x_bytes, w_bytes = needed[1] * bits.activation_bits // 8, 0 if made is not None else needed[0] * bits.weight_bits // 8
        else:
            slots = op.macs_dense
            x_bytes = forms.x.bits(slice(0, operation.shape[1]), (0, operation.shape[2]), bits.activation_bits) // 8
            w_bytes = made if made is not None else op.batch * (k * m * bits.weight_bits // 8)
            if operation.gradient is not None:  # dY comes over the W trunk from where X lives, which a bound of DRAM counts only there
                gradient_bits = forms.gradient.bits(slice(0, operation.shape[0]), (0, operation.shape[2]), bits.weight_bits)
                w_bytes = gradient_bits // 8 if residency.x == "dram" else 0
        counts = Counts(macs_useful=operation.macs_useful, mac_slots=slots, x_trunk_bytes=x_bytes, w_trunk_bytes=w_bytes)
        return Least(max(_array_cycles(array, operation, residency, memo), -(-slots // machine.multipliers)), counts)

    def paths(self, elaborated: Elaborated, technology: Technology) -> tuple[TimingPath, ...]:
        """Of an edge buffer, a product and an addition."""
        return timing_paths(ArrayMachine.of(elaborated.machine), technology)

    def held(self, elaborated: Elaborated) -> Machine:
        """With the cycles of its pipelines that were simulated."""
        return ArrayMachine.settled(elaborated).machine

    def parts(self, elaborated: Elaborated, technology: Technology) -> Parts:
        """Cells, edge buffers and buses."""
        return parts_of(elaborated, technology)

    def made_weight_bits(self, machine: Machine) -> int:
        """As weights, which is what the W buffer holds."""
        return machine.datatypes.weight_bits

    def output_bits(self, machine: Machine, operation: Operation) -> int:
        """Y in the activation type; of a sampled product all places, wanted or not."""
        m, k, n = operation.block_shape
        columns = n if operation.gradient is None else k
        return operation.batch * m * columns * machine.datatypes.activation_bits

    def levels(self, machine: Machine, counts: Counts) -> Mapping[str, tuple[float, float]]:
        """Operands read at both edges, of whose banks each gives a word a cycle."""
        array, types = ArrayMachine.of(machine), machine.datatypes
        x_bytes, w_bytes = types.activation_bits / 8, types.weight_bits / 8
        used = counts.x_buffer_reads * x_bytes + counts.w_buffer_reads * w_bytes
        return {"banks": (used, array.fabric.rows * array.x_word * x_bytes + array.fabric.cols * array.w_word * w_bytes)}

    def derived(self, elaborated: Elaborated) -> Mapping[str, float]:
        """Both halves of all buffers."""
        fabric = ArrayMachine.of(elaborated.machine).fabric
        return {"operand_sram_kib": 2 * (fabric.x_buffer_kib + fabric.w_buffer_kib + fabric.y_buffer_kib)}


def _ran_on(elaborated: Elaborated, options: RunOptions) -> tuple[ArrayMachine, SystemSpec]:
    """The array, and the system that its schedules are chosen for."""
    return ArrayMachine.inside(elaborated), SystemSpec.of(elaborated).made_ideal(options.ideal)


def _cells(options: RunOptions) -> ArrayEngine | None:
    if not options.engine.carries_values:
        return None
    from simulator.kinds.systolic.reference import run_array

    return run_array


def _array_cycles(machine: ArrayMachine, op: Operation, residency: Residency, memo: Memo) -> int:
    """The fewest of any way and any dataflow in which the array can run an operation."""
    from simulator.kinds.systolic.families import flows_of, least_cycles, products_of

    fabric = machine.fabric
    ways = ("products", op.name, fabric.n_m)
    if ways not in memo:
        memo[ways] = products_of(machine, op, residency)
    cycles: list[int] = []
    for place, product in enumerate(memo[ways]):
        for flow in flows_of(fabric, product):
            options = fabric.weight_load, fabric.skip_zero_tiles, fabric.column_skip, fabric.n_m
            key = ("folds", op.name, place, flow, fabric.rows, fabric.cols, *options)
            if key not in memo:
                memo[key] = least_cycles(fabric, product, flow)
            cycles.append(memo[key])
    return min(cycles, default=0)


def _needed(op: Operation) -> tuple[int, int]:
    """Nonzeros of W that meet any nonzero of X, and nonzeros of X that meet any of W."""
    degree = op.weight.column_counts
    present = np.full(len(degree), op.shape[2]) if op.activations.mask is None else op.activations.mask.sum(axis=1)
    return int(degree[present > 0].sum()), int(present[degree > 0].sum())


SYSTOLIC = Systolic()
