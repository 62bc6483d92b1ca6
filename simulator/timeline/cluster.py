"""A cluster of a tile as tracks: what each unit does or waits for, accesses of banks, flits on the links of its networks."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator.activity import CAUSE_TERMS
from simulator.engine.cluster import CAUSE, Outcome
from simulator.engine.reference.clock import PHASES, Process
from simulator.engine.reference.network import RoutedNetwork
from simulator.engine.reference.watching import ClusterParts
from simulator.timeline.events import Level, Slice, Track
from simulator.timeline.events import Process as Group

_LABELS = [cause.label for cause in CAUSE_TERMS]


@dataclass(eq=False)
class _States:
    """What something did in each cycle, runs of equal ones as one."""

    name: str
    runs: list[tuple[int, int, str]] = field(default_factory=list)

    def during(self, begun: int, end: int, state: str) -> None:
        """Cycles that follow those before."""
        if self.runs and self.runs[-1][1:] == (begun, state):
            self.runs[-1] = (self.runs[-1][0], end, state)
        elif end > begun:
            self.runs.append((begun, end, state))

    def track(self, on_the_run: Callable[[int, int], tuple[int, int]]) -> Track:
        """As slices."""
        slices = [Slice(*on_the_run(begun, end), state, {"cycles": end - begun}) for begun, end, state in self.runs]
        return Track(self.name, slices)


@dataclass(eq=False)
class _Counted:
    """How many of something there were at the end of each cycle, where that changed."""

    name: str
    values: list[tuple[int, int]] = field(default_factory=list)

    def now(self, cycle: int, value: int) -> None:
        """A cycle later than those before."""
        if value != (self.values[-1][1] if self.values else 0):
            self.values.append((cycle, value))

    def level(self, clock: _RunClock) -> Level:
        """Changes, each at the end of its cycle."""
        level, before = Level(self.name), 0
        for cycle, value in self.values:
            level.changes[clock.span(cycle, cycle + 1)[1]] += value - before
            before = value
        return level


class ClusterRecorder:
    """Looks at a cluster at the end of each cycle, after all of it has moved.

    The fabric's clock stops where the tile waits for memory, so that a state may last longer than its own cycles.
    """

    def __init__(self, told: Callable[[int], None] = lambda cycle: None) -> None:
        """`told`: called after each cycle."""
        self.told = told
        self.units: list[_States] = []
        self.ports: list[_States] = []
        self.links: list[tuple[_States, RoutedNetwork, int, int]] = []
        """With the router and the link within it."""
        self.outstanding: list[_Counted] = []
        self.queued: list[_Counted] = []
        self.inside: list[_Counted] = []
        self._causes: list[list[int]] = []

    def __call__(self, parts: ClusterParts) -> None:
        """Begin to watch."""
        self.parts = parts
        self.units = [_States(f"unit {unit.index}") for unit in parts.units]
        self.outstanding = [_Counted(f"unit {unit.index}: outstanding") for unit in parts.units]
        self.ports = [_States(f"bank port {port.port}") for port in parts.ports]
        self.queued = [_Counted(f"bank port {port.port}: queue") for port in parts.ports]
        self.inside = [_Counted(f"{name}: flits inside") for name in parts.networks]
        for name, network in parts.networks.items():
            for number, router in network.routers.items():
                of = f" of router {number}" if len(network.routers) > 1 else ""
                self.links += [(_States(f"{name}: output {link}{of}"), network, number, link) for link in range(len(router.link_free_at))]
        self._causes = [[0] * len(CAUSE) for _ in parts.units]
        parts.clock.start(self._look())

    def _look(self) -> Process:
        yield self.parts.clock.env.timeout(PHASES - 0.5)
        while True:
            self._cycle(self.parts.clock.cycle)
            self.told(self.parts.clock.cycle)
            yield self.parts.clock.tick()

    def _cycle(self, cycle: int) -> None:
        self._units(cycle)
        for port, states, queued in zip(self.parts.ports, self.ports, self.queued, strict=True):
            if port.queue.left_at == cycle:
                states.during(cycle, cycle + 1, "access")
            queued.now(cycle, len(port.queue.flits))
        for states, network, router, link in self.links:
            if network.routers[router].link_free_at[link] > cycle:
                states.during(cycle, cycle + 1, "flit")
        for network, inside in zip(self.parts.networks.values(), self.inside, strict=True):
            inside.now(cycle, sum(router.inside for router in network.routers.values()))

    def _units(self, cycle: int) -> None:
        """A unit has one cause a cycle, and at its end all cycles of its last rows at once."""
        for unit, states, before, outstanding in zip(self.parts.units, self.units, self._causes, self.outstanding, strict=True):
            for index, (was, now) in enumerate(zip(before, unit.causes, strict=True)):
                if now > was:
                    states.during(cycle, cycle + now - was, _LABELS[index])
                    before[index] = now
            outstanding.now(cycle, len(unit.outstanding))

    def group(self, name: str, outcome: Outcome, tile: Slice, stops: Sequence[Slice]) -> Group:
        """All of it, when the tile is done; `tile` and its `stops` as the run saw them."""
        self._units(max((states.runs[-1][1] for states in self.units if states.runs), default=0))
        for states in self.units:
            states.during(states.runs[-1][1] if states.runs else 0, outcome.cycles, _LABELS[CAUSE["imbalance"]])
        clock = _RunClock(tile, stops)
        counts = {name: value for name, value in outcome.counts.to_dict().items() if value}
        whole = Track("tile", [Slice(*clock.span(0, outcome.cycles), name, {"fabric_cycles": outcome.cycles, **counts})])
        tracks = [states.track(clock.span) for states in (*self.units, *self.ports, *(link[0] for link in self.links))]
        levels = [each.level(clock) for each in (*self.outstanding, *self.queued, *self.inside) if each.values]
        return Group(name, [whole, *tracks], levels)


class _RunClock:
    """From the fabric's own clock to that of the run, which goes on in a stop."""

    def __init__(self, tile: Slice, stops: Sequence[Slice]) -> None:
        self.begun = tile.begun
        self.stopped = [0, *itertools.accumulate(stop.end - stop.begun for stop in stops)]
        self.stops_at = [stop.begun - tile.begun - before for stop, before in zip(stops, self.stopped, strict=False)]

    def span(self, begun: int, end: int) -> tuple[int, int]:
        """From the beginning of the first cycle to the end of the last."""
        return self._at(begun), self._at(end - 1) + 1 if end > begun else self._at(begun)

    def _at(self, cycle: int) -> int:
        """A cycle in which the clock stops comes after the stop."""
        return self.begun + cycle + self.stopped[bisect.bisect_right(self.stops_at, cycle)]
