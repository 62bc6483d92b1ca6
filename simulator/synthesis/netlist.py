"""A flat netlist of library cells, as Yosys writes it: its area, and its longest path."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from simulator.errors import CheckError
from simulator.synthesis.library import Arc, Library

Net = int
RISE, FALL = 0, 1


@dataclass(frozen=True)
class Placed:
    """One cell of a netlist."""

    cell: str
    nets: Mapping[str, Net | str]
    """By pin; a string is a constant."""


@dataclass(frozen=True)
class Path:
    """The longest way between registers, or from and to the ports."""

    delay: float
    """In the library's unit of time."""
    cells: int
    """That it passes."""


@dataclass(frozen=True)
class Netlist:
    """Cells of a library, and how they are joined."""

    library: Library
    placed: Sequence[Placed]

    @classmethod
    def of_json(cls, library: Library, top: Mapping[str, Any]) -> Netlist:
        """A module of Yosys' JSON. Raises CheckError where something in it is no cell of the library."""
        placed = []
        for cell in top["cells"].values():
            kind = cell["type"]
            if kind.startswith("$"):
                if kind == "$scopeinfo":
                    continue
                raise CheckError(f"synthesis left {kind}, which is no cell of the library")
            placed.append(Placed(kind, {pin: bits[0] for pin, bits in cell["connections"].items() if bits}))
        return cls(library, placed)

    @property
    def counts(self) -> Counter[str]:
        """Cells by name."""
        return Counter(placed.cell for placed in self.placed)

    @property
    def area(self) -> float:
        """In the library's unit, usually um²."""
        return sum(self.library.cell(name).area * count for name, count in self.counts.items())

    @property
    def register_area(self) -> float:
        """Of flops and latches."""
        counts = self.counts.items()
        return sum(self.library.cell(name).area * count for name, count in counts if self.library.cell(name).sequential)

    @property
    def buffers(self) -> int:
        """That are lacking for no output and no port to drive more inputs than the library's `most_driven`: trees of them.

        The clock's are left out.
        """
        driven: Counter[Net] = Counter()
        for placed in self.placed:
            pins = self.library.cell(placed.cell).pins
            driven.update(net for name, net in placed.nets.items() if isinstance(net, int) and not (pins[name].output or pins[name].clock))
        return sum(_tree(inputs, self.library.most_driven) for inputs in driven.values())

    @property
    def buffer_area(self) -> float:
        """Of `buffers`."""
        return self.buffers * self.library.buffer_area

    def longest_path(self) -> Path:
        """Without wires: from registers and ports, which change as an inverter with a load of four does, to registers and ports.

        Neither a register's own delay nor its set-up time is counted, nor the load of a port.
        """
        loads: dict[Net, float] = defaultdict(float)
        drivers: dict[Net, int] = {}
        for number, placed in enumerate(self.placed):
            cell = self.library.cell(placed.cell)
            for name, net in placed.nets.items():
                pin = cell.pins[name]
                if isinstance(net, str):
                    continue
                if not pin.output:
                    loads[net] += pin.capacitance
                elif not cell.sequential:
                    drivers[net] = number
        start = _Arrival((0.0, 0.0), (self.library.fo4.slew,) * 2, 0)
        arrivals: dict[Net, _Arrival] = defaultdict(lambda: start)
        longest = start
        for number in self._order(drivers):
            placed = self.placed[number]
            for name, net in placed.nets.items():
                pin = self.library.cell(placed.cell).pins[name]
                if pin.output and isinstance(net, int):
                    arrives = _leaves(pin.arcs, placed.nets, arrivals, loads[net], start)
                    arrivals[net] = arrives
                    longest = max(longest, arrives, key=lambda arrival: max(arrival.times))
        return Path(max(longest.times), longest.cells)

    def _order(self, drivers: Mapping[Net, int]) -> Sequence[int]:
        """Combinational cells, each after those that drive it."""
        graph: dict[int, list[int]] = {}
        for number in drivers.values():
            placed = self.placed[number]
            inputs = (placed.nets.get(name) for name in self.library.cell(placed.cell).inputs)
            graph[number] = [drivers[net] for net in inputs if isinstance(net, int) and net in drivers]
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            raise CheckError("a combinational loop in the netlist") from error


def _tree(inputs: int, most: int) -> int:
    """Buffers between one output and so many inputs."""
    buffers = 0
    while inputs > most:
        inputs = -(-inputs // most)
        buffers += inputs
    return buffers


@dataclass(frozen=True)
class _Arrival:
    times: tuple[float, float]
    """Of a rising and of a falling edge."""
    slews: tuple[float, float]
    cells: int


def _leaves(arcs: Sequence[Arc], nets: Mapping[str, Net | str], arrivals: Mapping[Net, _Arrival], load: float, start: _Arrival) -> _Arrival:
    times, slews, cells = [0.0, 0.0], list(start.slews), 0
    for arc in arcs:
        net = nets.get(arc.input)
        if not isinstance(net, int):
            continue
        arrives = arrivals[net]
        for edge in (RISE, FALL):
            for source in _sources(arc.sense, edge):
                time = arrives.times[source] + arc.delay[edge].at(arrives.slews[source], load)
                if time > times[edge]:
                    times[edge], slews[edge] = time, arc.slew[edge].at(arrives.slews[source], load)
                    cells = max(cells, arrives.cells + 1)
    return _Arrival((times[0], times[1]), (slews[0], slews[1]), cells)


def _sources(sense: str, edge: int) -> tuple[int, ...]:
    """Edges of an input that bring an edge of the output."""
    if sense == "positive_unate":
        return (edge,)
    return (1 - edge,) if sense == "negative_unate" else (RISE, FALL)
