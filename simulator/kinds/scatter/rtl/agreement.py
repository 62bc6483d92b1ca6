"""What a cluster that scatters does, in hardware and in the reference engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from amaranth.hdl import Const
from numpy.typing import NDArray

from simulator.engine.reference.flit import Flit
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.scatter.reference import run_scatter
from simulator.kinds.scatter.rtl.cluster import ScatterCluster
from simulator.rtl.bits import packed
from simulator.rtl.cosim.events import Label
from simulator.rtl.cosim.loads import Load, list_lines, settings_of
from simulator.rtl.cosim.pair import Sides
from simulator.rtl.cosim.tally import Tally, Walk
from simulator.rtl.cosim.traced import Probe, granted
from simulator.rtl.cosim.watched import Seen, Watcher
from simulator.rtl.shape import ClusterShape


def probes(cluster: ScatterCluster) -> list[Probe]:
    """Of every component."""
    found: list[Probe] = []
    for number, unit in enumerate(cluster.units):
        sends, own = unit.sends, unit.own
        line = sends.flit.carried[: cluster.ports[0].line_bits]
        found += [
            Probe(("unit", number, "issue 0"), sends.valid, (sends.flit.sink, sends.flit.tag, line, Const(0), Const(0))),
            Probe(("unit", number, "drop"), unit.dropped != 0, (unit.dropped,)),
            Probe(("unit", number, "read"), own.reads, ()),
        ]
    for number, port in enumerate(cluster.ports):
        head = port.queue.head
        found += [
            Probe(("bank port", number, "access"), port.access, (head.source, head.tag, head.carried[: port.line_bits])),
            Probe(("bank port", number, "add"), port.adds, (port.line, port.sum)),
        ]
    return [*found, *granted(cluster)]


class ScatterWatcher(Watcher):
    """Takes notes of units that send and banks that add."""

    def looked_at(self, unit: Any) -> Seen:
        """With what it reads of its own bank."""
        return _SeenUnit(unit)

    def issued(self, flit: Flit, port: int) -> tuple[int, ...]:
        """A product has no row."""
        return (port, flit.tag, flit.word // self.spec.banks, 0, 0)

    def accessed(self, flit: Flit, port: int, cycle: int) -> None:
        """The sum is told in the cycle in which it is written."""
        super().accessed(flit, port, cycle)
        memory, spec = self.parts.ports[port].memory, self.spec
        assert memory is not None
        written = cycle + spec.read_latency + spec.accumulate_latency
        line, sum_ = flit.word // spec.banks, packed(memory[flit.word].tolist(), self.shape.sum_bits)
        self.events[written]["bank port", port, "add"] = (line, sum_)


class _SeenUnit(Seen):
    def __init__(self, unit: Any) -> None:
        super().__init__(unit)
        self.held = -1

    def after(self, cycle: int) -> Iterator[tuple[Label, tuple[int, ...]]]:
        """With the word that it took up."""
        yield from super().after(cycle)
        if self.unit.held != self.held:
            yield ("unit", self.unit.index, "read"), ()
        self.held = self.unit.held


class ScatterTally(Tally):
    """A unit computes in the cycles in which it sends; an access is an addition, and the end of a request."""

    stands_for = "issue"
    first_at_port = "bank_conflict"

    def unit_did(self, unit: Walk, number: int, cycle: int, what: str, told: tuple[int, ...]) -> bool:
        """Sending is all that counts."""
        if what == "read":
            self.counts["output_bank_reads"] += 1
        return what == "issue 0"

    def bank_did(self, port: int, cycle: int, what: str, told: tuple[int, ...]) -> None:
        """Add, and tell the unit."""
        if what != "access":
            return
        unit = self.units[told[0]]
        self.requests.sinks[port].take(unit.outstanding.pop(told[1]), cycle)
        unit.last_write = max(unit.last_write, cycle + self.spec.read_latency + self.spec.accumulate_latency)
        self.counts["bank_additions"] += 1


def own_columns(work: TileWork) -> list[NDArray[np.int64]]:
    """[units] the tile's columns that each has entries of; in its own bank they stand in this order."""
    return [np.unique(work.own[start:stop]) for start, stop in zip(work.unit_ptr, work.unit_ptr[1:], strict=False)]


def most_columns(work: TileWork) -> int:
    """Of a unit."""
    return max(1, *(len(columns) for columns in own_columns(work)))


def load_of(shape: ClusterShape, work: TileWork, values: TileValues) -> Load:
    """Lists, and the units' own words. Whole numbers, in two's complement."""
    columns = own_columns(work)
    places = [
        np.searchsorted(own, work.own[start:stop]) for own, start, stop in zip(columns, work.unit_ptr, work.unit_ptr[1:], strict=False)
    ]
    present = [[0] * (shape.tokens * shape.rows) for _ in columns]
    words = [[0] * (shape.tokens * shape.rows) for _ in columns]
    for unit, own in enumerate(columns):
        for place, column in enumerate(own.tolist()):
            for token in range(work.token_words):
                address = token * shape.rows + place
                present[unit][address] = int(work.present[token, column])
                words[unit][address] = packed(values.words[token * work.present.shape[1] + column].tolist(), shape.activation_bits)
    contents = {"lists": list_lines(shape, work, values, np.concatenate(places)), "present": present, "words": words}
    return Load(contents, np.diff(work.unit_ptr).tolist(), settings_of(shape, work))


SCATTERED = Sides(run_scatter, lambda shape, work: ScatterWatcher(shape, 1), ScatterCluster, probes, load_of, ScatterTally)
