"""Chains of a workload that a machine may fuse or run apart (`if_fits`), and where everything lives in either case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

from msgspec import Struct

from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.types import Chain, Workload


class Alternatives(Struct, frozen=True, eq=False, dict=True):
    """All that fits fused, or of that only what must be.

    Alternatives.of(machine, workload).with_fused([])  # the workload with no chain fused but those that are demanded
    """

    machine: Machine
    workload: Workload
    optional: tuple[Chain, ...]
    """Chains that fit, and may run apart."""
    fused: tuple[Residency, ...]
    """[operations] with all of them fused."""

    @classmethod
    def of(cls, machine: Machine, workload: Workload) -> Alternatives:
        """Raises MappingError for a chain that is demanded and does not fit."""
        homes = kind_of(machine).residency(machine, workload)
        links = {operation.name for operation, home in zip(workload.operations, homes, strict=True) if home.y == "chip"}
        optional = tuple(chain for chain in workload.fuse if chain.if_fits and chain.operations[0] in links)
        return cls(machine, workload, optional, homes)

    @cached_property
    def apart(self) -> tuple[Residency, ...]:
        """[operations] with none of them fused."""
        return kind_of(self.machine).residency(self.machine, self.with_fused(()))

    @cached_property
    def places(self) -> dict[str, int]:
        """Of the operations in the workload."""
        return {operation.name: place for place, operation in enumerate(self.workload.operations)}

    def with_fused(self, chosen: Collection[Chain]) -> Workload:
        """The workload with no chains but these and those that are demanded."""
        chains = tuple(chain for chain in self.workload.fuse if not chain.if_fits or chain in chosen)
        # one workload for all machines that fuse alike: it remembers what was worked out of it
        return self.workload.recall.of_key(("fused", chains), lambda: replace(self.workload, fuse=chains))

    def span(self, chain: Chain) -> slice:
        """Where the operations of a chain stand."""
        first = self.places[chain.operations[0]]
        return slice(first, first + len(chain.operations))

    @cached_property
    def undecided(self) -> frozenset[int]:
        """Places of the operations that may be fused, or not."""
        return frozenset(place for chain in self.optional for place in range(*self.span(chain).indices(len(self.fused))))

    @property
    def leave_others_alone(self) -> bool:
        """Whether all other tensors live in the same place whichever chains are fused.

        So it is where what lies between never takes room in the buffer, and where there is room for everything.
        """
        links = {name for chain in self.optional for name in chain.operations[:-1]}
        between = (home.y for operation, home in zip(self.workload.operations, self.apart, strict=True) if operation.name in links)
        return all(home == "dram" for home in between) or all(home.y != "dram" for home in self.apart)
