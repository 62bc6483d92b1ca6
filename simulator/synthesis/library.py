"""Cells of a library: areas, functions, and the delay tables of cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path

from simulator.errors import ConfigError
from simulator.synthesis.liberty import Group, evaluate, parse, read_liberty

_CELL = re.compile(r"\bcell\s*\(\s*\"?([^\s\")]+)\"?\s*\)\s*\{")
_FANOUT = 4
_MOST_DRIVEN = 8
"""Inputs that an output may drive where a library says nothing of it: what IHP's SG13G2 says."""
_ROUNDS = 30
_SMALL = 200_000
"""Characters of a cell of one or two inputs, at most; larger ones are not parsed in the search for them."""


@dataclass(frozen=True)
class Table:
    """Delay or slew over the slew of an input and the load of an output; constant along an axis that it does not have."""

    slews: tuple[float, ...]
    loads: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    """[slews, loads]"""

    def at(self, slew: float, load: float) -> float:
        """Between the four entries around it, and beyond the table along its last step."""
        i, s = _place(self.slews, slew)
        j, t = _place(self.loads, load)
        low = self.values[i][j] + t * (self.values[i][min(j + 1, len(self.loads) - 1)] - self.values[i][j])
        if len(self.slews) == 1:
            return low
        high = self.values[i + 1][j] + t * (self.values[i + 1][min(j + 1, len(self.loads) - 1)] - self.values[i + 1][j])
        return low + s * (high - low)


@dataclass(frozen=True)
class Arc:
    """From an input of a cell to an output."""

    input: str
    sense: str
    """`positive_unate`, `negative_unate` or `non_unate`."""
    delay: tuple[Table, Table]
    """Until the output rises, falls."""
    slew: tuple[Table, Table]


@dataclass(frozen=True)
class Pin:
    """A pin of a cell."""

    name: str
    output: bool
    capacitance: float
    clock: bool
    function: str
    arcs: tuple[Arc, ...]
    """Of a combinational cell's output."""


@dataclass(frozen=True)
class Cell:
    """A cell of a library."""

    name: str
    area: float
    sequential: bool
    pins: Mapping[str, Pin]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of its input pins."""
        return tuple(pin.name for pin in self.pins.values() if not pin.output)

    def computes(self, truth: Sequence[bool]) -> bool:
        """Whether its only output is this function of its inputs, of which the first changes slowest."""
        outputs = [pin for pin in self.pins.values() if pin.output]
        if self.sequential or len(outputs) != 1 or len(truth) != 2 ** len(self.inputs) or not outputs[0].function:
            return False
        values = product((False, True), repeat=len(self.inputs))
        return [evaluate(outputs[0].function, dict(zip(self.inputs, of, strict=True))) for of in values] == list(truth)


@dataclass(frozen=True)
class Fo4:
    """An inverter that drives four of its kind."""

    delay: float
    """Mean of rise and fall, in the library's unit of time."""
    slew: float


@dataclass
class Library:
    """Cells of one or several files that belong together; a cell is parsed when it is first asked for."""

    paths: tuple[Path, ...]
    texts: tuple[str, ...] = field(repr=False)
    _cells: dict[str, Cell] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def load(cls, paths: Iterable[Path]) -> Library:
        """Read files, which may be compressed by gzip. Raises ConfigError where one cannot be read, or holds no cell."""
        found = tuple(paths)
        library = cls(found, tuple(read_liberty(path) for path in found))
        for path, text in zip(found, library.texts, strict=True):
            if not _CELL.search(text):
                raise ConfigError(f"{path}: found no cell; allowed: a library in Liberty's format")
        return library

    @property
    def name(self) -> str:
        """Of its file, or of the first of several."""
        more = len(self.paths) - 1
        return self.paths[0].name + (f" and {more} more" if more else "")

    @cached_property
    def places(self) -> dict[str, tuple[int, int, int]]:
        """Which text holds a cell, and from where to where."""
        places = {}
        for number, text in enumerate(self.texts):
            starts = [(match.start(), match.group(1)) for match in _CELL.finditer(text)]
            for (start, name), (stop, _) in zip(starts, [*starts[1:], (len(text), "")], strict=True):
                places[name] = number, start, stop
        return places

    def cell(self, name: str) -> Cell:
        """Raises ConfigError where there is none of that name."""
        if name not in self._cells:
            if name not in self.places:
                raise ConfigError(f"{self.paths[0]}: no cell {name}")
            number, start, stop = self.places[name]
            self._cells[name] = self._cell(number, parse(self.texts[number][start:stop]))
        return self._cells[name]

    @cached_property
    def nand2(self) -> Cell:
        """The smallest NAND of two inputs, whose area is that of a gate equivalent. Raises ConfigError where there is none."""
        return self._smallest((True, True, True, False), "NAND of two inputs")

    @cached_property
    def inverter(self) -> Cell:
        """The smallest inverter. Raises ConfigError where there is none."""
        return self._smallest((True, False), "inverter")

    @cached_property
    def buffer_area(self) -> float:
        """Of the smallest buffer, or of two inverters in a library without one."""
        buffers = self._computing((False, True))
        return min((cell.area for cell in buffers), default=2 * self.inverter.area)

    @cached_property
    def most_driven(self) -> int:
        """Inputs that an output may drive: `default_max_fanout`, or 8."""
        match = re.search(r"default_max_fanout\s*:\s*\"?\s*([\d.]+)", self.texts[0])
        return max(2, int(float(match.group(1)))) if match else _MOST_DRIVEN

    @cached_property
    def fo4(self) -> Fo4:
        """Delay and slew of an inverter in a chain of inverters, each of which drives four."""
        (source,) = self.inverter.inputs
        (arc,) = next(pin for pin in self.inverter.pins.values() if pin.output).arcs
        load = _FANOUT * self.inverter.pins[source].capacitance
        rise = fall = 0.0
        for _ in range(_ROUNDS):
            rise, fall = arc.slew[0].at(fall, load), arc.slew[1].at(rise, load)
        return Fo4((arc.delay[0].at(fall, load) + arc.delay[1].at(rise, load)) / 2, (rise + fall) / 2)

    @cached_property
    def time_ps(self) -> float:
        """The library's unit of time in ps."""
        match = re.search(r'time_unit\s*:\s*"?\s*([\d.]+)\s*(ns|ps|fs)', self.texts[0])
        number, unit = match.groups() if match else ("1", "ns")
        return float(number) * {"ns": 1000.0, "ps": 1.0, "fs": 0.001}[unit]

    def _smallest(self, truth: Sequence[bool], what: str) -> Cell:
        fitting = self._computing(truth)
        if not fitting:
            raise ConfigError(f"{self.paths[0]}: found no {what}; allowed: a library that has one")
        return min(fitting, key=lambda cell: (cell.area, cell.name))

    def _computing(self, truth: Sequence[bool]) -> list[Cell]:
        names = [name for name, (_, start, stop) in self.places.items() if stop - start < _SMALL]
        return [cell for cell in map(self.cell, names) if cell.computes(truth)]

    @cached_property
    def _templates(self) -> tuple[dict[str, Group], ...]:
        """Of tables, by name, in each text: they stand before the cells."""
        heads = (text[: match.start()] for text in self.texts if (match := _CELL.search(text)))
        pattern = re.compile(r"lu_table_template\s*\([^)]*\)\s*\{[^}]*\}", re.DOTALL)
        return tuple({(group := parse(found)).args[0]: group for found in pattern.findall(head)} for head in heads)

    def _cell(self, number: int, group: Group) -> Cell:
        templates = self._templates[number]
        pins = [_pin(pin, templates) for pin in group.of("pin")]
        sequential = any(True for name in ("ff", "latch", "ff_bank", "latch_bank", "statetable") for _ in group.of(name))
        return Cell(group.args[0], float(group.value("area", "0")), sequential, {pin.name: pin for pin in pins})


def _pin(group: Group, templates: Mapping[str, Group]) -> Pin:
    arcs: list[Arc] = []
    for timing in group.of("timing"):
        if timing.value("timing_type", "combinational") != "combinational":
            continue
        tables = {table.name: table for table in timing.groups}
        wanted = "cell_rise", "cell_fall", "rise_transition", "fall_transition"
        if all(name in tables for name in wanted):
            rise, fall, rises, falls = (_table(tables[name], templates) for name in wanted)
            sense = timing.value("timing_sense", "non_unate")
            arcs.extend(Arc(pin, sense, (rise, fall), (rises, falls)) for pin in timing.value("related_pin").split())
    return Pin(
        group.args[0],
        group.value("direction") == "output",
        float(group.value("capacitance", "0")),
        group.value("clock") == "true",
        group.value("function"),
        tuple(arcs),
    )


def _table(group: Group, templates: Mapping[str, Group]) -> Table:
    template = templates.get(group.args[0] if group.args else "", Group("", (), {}, ()))
    axes = []
    for number in (1, 2):
        index = group.attributes.get(f"index_{number}", template.attributes.get(f"index_{number}", ()))
        axes.append((template.value(f"variable_{number}"), _numbers(index)))
    values = _numbers(group.attributes["values"])
    (first, one), (_, two) = axes
    if not one:
        return Table((0.0,), (0.0,), (values[:1],))
    if not two:
        over_loads = first == "total_output_net_capacitance"
        return Table((0.0,), one, (values,)) if over_loads else Table(one, (0.0,), tuple((value,) for value in values))
    rows = tuple(values[start : start + len(two)] for start in range(0, len(values), len(two)))
    if first == "total_output_net_capacitance":
        return Table(two, one, tuple(zip(*rows, strict=True)))
    return Table(one, two, rows)


def _numbers(words: Iterable[str]) -> tuple[float, ...]:
    return tuple(float(number) for word in words for number in re.split(r"[\s,\\]+", word) if number)


def _place(axis: Sequence[float], value: float) -> tuple[int, float]:
    """The step that holds a value, and where in it; of an axis of one, the start."""
    if len(axis) == 1:
        return 0, 0.0
    step = min(max(bisect_right(axis, value) - 1, 0), len(axis) - 2)
    return step, (value - axis[step]) / (axis[step + 1] - axis[step])
