"""Random programs for the system level, of everything that one may hold."""

from __future__ import annotations

import dataclasses
import math
import random
from dataclasses import dataclass
from itertools import accumulate

from msgspec.structs import replace

from simulator.system.parts import Part, Sums
from simulator.system.program import MEMORY, Drain, Fill, Flow, MemoryLevel, OperationProgram, Program, TileStep, interleaved, joined
from simulator.system.spec import ANY_WIDTH, SystemSpec

SIZES = (0, 1, 60, 64, 100, 500, 2000, 4096, 4097, 9000, 20000)
BANKS = (0, 0, 1, 30, 200)
ALL = 36
"""Pieces that all lists of a chain have at most, so that all fit while its tiles take turns."""
RATES = (2.0, 16.0, 17.3, 100.0, 0.37, 1e9, 1e25, math.inf)


@dataclass(frozen=True)
class SystemCase:
    """A program and the system that it runs on, drawn from a seed."""

    seed: int

    def drawn(self) -> tuple[SystemSpec, Program]:
        """Both."""
        draw = _Draw(random.Random(self.seed))
        return draw.spec(), draw.program()

    def drawn_apart(self) -> tuple[SystemSpec, list[OperationProgram], tuple[tuple[int, ...], ...]]:
        """A system, operations of which none are fused, and what each is made from."""
        draw = _Draw(random.Random(self.seed))
        spec, operations = draw.spec(), [draw.operation().of_operation(place) for place in range(draw.chance.randint(1, 3))]
        return spec, operations, draw.made_from(len(operations))


class _Draw:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def spec(self) -> SystemSpec:
        wide = self.often(0.1)
        x, w, drain = (ANY_WIDTH if wide else self.chance.choice((1, 16, 64, 100, 256)) for _ in range(3))
        latency, burst = self.chance.choice((0, 1, 10, 100)), self.chance.choice((1, 32, 64, 5000))
        return SystemSpec(self.chance.choice(RATES), latency, burst, x, w, drain, self.chance.randint(1, 4))

    def program(self) -> Program:
        """Operations, some of them fused, of which each may be made from any before it."""
        programs: list[OperationProgram] = []
        operations = 0
        for _ in range(self.chance.randint(1, 3)):
            chain = self._chain() if self.often(0.3) else [self.operation()]
            placed = [one.of_operation(place) for place, one in enumerate(chain, operations)]
            ahead = len(chain) == 2 and self.often(0.5)
            programs.append(interleaved([dataclasses.replace(placed[0], ahead=ahead), *placed[1:]]) if len(chain) > 1 else placed[0])
            operations += len(chain)
        return joined(programs, self.made_from(operations))

    def made_from(self, operations: int) -> tuple[tuple[int, ...], ...]:
        made_from = [self.chance.choices(range(place), k=self.chance.randint(0, 2)) if place else [] for place in range(operations)]
        return tuple(map(tuple, made_from))

    def _home(self) -> MemoryLevel:
        return self.chance.choice(("buffer", "dram"))

    def _part(self) -> Part:
        return Part(self.chance.choice(SIZES), self.chance.choice(BANKS))

    def _parts(self) -> tuple[Part, ...]:
        return tuple(self._part() for _ in range(self.chance.randint(0, 3)))

    def _sums(self) -> Sums:
        return Sums(*(self.chance.choice(SIZES) for _ in range(3)))

    def _flow(self, pieces: int, held: int) -> Flow:
        """A piece after the other, several in a cycle now and then; none before there is room for it beside `held` - 1 others."""
        first: list[int] = []
        last: list[int] = []
        for piece in range(pieces):
            room = last[piece - held] + 1 if piece >= held else 0
            first.append(max([room, *first[-1:]]) + self.chance.choice((0, 0, 1, 20)))
            last.append(max([first[-1], *last[-1:]]) + self.chance.choice((0, 1, 15)))
        return Flow(tuple(first), tuple(last))

    def _x(self, **how: bool) -> Fill:
        return Fill(0, self._home(), self._parts(), **how)

    def _w(self, held: int, waits: bool) -> Fill:
        """In pieces, of which the memory holds so many; 0: whole."""
        home, parts = self._home(), self._parts() or (self._part(),)
        if held:
            parts = tuple(replace(part, space=MEMORY // held) for part in parts[:3])
        return Fill(0, home, parts, waits=waits, kept=home == "dram" and self.often(0.3))

    def _drain(self, place: int, streams: bool) -> Drain:
        home, parts = self._home(), self._parts()
        if streams:
            behind = self.chance.randint(0, 2)
            parts = tuple(replace(part, behind=behind) for part in parts or (self._part(),))
        parts = tuple(replace(part, extra_bus_bytes=self.chance.choice((0, 0, 100, 5000))) for part in parts)
        drain = Drain(0, home, parts, 0 if streams else self.chance.choice((0, 0, 7, 300)))
        if self.often(0.3):
            summed = tuple(replace(part, sums=self._sums()) for part in parts)
            after = place - 1 if place and self.often(0.5) else None
            return replace(drain, parts=summed, sums_home=self._home() if home == "dram" else "buffer", after=after)
        return drain

    def operation(self) -> OperationProgram:
        """Tiles of which each turns to another X, W or drain or stays with the one before it."""
        steps = [tuple(self.often(0.6) for _ in range(3)) for _ in range(self.chance.randint(1, 6))]
        x, w, y = (list(accumulate(int(step[axis] and place > 0) for place, step in enumerate(steps))) for axis in range(3))
        held = [self.often(0.4) and (3 if w.count(number) > 1 else self.chance.randint(1, 3)) for number in range(w[-1] + 1)]
        w_fills = tuple(self._w(places, waits=self.often(0.3)) for places in held)
        y_streams = [self.often(0.3) for _ in range(y[-1] + 1)]
        drains = [self._drain(place, streams=streams) for place, streams in enumerate(y_streams)]
        if not any(held) and w == y and self.often(0.3):
            drains = [replace(drain, holds_w=place) for place, drain in enumerate(drains)]
        tiles = []
        for place in range(len(steps)):
            rows, last_of_y = drains[y[place]].parts, place + 1 == len(steps) or y[place + 1] != y[place]
            w_flow = self._flow(len(w_fills[w[place]].parts), held[w[place]]) if held[w[place]] else None
            y_flow = self._flow(len(rows), rows[0].behind + 1) if last_of_y and y_streams[y[place]] else None
            least = max([0, *(flow.last[-1] + 1 for flow in (w_flow, y_flow) if flow)])
            tiles.append(TileStep(0, least + self.chance.choice((0, 1, 50, 300)), x[place], w[place], y[place], w_flow, y_flow))
        return OperationProgram(tuple(tiles), tuple(self._x(waits=self.often(0.8)) for _ in range(x[-1] + 1)), w_fills, tuple(drains))

    def _chain(self) -> list[OperationProgram]:
        """Fused operations, each of which takes what the one before it leaves."""
        members, tiles = self.chance.randint(2, 3), self.chance.randint(1, 4)
        chain = []
        for member in range(members):
            left, taken = member < members - 1, member > 0
            parts = [self._parts() for _ in range(tiles)]
            w = list(accumulate(int(self.often(0.5) and place > 0) for place in range(tiles)))
            chain.append(
                OperationProgram(
                    tuple(TileStep(0, self.chance.choice((0, 5, 200)), place, w[place], place) for place in range(tiles)),
                    tuple(Fill(0, "chip", (), source=place) if taken else self._x(waits=True) for place in range(tiles)),
                    tuple(self._w(ALL, waits=False) for _ in range(w[-1] + 1)),
                    tuple(Drain(0, "chip", parts[place]) if left else self._drain(0, streams=False) for place in range(tiles)),
                )
            )
        return chain
