"""Finds the first cycle in which hardware and engine part, and shows the cycles around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from simulator.rtl.cosim.events import Cycle, Label, named, told
from simulator.rtl.design import AROUND, Difference

_PLURAL = {
    "issue": "issues",
    "drop": "drops",
    "grant": "grants",
    "access": "accesses",
    "land": "landings",
    "consume": "operands",
    "read": "reads",
    "add": "additions",
    "merge": "merges",
    "write": "writes",
}


def compared(cycles: Sequence[Cycle]) -> Counter[str]:
    """How many events of each kind there are."""
    return Counter(_PLURAL[label[2].split(" ")[0]] for cycle in cycles for label in cycle.events)


def first_difference(engine: Sequence[Cycle], hardware: Sequence[Cycle], pointers: Sequence[tuple[Label, int]]) -> Difference | None:
    """The first pointer, or event, that one has and the other has not. `pointers`: label and bits of each, in their order.

    The hardware has run on for a while, in which nothing may happen.
    """
    for number, did in enumerate(hardware):
        should = engine[number] if number < len(engine) else Cycle({}, did.pointers)
        if did == should:
            continue
        labels = [label for label in sorted(did.events.keys() | should.events.keys()) if did.events.get(label) != should.events.get(label)]
        if did.pointers != should.pointers:
            what = _pointer(should.pointers, did.pointers, pointers)
        else:
            label = labels[0]
            what = f"{named(label)}: engine {told(label, should.events.get(label))}; hardware {told(label, did.events.get(label))}"
        return Difference(number, what, *_table(engine, hardware, labels, number))
    return None


def _pointer(should: int, did: int, pointers: Sequence[tuple[Label, int]]) -> str:
    """The first of the pointers that differ, as places."""
    for label, bits in pointers:
        mask = (1 << bits) - 1
        if (should ^ did) & mask:
            places = [bits - (value & mask).bit_count() for value in (should, did)]
            return f"{named(label)}: engine at {places[0]}; hardware at {places[1]}"
        should, did = should >> bits, did >> bits
    raise ValueError("no pointer differs")


def _table(
    engine: Sequence[Cycle], hardware: Sequence[Cycle], labels: Sequence[Label], at: int
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Of the components that differ, what both did in the cycles around; of pointers alone, all of their routers' grants."""
    near = range(max(0, at - AROUND), at + AROUND + 1)

    def events(of: Sequence[Cycle], cycle: int) -> dict[Label, tuple[int, ...]]:
        return of[cycle].events if cycle < len(of) else {}

    components = {label[:2] for label in labels}
    shown = sorted(
        {
            label
            for cycle in near
            for label in events(engine, cycle).keys() | events(hardware, cycle).keys()
            if label[:2] in components or (not labels and label[2] == "grant")
        }
    )
    rows = []
    for cycle in near:
        should, did = events(engine, cycle), events(hardware, cycle)
        mark = f"{cycle} ←" if cycle == at else str(cycle)
        for label in shown:
            if label in should or label in did:
                rows.append((mark, named(label), told(label, should.get(label)), told(label, did.get(label))))
    return ("cycle", "what", "engine", "hardware"), tuple(rows)
