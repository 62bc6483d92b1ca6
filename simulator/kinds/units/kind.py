"""What kinds on a fabric of vector units share: one way to plan, run and bound an operation, whatever travels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import Counts, Ideal
from simulator.cost.delay import TimingPath
from simulator.cost.hardware import Parts
from simulator.cost.technology import Technology
from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.engines import Engine, RunOptions, quickest
from simulator.engine.work import TileWork
from simulator.errors import ConfigError
from simulator.kinds.base import Kind, Least, Memo, Scheduled, TileName
from simulator.kinds.units import facts
from simulator.kinds.units.delays import slices_of, timing_paths, wires_of
from simulator.kinds.units.loops import Carried, Pace, Planned, Setting
from simulator.kinds.units.machine import UnitsFabric, UnitsMachine, UnitsMapping
from simulator.kinds.units.named import named_features
from simulator.kinds.units.parts import WORDS, UnitParts, fabric_parts
from simulator.kinds.units.placement import placement_of
from simulator.kinds.units.present import present_words
from simulator.kinds.units.sizes import UnitsSizes
from simulator.kinds.units.tries import MOST_TRIED, TRIED_ENTRIES
from simulator.machine.model import Elaborated, Fabric, Machine, Stages
from simulator.machine.model import Mapping as MappingSection
from simulator.network import Graph, NetworkSpec
from simulator.recall import Recall, by_identity
from simulator.rtl.design import Agreement, CosimOptions, Design
from simulator.specs.models import Section
from simulator.system.operation import OperationRun
from simulator.system.quick_bound import QuickBound
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch
    from simulator.kinds.units.decision import Decision
    from simulator.kinds.units.protocol import Dataflow

FABRIC = "gather"
"""What the machine file calls a fabric of units, whichever way its words travel."""


class ClusterRtl(Protocol):
    """The module in which a kind has its clusters as hardware. Both raise ConfigError, by name, for what is not elaborated."""

    def design(self, machine: UnitsMachine, spec: ClusterSpec) -> Design:
        """One cluster, as the file sizes it."""

    def cosimulated(
        self, machine: UnitsMachine, spec: ClusterSpec, operation: str, tiles: Iterable[TileWork], how: CosimOptions
    ) -> Iterator[Agreement]:
        """Tiles of an operation, each through one cluster in hardware and both engines, up to and with the first that differs."""


class UnitsKind(Kind):
    """A kind of machine whose vector units and banks are joined by networks, or stand in pairs."""

    sections: ClassVar[dict[type[Section], type[Section]]] = {Fabric: UnitsFabric, MappingSection: UnitsMapping}
    sizes = UnitsSizes()
    components = WORDS
    flow: ClassVar[Literal["gather", "scatter"]]
    """What machine files and results call the dataflow of its operations."""
    hardware: ClassVar[UnitParts]
    """What its operations need of a fabric."""
    words_reach_units = True
    """Whether activation words travel from banks to units in every operation."""
    moves_words: ClassVar[bool] = True
    """Whether there is a network that carries words to the units."""
    moves_sums: ClassVar[bool] = False
    """Whether there is a network that carries sums to the banks."""

    @abstractmethod
    def planned(self, setting: Setting, operation: Operation, residency: Residency, most: int) -> list[Planned[Dataflow]]:
        """In which ways to cut an operation that may take least time at the setting's pace, so many at most, the likeliest first.

        Raises MappingError where none fits, or the buffer has no room for that.
        """

    def describes(self, machine: Machine) -> bool:
        """Whether the machine file names this dataflow."""
        return isinstance(machine.mapping, UnitsMapping) and machine.fabric.kind == FABRIC and machine.mapping.dataflow == self.name

    def run(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions) -> OperationRun:
        """Choose how an operation is cut, run its rounds, and list what the system level must move for them.

        A small operation is run in every way that may take least time. What was run, or chosen, before is recalled.
        """
        from simulator.kinds.units.decision import judged

        decision, judge = judged(options, partial(self._decision, elaborated, operation, residency, index))
        return replace(decision.run(judge.best()), operation=operation, residency=residency)

    def watch_tile(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions, tile: TileName, watch: ClusterWatch
    ) -> Outcome:
        """Of an operation that is no part of a chain, cut as it is when it runs."""
        from simulator.kinds.units.rounds import cluster_tiles

        dataflow = self.as_run(elaborated, operation, residency, options)
        positions = dataflow.loops.positions()
        if tile.tile >= len(positions):
            raise ConfigError(f"{operation.name} has the tiles 0 to {len(positions) - 1}, and none of number {tile.tile}")
        places = cluster_tiles(UnitsMachine.of(elaborated.machine).fabric, dataflow.loops, positions[tile.tile])
        if tile.cluster >= len(places):
            raise ConfigError(
                f"{operation.name}: in tile {tile.tile} the clusters 0 to {len(places) - 1} are busy, and none of number {tile.cluster}"
            )
        return dataflow.watched(self.setting(elaborated, options).spec, dataflow.work(places[tile.cluster]), watch)

    def first_clusters(self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions) -> Iterator[TileWork]:
        """What the first busy cluster does in each tile of an operation by itself."""
        from simulator.kinds.units.rounds import cluster_tiles

        dataflow = self.as_run(elaborated, operation, residency, options)
        fabric, loops = UnitsMachine.of(elaborated.machine).fabric, dataflow.loops
        return (dataflow.work(cluster_tiles(fabric, loops, position)[0]) for position in loops.positions())

    def rtl(self) -> ClusterRtl:
        """Its clusters as hardware. Raises ConfigError where there is none."""
        raise self.no_hardware()

    def design(self, elaborated: Elaborated) -> Design:
        """One cluster."""
        return self.rtl().design(*self._cluster(elaborated))

    def cosimulate(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions, how: CosimOptions
    ) -> Iterator[Agreement]:
        """The first busy cluster of each tile."""
        tiles = self.first_clusters(elaborated, operation, residency, options)
        return self.rtl().cosimulated(*self._cluster(elaborated), operation.name, tiles, how)

    def _cluster(self, elaborated: Elaborated) -> tuple[UnitsMachine, ClusterSpec]:
        """What of a machine does its operations: one of several dataflows that it may have."""
        machine = UnitsMachine.of(elaborated.machine).in_dataflow(self.flow)
        return machine, cluster_spec(machine, elaborated.stages)

    def as_run(self, elaborated: Elaborated, operation: Operation, residency: Residency, options: RunOptions) -> Dataflow:
        """An operation by itself, cut as its run chooses it, whatever its place in the workload."""
        from simulator.kinds.units.decision import judged

        decision, judge = judged(options, partial(self._decision, elaborated, operation, residency, 0))
        return decision.planned[judge.best()].dataflow()

    def schedule(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int) -> Scheduled:
        """Tiles with the fewest cycles that their busiest unit allows; exact where it takes runs to choose."""
        requests = self.list_entries(elaborated.machine, operation.weight.nnz, operation.shape[2])
        options = RunOptions(quickest("compiled", requests, self.kernels))
        decision = self._decision(elaborated, operation, residency, index, options)
        if len(decision.planned) > 1:
            return Scheduled.as_run(decision.run(decision.best()))
        (way,) = decision.planned
        plan = decision.plan(way)
        setting = decision.setting
        cycles = plan.dataflow.least_cycles(setting.spec)
        least = plan.least_program(cycles, setting.machine.output_words, w_kept=decision.kept(way))
        return Scheduled(least, lambda: plan.transfer_counts)

    def floors(
        self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions
    ) -> Sequence[QuickBound]:
        """One for each way that is tried, by its busiest units: to tell it more nearly takes longer than what it saves."""
        return self._decision(elaborated, operation, residency, index, options).floors()

    def schedules_by_running(self, machine: Machine, operations: Sequence[Operation]) -> bool:
        """Where there is so little to do that it takes runs to choose the schedule."""
        return sum(_entries(machine, each.weight.nnz, each.shape[2]) for each in operations) <= TRIED_ENTRIES

    def _decision(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions) -> Decision:
        from simulator.kinds.units.decision import Decision

        setting = self.setting(elaborated, options)
        most = MOST_TRIED if self.schedules_by_running(elaborated.machine, (operation,)) else 1
        ways = partial(self.planned, setting, operation, residency, most)
        return Decision(self.name, self.flow, setting, operation, residency, index, elaborated.dram_burst_bytes, options, ways)

    def setting(self, elaborated: Elaborated, options: RunOptions) -> Setting:
        """What an operation in this dataflow meets."""
        return _setting(elaborated, self.flow, options.engine, options.ideal, options.recall, assemble=not options.reuse_tiles)

    def least(self, machine: Machine, operation: Operation, residency: Residency, memo: Memo) -> Least:
        """One word a unit and cycle, and one a bank port, were all of them equally busy."""
        of = UnitsMachine.of(machine)
        fabric = of.fabric
        token_words = -(-operation.shape[2] // fabric.lanes)
        words, entries = int(_words_of(of, operation, memo).sum()), operation.weight.nnz * token_words
        ports = fabric.clusters * fabric.banks_per_copy * fabric.bank_ports
        compute = max(
            -(-words // fabric.units),
            -(-entries // (fabric.units * of.weight_port_entries)),
            0 if fabric.multicast else -(-words // ports),
        )
        fetched = words if self.words_reach_units else 0
        routed = words if fabric.has_network else 0
        counts = Counts(
            macs_useful=operation.macs_useful,
            mac_slots=max(operation.macs_useful, fetched * fabric.lanes),
            list_entries=entries,
            weight_bank_reads=-(-operation.weight.nnz // of.weight_port_entries),
            requests=words,
            x_bank_reads=0 if fabric.multicast else fetched,
            replies=fetched,
            request_hops=routed,
            reply_hops=routed if self.words_reach_units else 0,
            accumulator_updates=fetched,
            x_trunk_bytes=_x_bytes(of, operation, residency),
            w_trunk_bytes=self._w_bytes(of, operation),
        )
        return Least(compute, counts)

    def _w_bytes(self, of: UnitsMachine, operation: Operation) -> int:
        """Of lists, or of what other forms take at least however tiles are cut: values, and a bit for each place or of each index."""
        if operation.weight_home == "activation":
            return self.made_bytes(of.machine, operation)
        value_bits, nnz, sampled = of.datatypes.weight_bits, operation.weight.nnz, operation.gradient is not None
        if operation.storage is not None:
            return 0 if sampled else nnz * value_bits // 8
        m, k, _ = operation.block_shape
        elements = operation.batch * m * k
        entry_bits = of.weight_entry_bits(dense=nnz == elements and not sampled)  # fused blocks are dense each by itself
        lists = nnz * (entry_bits - value_bits if sampled else entry_bits)
        if not of.machine.weight_decoder:
            return lists // 8
        return min(lists, elements * value_bits, nnz if sampled else nnz * (value_bits + 1)) // 8

    def parts(self, elaborated: Elaborated, technology: Technology) -> Parts:
        """Those of its one dataflow."""
        return fabric_parts(self.hardware, elaborated, technology)

    def settle(self, draft: Elaborated, technology: Technology) -> Elaborated:
        """Slices of least area, and the cycles that follow from them."""
        slices = slices_of((self.hardware, UnitsMachine.of(draft.machine)), technology)
        return super().settle(replace(draft, slices=slices), technology)

    def paths(self, elaborated: Elaborated, technology: Technology) -> tuple[TimingPath, ...]:
        """Those of its one dataflow."""
        return timing_paths(
            [(self.hardware, UnitsMachine.of(elaborated.machine))], elaborated, technology, wires_of(self, elaborated, technology)
        )

    def made_weight_bits(self, machine: Machine) -> int:
        """As activations."""
        return machine.datatypes.activation_bits

    def output_bits(self, machine: Machine, operation: Operation) -> int:
        """Y in the activation type; of a sampled product the places of its mask in the weight type."""
        if operation.gradient is not None:
            return operation.output_elements * machine.datatypes.weight_bits
        m, _, n = operation.block_shape
        return operation.batch * m * n * machine.datatypes.activation_bits

    def list_entries(self, machine: Machine, nonzeros: int, tokens: int) -> int:
        """Every list is walked once a token word, in every schedule that may be tried."""
        entries = _entries(machine, nonzeros, tokens)
        return entries * (MOST_TRIED if entries <= TRIED_ENTRIES else 1)

    def held(self, elaborated: Elaborated) -> Machine:
        """With the cycles of every pipeline that were simulated."""
        fabric, stages = UnitsMachine.of(elaborated.machine).fabric, elaborated.stages
        network = fabric.network.model_copy(update={"latency": stages.crossing, "allocation": stages.allocation})
        update = {"feed_latency": stages.feed, "read_latency": stages.read}
        update |= {"multiply_latency": stages.multiply, "accumulate_latency": stages.accumulate}
        return elaborated.machine.model_copy(update={"fabric": fabric.model_copy(update={**update, "network": network})})

    def slices_are_open(self, elaborated: Elaborated) -> bool:
        """Where the file leaves them open and several take less area than one."""
        fabric = UnitsMachine.of(elaborated.machine).fabric
        return fabric.has_network and fabric.network.slices == "auto" and elaborated.slices > 1

    def levels(self, machine: Machine, counts: Counts) -> Mapping[str, tuple[float, float]]:
        """Words read of banks, words and sums on their networks."""
        return facts.levels(UnitsMachine.of(machine), counts, words=self.moves_words, sums=self.moves_sums)

    def list_entry_bits(self, machine: Machine) -> int:
        """Of a list."""
        return UnitsMachine.of(machine).weight_entry_bits(dense=False)

    def list_owners(self, machine: Machine) -> int:
        """All units."""
        return UnitsMachine.of(machine).fabric.units

    def files(self, machine: Machine) -> tuple[Path, ...]:
        """A placement of the user's own."""
        named = UnitsMachine.of(machine).mapping.placement_file
        return () if named is None else (Path(named),)

    def check_files(self, machine: Machine) -> None:
        """Whether every word, or every word of partial sums, has a bank."""
        placement_of(UnitsMachine.of(machine).in_dataflow(self.flow))

    def derived(self, elaborated: Elaborated) -> Mapping[str, float]:
        """Of clusters, words, lists, networks and memories."""
        return facts.derived(UnitsMachine.of(elaborated.machine), elaborated, replies=self.moves_words)

    def graphs(self, machine: Machine) -> Mapping[str, Graph]:
        """Requests and, where words travel, replies."""
        return facts.graphs(UnitsMachine.of(machine), replies=self.moves_words)

    def switch(self, elaborated: Elaborated) -> NetworkSpec | None:
        """That of requests."""
        return facts.switch(UnitsMachine.of(elaborated.machine), elaborated)


@by_identity(16)
def _setting(
    elaborated: Elaborated, flow: Literal["gather", "scatter"], engine: Engine, ideal: Ideal, recall: Recall, *, assemble: bool
) -> Setting:
    """Made once for all operations of a run."""
    machine = UnitsMachine.of(elaborated.machine.inside()).in_dataflow(flow)
    spec = cluster_spec(machine, elaborated.stages)
    spec = spec.with_ideal_network() if ideal in ("network", "both") else spec
    carried: Carried = ("assembled" if assemble else "checked") if engine.carries_values else ""
    return Setting(machine, spec, engine, Pace(SystemSpec.of(elaborated).made_ideal(ideal), spec.unloaded_cycles), carried, recall)


def cluster_spec(machine: UnitsMachine, stages: Stages) -> ClusterSpec:
    """The cluster of a machine, pipelined so."""
    fabric = machine.fabric
    requests, replies = machine.networks(stages)
    return ClusterSpec(
        requests=requests,
        replies=replies,
        bank_ports=fabric.bank_ports,
        bank_queue=fabric.bank_queue,
        multicast=fabric.multicast,
        window=fabric.window,
        issue_width=fabric.issue_width,
        scan_width=fabric.scan_width,
        accumulators=fabric.accumulators,
        accumulate_latency=stages.accumulate,
        # what scatters multiplies on the way to the network
        multiply_latency=0 if machine.mapping.dataflow == "scatter" else stages.multiply,
        network="routed" if fabric.has_network else "none",
    )


def _entries(machine: Machine, nonzeros: int, tokens: int) -> int:
    """List entries that all units examine in an operation."""
    return nonzeros * -(-tokens // UnitsMachine.of(machine).fabric.lanes)


def _x_bytes(machine: UnitsMachine, operation: Operation, residency: Residency) -> int:
    """Of the input features that any list names, brought once."""
    m, k, n = operation.shape
    named = named_features(operation, (0, m), (0, k))
    return residency.forms.x.bits(named, (0, n), machine.datatypes.activation_bits) // 8


def _words_of(machine: UnitsMachine, operation: Operation, memo: Memo) -> NDArray[np.int64]:
    """[token words] nonzeros of W whose word is not all zero there."""
    key = (operation.name, machine.fabric.lanes, machine.fabric.zero_skip)
    if key not in memo:
        memo[key] = present_words(machine, operation).astype(np.int64) @ operation.weight.column_counts
    words: NDArray[np.int64] = memo[key]
    return words
