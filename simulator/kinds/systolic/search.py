"""The schedule of an operation: candidates by their estimates, the best of them played on the system that they will run on."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from functools import cached_property

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from simulator.engine.engines import play
from simulator.errors import MappingError
from simulator.kinds.systolic.candidates import EQUAL, Candidate, candidates
from simulator.kinds.systolic.compiled.engine import Outline
from simulator.kinds.systolic.estimate import bytes_cycles
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.program import ArrayProgram, weight_level
from simulator.kinds.systolic.ways import Ways
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.recall import NOTHING, Recall
from simulator.system.program import MOST_TILES, check_length
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.telling import tell
from simulator.workload.types import Operation

TRIED = 24
"""Candidates of a family, the best by their estimates, that are cut into tiles, as long as their tiles and transfers are few."""
TRIED_AT_LEAST = 6
TRIED_STEPS = 800
"""Tiles and transfers of DRAM of all that are cut into tiles, beyond those that are at the least."""
PLAYED = 6
"""Of these, how many are played at most."""
PLAYED_STEPS = 3000
"""Tiles and transfers that all plays of a family may have: a long operation is told by its bounds, which are close."""
CLOSE = 0.998
"""Of the time of the best that was played: what is bound to take more is not played."""
HOPELESS = 1.1
SKIPS_HOPELESS = 2.0
"""How far an estimate may be above the least before a family is not looked at; where tiles are skipped it is but a guess."""
PLANNING = 0.5
"""Of what a long operation takes, which is told of as schedules are looked at."""
BUFFERS = ("x_buffer_kib", "w_buffer_kib", "y_buffer_kib")
"""What to enlarge for fewer tiles."""
_TIMES = tuple(2**power for power in range(1, 21))
"""How much larger buffers may be that a message proposes."""
LOOKS = TRIED_AT_LEAST + 2
"""Outlines and bounds that are worked out for a family of a long operation."""

Rank = tuple[float, int, int]
"""Cycles, bytes to and from DRAM, bytes to and from the activation buffer."""


def plan_systolic(
    machine: ArrayMachine, operation: Operation, residency: Residency, spec: SystemSpec, recall: Recall = NOTHING
) -> ArrayProgram:
    """The schedule in which an operation by itself is done first on this system; then the fewest bytes of DRAM, of the buffer, the first.

    Each family (dataflow, packing, options in use, order of output features) is searched by itself, so that one family more never
    makes a machine slower. `recall` keeps what searches for other systems found that no rate changes. MappingError where nothing fits,
    or only in too many tiles.
    """
    givens = machine, operation, residency
    check_length(operation.name, least_tiles(machine, operation), _larger(machine, operation))
    ways = recall.of(("ways", *givens), lambda: Ways(*givens, recall), lambda ways: ways.pieces)
    search = _Search(ways, spec)
    best = search.best()
    ways.rest()
    if best is None:
        check_length(operation.name, search.too_long, _larger(machine, operation))
        fabric = machine.fabric
        raise MappingError(
            f"{machine.name}: no tile of {operation.name} fits the operand buffers (x {fabric.x_buffer_kib:g}, "
            f"w {fabric.w_buffer_kib:g}, y {fabric.y_buffer_kib:g} KiB a half) of a {fabric.rows} × {fabric.cols} array"
        )
    return best.program


def least_tiles(machine: ArrayMachine, operation: Operation) -> int:
    """Tiles that no schedule of an operation goes below, whatever its zeros are.

    Its X, W and Y have X = K · N, W = M · K and Y = M · N elements, so that a tile has √(X · W · Y) products at most; a packed one
    has fewer steps than inputs, and as much more room for X.
    """
    fabric, types = machine.fabric, machine.datatypes
    m, k, n = operation.block_shape
    kept, of = (1, 1) if fabric.n_m == "none" else fabric.kept_of
    x, w = fabric.x_buffer_kib * 8192 / types.activation_bits, fabric.w_buffer_kib * 8192 / types.weight_bits
    y = fabric.y_buffer_kib * 8192 / types.accumulate_bits
    return math.floor(operation.batch * m * k * n * math.sqrt(kept / of) / math.sqrt(x * w * y))


def _larger(machine: ArrayMachine, operation: Operation) -> str:
    """What to enlarge for fewer tiles, and how far, as it is typed: doubled until half of what may be would do at the least."""
    fabric, least = machine.fabric, least_tiles(machine, operation)
    times = next((times for times in _TIMES if least <= times**1.5 * MOST_TILES / 2), _TIMES[-1])
    return " ".join(f"--set fabric.{name}={times * getattr(fabric, name):g}" for name in BUFFERS)


class _Schedule(Struct, frozen=True, eq=False, dict=True):
    outline: Outline | ArrayProgram
    make: Callable[[], ArrayProgram]

    @cached_property
    def program(self) -> ArrayProgram:
        """All of it."""
        return self.outline if isinstance(self.outline, ArrayProgram) else self.make()


class _Found(Struct, frozen=True):
    rank: Rank
    schedule: _Schedule

    @property
    def steps(self) -> int:
        """Tiles, and transfers of DRAM: what it takes to play it."""
        return self.schedule.outline.tiles + self.rank[1] // DMA_CHUNK_BYTES + 1

    @property
    def program(self) -> ArrayProgram:
        """All of its schedule."""
        return self.schedule.program

    def taking(self, cycles: int) -> _Found:
        """The same, of which more is known."""
        return replace(self, rank=(cycles, *self.rank[1:]))


class _Search:
    def __init__(self, ways: Ways, spec: SystemSpec) -> None:
        self.ways, self.spec = ways, spec
        self.machine, self.operation, self.residency, self.natural = ways.machine, ways.operation, ways.residency, ways.natural

        self._rounds, self._looked, self._told = 0, 0, 0.0
        self.too_long = 0
        """Tiles of the shortest of those that nobody could play."""

    def looked(self) -> None:
        """Tell that one more candidate was looked at: each family takes some."""
        self._looked += 1
        families = min(self._rounds + min(1.0, self._looked / LOOKS) - 1, len(self.natural))
        self._told = max(self._told, PLANNING * families / len(self.natural))
        tell(self._told)

    def best(self) -> _Found | None:
        """The best of all families, those that can be quickest first; natural orders before those that must be made."""
        found = self._best(self.natural, None)
        if found is None:
            return None
        others = [other for family in self.natural if (other := self._regrouped(family, found)) is not None]
        return self._best(others, found)

    def _regrouped(self, family: Family, found: _Found) -> Family | None:
        """A family with its output features grouped, where fewer cycles of the array could be of use."""
        return None if self._least(family) >= found.rank[0] else self.ways.grouped(family)

    def _least(self, family: Family) -> float:
        """Cycles of the array, and of what moves the operands once; what is skipped need not be moved."""
        cycles = self.ways.least_cycles(family)
        return cycles if family.skips else max(cycles, bytes_cycles(self.machine, family, self.residency, self.spec))

    def _best(self, families: list[Family], best: _Found | None) -> _Found | None:
        for family in sorted(families, key=self._least):
            self._rounds, self._looked = self._rounds + 1, 0
            hopeless = SKIPS_HOPELESS if family.skips else HOPELESS
            if best is not None and self._least(family) > best.rank[0] * HOPELESS:
                continue
            found = self._searched(family, best, hopeless)
            if found is not None and self._awaits_decoder(family, found):
                dense = self._searched(replace(family, compressed=False), best, hopeless)
                found = found if dense is None else min(found, dense, key=lambda one: one.rank)
            if found is not None and (best is None or found.rank < best.rank):
                best = found
        return best

    def _awaits_decoder(self, family: Family, found: _Found) -> bool:
        """Whether weights come slower through a decoder, a word a bank and cycle, than they are fetched."""
        if not self.machine.machine.weight_decoder or family.product.made or self.operation.storage is not None:
            return False
        rate = min(self.spec.w_bytes_per_cycle, self.spec.dram_bytes_per_cycle)
        fills = found.program.w_fills
        waits = np.maximum(0.0, fills.bank_cycles - fills.bytes / rate)[fills.decoded_elements > 0].sum()
        return bool(waits > (1 - CLOSE) * found.rank[0])

    def _searched(self, family: Family, best: _Found | None, hopeless: float) -> _Found | None:
        limit = math.inf if best is None else best.rank[0]
        tried = candidates(self.machine, family, self.residency, self.spec, TRIED, self.ways.parts, limit)
        playable = [one for one in tried if one.tiles(family) <= MOST_TILES]
        if tried and not playable:
            self.too_long = min(one.tiles(family) for one in tried)
        if not playable or min(one.cycles for one in playable) > limit * hopeless:
            return None
        return self._explored(family, playable, best)

    def _looked_at(self, outlines: _Outlines, tried: list[Candidate]) -> list[Candidate]:
        """Those whose tiles and transfers are not too many."""
        steps = 0
        for place, candidate in enumerate(tried):
            if place >= TRIED_AT_LEAST and steps > TRIED_STEPS:
                return tried[:place]
            steps += outlines.steps(candidate)
        return tried

    def _explored(self, family: Family, tried: list[Candidate], rival: _Found | None) -> _Found | None:
        """The best schedule of a family; not played where even its bound is later than the best of another, None where it is far later."""
        outlines = _Outlines(self, family)
        looked_at = self._looked_at(outlines, tried)
        if rival is not None and not any(outlines.within(candidate, rival.rank[0]) for candidate in looked_at):
            return None
        bounded = _InOrder(outlines, looked_at)
        first = bounded.next_within(math.inf)
        assert first is not None, "something is looked at"
        plays = min(PLAYED, PLAYED_STEPS // first.steps)
        if not plays or (rival is not None and first.rank > rival.rank):
            return _leanest([first, *iter(lambda: bounded.next_within(EQUAL * first.rank[0]), None)])
        played: list[_Found] = []
        found: _Found | None = first
        while found is not None:
            played.append(found.taking(play("compiled", self.spec, found.program.program.by_itself()).cycles))
            quickest = min(one.rank[0] for one in played)
            found = bounded.next_within(math.nextafter(CLOSE * quickest, 0)) if len(played) < plays else None
        return _leanest(played)


class _Outlines:
    """The schedules of a family, each outlined when it is asked for."""

    def __init__(self, search: _Search, family: Family) -> None:
        self._search, self._family = search, family
        self.spec = search.spec
        self._found: dict[Candidate, _Found] = {}
        homes = search.residency.x, search.residency.y, weight_level(search.ways.array, search.residency)
        self._in_dram = "dram" in homes

    def looked(self) -> None:
        """Tell that the bound of one was worked out."""
        self._search.looked()

    def steps(self, candidate: Candidate) -> int:
        """Tiles, and transfers of DRAM."""
        return self.outline(candidate).steps if self._in_dram else candidate.tiles(self._family) + 1

    def within(self, candidate: Candidate, cycles: float) -> bool:
        """Whether it is not known to take longer."""
        return candidate.at_least <= cycles and self.outline(candidate).rank[0] <= cycles

    def outline(self, candidate: Candidate) -> _Found:
        """With the cycles that it takes at least."""
        if candidate not in self._found:
            ways, outline = self._search.ways, self._search.ways.outline(self._family, candidate)
            self._search.looked()
            schedule = _Schedule(outline, lambda: ways.program(self._family, candidate))
            self._found[candidate] = _Found((outline.least_cycles(self.spec), *outline.bytes_moved), schedule)
        return self._found[candidate]


class _InOrder:
    """Candidates by their bounds on the system, of which each is worked out only where the cycles that it takes at least come first."""

    def __init__(self, outlines: _Outlines, candidates: list[Candidate]) -> None:
        self._outlines, self._candidates = outlines, candidates
        self._waiting = [(candidate.at_least, place, False) for place, candidate in enumerate(candidates)]
        """(cycles that it takes at least, place, whether it is outlined)"""
        heapq.heapify(self._waiting)
        self._bounded: list[tuple[Rank, int, _Found]] = []

    def next_within(self, cycles: float) -> _Found | None:
        """The next, with its bound; None where that is above so many cycles."""
        while self._waiting and self._waiting[0][0] <= min(cycles, self._bounded[0][0][0] if self._bounded else math.inf):
            self._work_out(*heapq.heappop(self._waiting)[1:])
        return heapq.heappop(self._bounded)[2] if self._bounded and self._bounded[0][0][0] <= cycles else None

    def _work_out(self, place: int, outlined: bool) -> None:
        found, spec = self._outlines.outline(self._candidates[place]), self._outlines.spec
        if not outlined:
            heapq.heappush(self._waiting, (found.rank[0], place, True))
            return
        bounded = found.taking(found.schedule.outline.earliest_end(spec))
        self._outlines.looked()
        heapq.heappush(self._bounded, (bounded.rank, place, bounded))


def _leanest(found: list[_Found]) -> _Found:
    """Of those that are as good as the quickest, the one that moves the least."""
    enough = EQUAL * min(one.rank[0] for one in found)
    return min((one for one in found if one.rank[0] <= enough), key=lambda one: (one.rank[1:], one.rank[0]))
