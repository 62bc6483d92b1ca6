"""Which chains of a workload are fused where the trace leaves it open (`if_fits`): those that are through no later than apart.

The same for every kind of machine: both are run on the fabric, and played by themselves on the machine's system. The run of what
is chosen is kept. Apart, no more operations are run than it takes to tell that they are not through sooner, given what the others
take at least.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from simulator.errors import MappingError
from simulator.machine.model import Elaborated
from simulator.run.alternatives import Alternatives
from simulator.run.floor import Floor
from simulator.run.stints import Floors, Player, Run, stints
from simulator.system.quick_bound import QuickBound
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation, Workload


def settled(elaborated: Elaborated, alternatives: Alternatives, run: Run, floors: Floors, player: Player) -> Workload:
    """The workload with those chains alone that this machine fuses."""
    workload = alternatives.workload
    if not alternatives.optional:
        return alternatives.with_fused(())
    choice = _Choice(elaborated, run, floors, player)
    chosen = []
    for chain in alternatives.optional:
        span = alternatives.span(chain)
        operations = workload.operations[span]
        alone = workload.recall.of_key(("alone", chain), partial(_alone, operations))
        if choice.fuses(alone, alternatives.fused[span], alternatives.apart[span]):
            chosen.append(chain)
    return alternatives.with_fused(chosen)


def _alone(operations: tuple[Operation, ...]) -> Floor:
    """A chain with nothing to wait for but its own operations."""
    names = {operation.name for operation in operations}
    waiting = (replace(each, depends_on=tuple(name for name in each.depends_on if name in names)) for each in operations)
    return Floor(Workload("chain", tuple(waiting)))


class _Choice(Struct, frozen=True, eq=False):
    """Equal chains are decided once."""

    elaborated: Elaborated
    run: Run
    floors: Floors
    player: Player
    _decided: dict[Hashable, bool] = field(default_factory=dict)

    def fuses(self, alone: Floor, fused: Sequence[Residency], apart: Sequence[Residency]) -> bool:
        """Whether a chain takes no longer fused than apart; then, whether it moves no more bytes of DRAM."""
        chain = alone.workload
        key = tuple(stint.work for homes in (fused, apart) for stint in stints(chain, homes))
        if key not in self._decided:
            together = self._played(chain, fused)
            least = alone.of_homes(self.elaborated, apart).cycles
            longer = least > together[0] or self._takes_longer(chain, apart, together[0])
            self._decided[key] = longer or together <= self._played(chain, apart)
        return self._decided[key]

    def _takes_longer(self, chain: Workload, homes: Sequence[Residency], cycles: float) -> bool:
        """Whether a chain is told to take longer than so many cycles by some of its operations, and what the others take at least."""
        each = stints(chain, homes)
        try:
            known = [self.floors(stint) for stint in each]
            if not all(known):
                return False
            for place, stint in enumerate(each):
                if self._least(chain, known) > cycles:
                    return True
                (run,) = self.run(stint)
                known[place] = [QuickBound(run.program)]
        except MappingError:
            return True
        return False

    def _least(self, chain: Workload, known: Sequence[Sequence[QuickBound]]) -> int:
        """Cycles that operations one after another do not go below, given [operations] bounds of which one holds."""
        spec, free, left = SystemSpec.of(self.elaborated), 0, dict[str, int]()
        for operation, bounds in zip(chain.operations, known, strict=True):
            there = max((left.get(name, 0) for name in operation.depends_on), default=0)
            through = [bound.through(spec, free, there) for bound in bounds]
            free, left[operation.name] = (min(ends) for ends in zip(*through, strict=True))
        return max(free, *left.values())

    def _played(self, chain: Workload, homes: Sequence[Residency]) -> tuple[float, float]:
        """Cycles and DRAM bytes of a chain that has the machine to itself; endless where the machine cannot hold it."""
        try:
            runs = [run for stint in stints(chain, homes) for run in self.run(stint)]
        except MappingError:
            return math.inf, math.inf
        outcome = self.player.play(SystemSpec.of(self.elaborated), chain, runs)
        return outcome.cycles, outcome.moved_bytes["dram_read_bytes"] + outcome.moved_bytes["dram_write_bytes"]
