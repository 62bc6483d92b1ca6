"""What kinds on a fabric of vector units share: one way to plan, run and bound an operation, whatever travels."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.cluster import ClusterSpec, cluster_spec
from simulator.engine.engines import ENGINES, Engine
from simulator.errors import MappingError
from simulator.kinds.base import Kind, Least, Memo, Scheduled
from simulator.kinds.units.lists import present_words
from simulator.kinds.units.operation import UnitsPlan, plan_units, run_plan
from simulator.kinds.units.placement import placement_of
from simulator.kinds.units.rounds import Dataflow
from simulator.kinds.units.sizes import UnitsSizes
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import GatherFabric, Machine
from simulator.network import NetworkSpec
from simulator.system.operation import OperationRun
from simulator.system.residency import Homes
from simulator.workload.types import Operation

FABRIC = "gather"
"""What the machine file calls a fabric of units, whichever way its words travel."""


class UnitsKind(Kind):
    """A kind of machine whose vector units and banks are joined by networks, or stand in pairs."""

    sizes = UnitsSizes()
    flow: ClassVar[Literal["gather", "scatter"]]
    """What machine files and results call the dataflow of its operations."""
    words_reach_units = True
    """Whether activation words travel from banks to units in every operation."""

    @abstractmethod
    def dataflow(
        self, elaborated: Elaborated, spec: ClusterSpec, engine: Engine, operation: Operation, homes: Homes, *, assemble: bool
    ) -> Dataflow[Any]:
        """Schedule an operation; with `assemble`, Y is put together where the engine carries numbers."""

    def describes(self, machine: Machine) -> bool:
        """Whether the machine file names this dataflow."""
        return isinstance(machine.fabric, GatherFabric) and machine.mapping.dataflow == self.name

    def run(
        self,
        elaborated: Elaborated,
        operation: Operation,
        homes: Homes,
        index: int,
        engine: Engine,
        *,
        perfect: bool = False,
        reuse_tiles: bool = True,
        threads: int = 1,
    ) -> OperationRun:
        """Schedule an operation, run its rounds, and list what the system level must move for them."""
        plan = self._plan(elaborated, operation, homes, index, engine, perfect=perfect, assemble=not reuse_tiles)
        return run_plan(plan, self.flow, homes, engine, reuse_tiles=reuse_tiles, threads=threads)

    def schedule(self, elaborated: Elaborated, operation: Operation, homes: Homes, index: int) -> Scheduled:
        """Tiles with the fewest cycles that their busiest unit allows."""
        plan = self._plan(elaborated, operation, homes, index, ENGINES["compiled"], perfect=False, assemble=False)
        return Scheduled(plan.strand(plan.dataflow.least_cycles()), plan.transfer_counts)

    def _plan(
        self, elaborated: Elaborated, operation: Operation, homes: Homes, index: int, engine: Engine, *, perfect: bool, assemble: bool
    ) -> UnitsPlan:
        elaborated = replace(elaborated, machine=elaborated.machine.in_dataflow(self.flow))
        spec = cluster_spec(elaborated)
        spec = spec.with_ideal_network() if perfect else spec
        dataflow = self.dataflow(elaborated, spec, engine, operation, homes, assemble=assemble)
        return plan_units(elaborated.machine, dataflow, index)

    def least(self, machine: Machine, operation: Operation, memo: Memo) -> Least:
        """One word a unit and cycle, and one a bank port, were all of them equally busy."""
        fabric = machine.gather
        token_words = -(-operation.shape[2] // fabric.lanes)
        words, entries = int(_words_of(machine, operation, memo).sum()), operation.weight.nnz * token_words
        ports = fabric.clusters * fabric.banks_per_copy * fabric.bank_ports
        compute = max(
            -(-words // fabric.units),
            -(-entries // (fabric.units * machine.weight_port_entries)),
            0 if fabric.multicast else -(-words // ports),
        )
        fetched = words if self.words_reach_units else 0
        routed = words if fabric.has_network else 0
        entry_bits = machine.weight_entry_bits(dense=operation.weight.dense)
        counts = Counts(
            macs_useful=operation.macs_useful,
            mac_slots=max(operation.macs_useful, fetched * fabric.lanes),
            list_entries=entries,
            weight_bank_reads=-(-entries // machine.weight_port_entries),
            requests=words,
            x_bank_reads=0 if fabric.multicast else fetched,
            replies=fetched,
            request_hops=routed,
            reply_hops=routed if self.words_reach_units else 0,
            accumulator_updates=fetched,
            x_trunk_bytes=operation.shape[1] * token_words * machine.word_bytes if self.words_reach_units else 0,
            w_trunk_bytes=self._w_bytes(machine, operation, entry_bits),
        )
        return Least(compute, counts)

    def _w_bytes(self, machine: Machine, operation: Operation, entry_bits: int) -> int:
        if operation.weight_home == "activation":
            return self.made_bytes(machine, operation)
        return operation.weight.nnz * entry_bits // 8

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
        """Every list is walked once a token word."""
        return nonzeros * -(-tokens // machine.gather.lanes)

    def check_files(self, machine: Machine) -> None:
        """The placement, where it is a file."""
        placement_of(machine)

    def list_entry_bits(self, machine: Machine) -> int:
        """With its column and its row."""
        return machine.weight_entry_bits(dense=False)

    def list_owners(self, machine: Machine) -> int:
        """Units, each with a list."""
        return machine.gather.units

    def slices_are_open(self, elaborated: Elaborated) -> bool:
        """By `slices: auto`, which makes several of a large crossbar."""
        fabric = elaborated.machine.gather
        return fabric.has_network and fabric.network.slices == "auto" and elaborated.slices > 1

    def switch(self, elaborated: Elaborated) -> NetworkSpec | None:
        """From the units of a copy to its bank ports."""
        if not elaborated.machine.gather.has_network:
            return None
        requests, _ = elaborated.machine.networks(elaborated.network_latency)
        # each flit alone, and none combined: what is measured is how the network shares its links
        return replace(requests, flits=1, combines=False)


def needs_both(machine: Machine, operation: Operation) -> MappingError:
    """Why a machine of one dataflow cannot do an operation of the other."""
    return MappingError(
        f"{machine.name}: {operation.name} has transpose: scatter, which reads the lists of another product by columns; "
        "set mapping.dataflow: both, or transpose: stored"
    )


def _words_of(machine: Machine, operation: Operation, memo: Memo) -> NDArray[np.int64]:
    """[token words] nonzeros of W whose word is not all zero there."""
    key = (operation.name, machine.gather.lanes, machine.gather.zero_skip)
    if key not in memo:
        degree = np.bincount(operation.weight.indices, minlength=operation.shape[1]).astype(np.int64)
        memo[key] = present_words(machine, operation).astype(np.int64) @ degree
    words: NDArray[np.int64] = memo[key]
    return words
