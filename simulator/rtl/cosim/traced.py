"""What a cluster in hardware does in each cycle, as one wide register that any simulator can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Signal, Value

from simulator.rtl.bits import split
from simulator.rtl.cluster import Cluster
from simulator.rtl.cosim.events import Cycle, Label
from simulator.rtl.filling import Filled
from simulator.rtl.outputs import GatedCluster


@dataclass(frozen=True, eq=False)
class Probe:
    """Something that may happen in a cycle, and what is told of it."""

    label: Label
    valid: Value
    fields: tuple[Value, ...]


def probes(cluster: Cluster) -> list[Probe]:
    """Of every component of a cluster whose units ask for words."""
    found: list[Probe] = []
    for number, unit in enumerate(cluster.units):
        for i, issue in enumerate(unit.scan.issues):
            flit = issue.flit
            found.append(Probe(("unit", number, f"issue {i}"), issue.valid, (flit.sink, flit.tag, flit.carried, issue.token, issue.row)))
        for i, (landed, tag) in enumerate(unit.landing.arriving):
            found.append(Probe(("unit", number, f"land {i}"), landed, (tag,)))
        sums = unit.accumulators
        found += [
            Probe(("unit", number, "drop"), unit.scan.dropped != 0, (unit.scan.dropped,)),
            Probe(("unit", number, "consume"), unit.landing.consumed, (unit.landing.consumed_tag,)),
            Probe(("unit", number, "merge"), sums.merge, (sums.merge_token, sums.merge_row)),
            Probe(("unit", number, "write"), sums.write, (sums.write_token, sums.write_row, sums.write_word)),
        ]
    for number, port in enumerate(cluster.ports):
        head = port.queue.head
        # what was combined is of several units, whose tags wait where they are
        whose = (Const(0), Const(0)) if cluster.shape.spec.combines else (head.source, head.tag)
        found.append(Probe(("bank port", number, "access"), port.access, (*whose, port.line)))
    return [*found, *granted(cluster)]


def granted(cluster: Filled) -> list[Probe]:
    """Of every link of its networks."""
    found: list[Probe] = []
    for name, network in cluster.networks.items():
        for number, router in network.routers.items():
            for link, sent in enumerate(router.sent):
                flit = router.sent_flit[link]
                source, tag = (Const(0), Const(0)) if router.combines else (flit.source, flit.tag)
                told = (router.allocator.pairs[link], router.sent_channel[link], source, flit.sink, tag)
                found.append(Probe((f"{name} router {number}", link, "grant"), sent, told))
    return found


def pointers(cluster: Filled) -> list[tuple[Label, Signal]]:
    """Round-robin pointers of all routers, as they stand at the start of a cycle."""
    found: list[tuple[Label, Signal]] = []
    for name, network in cluster.networks.items():
        for number, router in network.routers.items():
            where = f"{name} router {number}"
            found += [((where, link, "grant pointer"), pointer) for link, pointer in enumerate(router.allocator.grant)]
            found += [((where, place, "accept pointer"), pointer) for place, pointer in enumerate(router.allocator.accept)]
    return found


class Traced(Elaboratable):
    """A cluster and a register that holds, in each cycle, what happened in the one before."""

    def __init__(self, cluster: Filled, probes: Sequence[Probe], gated: GatedCluster | None = None) -> None:
        """`gated`: the cluster with the gate of its clock."""
        self.cluster = cluster
        self.gated = gated
        self.probes = probes
        self.pointers = pointers(cluster)
        fields = [field for probe in self.probes for field in probe.fields]
        self._widths = [[len(Value.cast(field)) for field in probe.fields] for probe in self.probes]
        still = Const(0, 1) if gated is None else gated.still
        self._told = Cat(still, *(probe.valid for probe in self.probes), *(pointer for _, pointer in self.pointers), *fields)
        self.trace = Signal(len(self._told))
        self._pointer_bits = sum(len(pointer) for _, pointer in self.pointers)

    def elaborate(self, platform: Any) -> Module:
        """The cluster beside its trace."""
        m = Module()
        m.submodules.cluster = self.cluster if self.gated is None else self.gated
        m.d.sync += self.trace.eq(self._told)
        return m

    def cycle(self, trace: int) -> Cycle | None:
        """What a value of the register says; None of a cycle in which the clock of the fabric stood."""
        if trace & 1:
            return None
        trace >>= 1
        happened = trace & ((1 << len(self.probes)) - 1)
        trace >>= len(self.probes)
        pointers, trace = trace & ((1 << self._pointer_bits) - 1), trace >> self._pointer_bits
        events = {}
        for place, (probe, widths) in enumerate(zip(self.probes, self._widths, strict=True)):
            if happened >> place & 1:
                events[probe.label] = tuple(split(trace, widths))
            trace >>= sum(widths)
        return Cycle(events, pointers)
