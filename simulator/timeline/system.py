"""The system level of a run as tracks: operations, the fabric and its stops, DRAM, buses and ports, and who waits for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from simulator.activity import CAUSE_TERMS
from simulator.system.outcome import SHARED, SystemOutcome
from simulator.system.program import TileStep
from simulator.system.waiting import Waiting
from simulator.system.watching import Moving, Watch
from simulator.timeline.events import Level, Process, Slice, Track

_CALLED = {
    "buffer_read": "activation buffer, read port",
    "buffer_write": "activation buffer, write port",
    "x_trunk": "X trunk",
    "w_trunk": "W trunk",
    "drain_bus": "drain bus",
}
_CAUSES = {cause.name: cause.label for cause in CAUSE_TERMS}


class Recorder(Watch):
    """Watches the system level, and keeps what it was told. `operations`: their names; `ran`: called after each tile."""

    def __init__(self, operations: Sequence[str], ran: Callable[[], None] = lambda: None) -> None:
        self.operations = operations
        self._ran = ran
        self.fabric, self.dram = Track("fabric: tiles and stops"), Track("DRAM")
        self.buses = {name: Track(_CALLED[name]) for name in SHARED}
        self.requests = Level("DRAM requests outstanding")
        self.queues = {name: Level(f"waiting for {_CALLED[name]}") for name in SHARED}
        self.tiles: dict[tuple[int, int], list[Slice]] = {}
        """(operation, its tile) → the tile, and its stops."""
        self._seen: Counter[int] = Counter()
        self._stops: list[Slice] = []
        self._free_at = 0

    def served(self, way: str, asked: int, done: int, here: int, size: int, moving: Moving) -> None:
        """Chunks follow one another, each from its request or the end of the one before."""
        begun = max(asked, self._free_at)
        self._free_at = done
        self.dram.moved(begun, done, f"{way} {self._what(moving)}", size)
        self.requests.during(asked, here)

    def carried(self, name: str, asked: int, begun: int, cycles: int, size: int, moving: Moving) -> None:
        """What takes no cycles and moves nothing leaves no trace."""
        if cycles or size:
            self.buses[name].moved(begun, begun + cycles, self._what(moving), size)
        self.queues[name].during(asked, begun)

    def stood(self, waiting: Waiting, begun: int, end: int) -> None:
        """A stop, which may lie within the tile that is told of next."""
        if end > begun:
            self._stops.append(Slice(begun, end, f"waits: {_CAUSES[waiting]}", {"cause": waiting, "cycles": end - begun}))

    def ran(self, tile: TileStep, begun: int, end: int) -> None:
        """A tile, around its stops."""
        number = self._seen[tile.operation]
        self._seen[tile.operation] += 1
        within = [stop for stop in self._stops if stop.begun >= begun]
        name = self.operations[tile.operation]
        args = {"operation": name, "tile": number, "fabric_cycles": tile.cycles, "stopped_cycles": end - begun - tile.cycles}
        whole = Slice(begun, end, f"{name} tile {number}", args)
        self.tiles[tile.operation, number] = [whole, *within]
        self.fabric.slices += [*(stop for stop in self._stops if stop.begun < begun), whole, *within]
        self._stops = []
        self._ran()

    def process(self, outcome: SystemOutcome) -> Process:
        """All of it, when the run is over."""
        self.fabric.slices += self._stops
        when = zip(self.operations, outcome.op_fetch, outcome.op_start, outcome.op_end, strict=True)
        spans = [Slice(max(0, fetch), end, name, {"fetch": fetch, "start": start, "end": end}) for name, fetch, start, end in when]
        return Process("system", [self.fabric, self.dram, *self.buses.values()], [self.requests, *self.queues.values()], spans)

    def _what(self, moving: Moving) -> str:
        tensor = moving.tensor if moving.tensor == "sums" else moving.tensor.upper()
        return f"{tensor} of {self.operations[moving.operation]}"
