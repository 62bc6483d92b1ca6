"""Activity: what timing hands on to cost and reports. Counts only, no joule and no mm²."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import add, attrgetter
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from simulator.terms import Cause, Term, bound, cause, counter, terms_of

Ideal = Literal["none", "network", "dram", "trunks", "both"]
"""The part of a machine that is made perfect in a run; `both`: network and DRAM."""
IDEAL_PARTS: dict[Ideal, tuple[str, ...]] = {
    "none": (),
    "network": ("network",),
    "dram": ("DRAM",),
    "trunks": ("trunks",),
    "both": ("network", "DRAM"),
}
"""What sentences and tables call it."""


def run_name(machine: str, ideal: str) -> str:
    """What a run is called: by its machine, and the ideal part where there is one."""
    return machine if ideal == "none" else f"{machine} (ideal {ideal})"


CAUSE_TERMS: tuple[Cause, ...] = (
    cause(
        "computing",
        "computing",
        "the unit's multipliers have operands this cycle",
        "In a systolic array cells with a zero operand (gated) count here too.",
        colour="#00714f",
    ),
    cause("dram", "DRAM", "the fabric stands still until operands come from DRAM", colour="#2b2b2b"),
    cause("trunk", "trunks", "the fabric stands still until operands have come over a trunk, from a port of the buffer", colour="#5b5b5b"),
    cause(
        "write_back", "write-back", "the fabric stands still: no room for rows, or the last of them are on their way out", colour="#8c6d46"
    ),
    cause("dependence", "dependence", "the fabric stands still: what this operation is made from has not been left yet", colour="#b8a0c8"),
    cause("drain", "drain", "the unit's last rows are still being added up and written", colour="#7fb8e2"),
    cause(
        "imbalance",
        "imbalance",
        "the unit has nothing left to do, and waits for slower ones at the barrier",
        "In a systolic array: cells outside the edge of the operation's last fold.",
        colour="#9b9b9b",
    ),
    cause(
        "bank_conflict",
        "bank conflict",
        "its oldest request lost to another one for the same memory bank, or queues at the bank",
        colour="#c84f00",
    ),
    cause(
        "network_contention",
        "network contention",
        "its oldest request or reply is blocked by anything else: another's queue, a full buffer",
        colour="#f29b30",
    ),
    cause("latency", "latency", "its oldest request moves and nothing blocks it; the pipeline is just that long", colour="#f5d76e"),
    cause("accumulators_full", "accumulators full", "no accumulator is free for the next row", colour="#cc79a7"),
    cause("issue", "issue", "nothing is outstanding: the first cycle, or list entries that were only dropped", colour="#6a4c93"),
    cause("fill_drain", "fill and drain", "systolic: operands are being loaded, or the skew fills or empties the array", colour="#2f83c4"),
)
"""Causes of a unit-cycle, in order of precedence; `fill_drain` is the systolic array's."""

CAUSES: tuple[str, ...] = tuple(entry.name for entry in CAUSE_TERMS)
"""Their names."""


@dataclass(frozen=True)
class Counts:
    """Events of a run, an operation or a tile; all integers, added with `+`, repeated with `*`.

    A new counter is one field here, with its words: files, reports and the docs follow. One that is `clocked` has a place in
    what each engine counts, and stays 0 in tiles that have no such event; all others follow from sizes.
    """

    macs_useful: int = counter("MACs whose two operands are nonzero in the operation")
    mac_slots: int = counter("MACs that a multiplier stood ready for: useful ones, and those with a zero operand or a padding lane")
    list_entries: int = counter("work-list entries examined by the units", clocked=True)
    entries_dropped: int = counter("work-list entries dropped because their word is all zero", clocked=True)
    weight_bank_reads: int = counter("accesses of weight banks, each of max(issue_width, scan_width) entries")
    weight_bits_filled: int = counter("bits written into weight banks, over all token groups")
    requests: int = counter("requests issued by units", clocked=True)
    x_bank_reads: int = counter("accesses of activation banks (words)", clocked=True)
    x_words_filled: int = counter("words written into activation banks, over all copies")
    replies: int = counter("words delivered to units", clocked=True)
    request_hops: int = counter("flits that passed a router of a request network, over all routers on their way", clocked=True)
    reply_hops: int = counter("flits that passed a router of a reply network, over all routers on their way", clocked=True)
    accumulator_updates: int = counter("row words (`lanes` partial sums) read and written in accumulators", clocked=True)
    rows_merged: int = counter("row words whose partial sums the merge tree added up and sent to the output bank", clocked=True)
    lane_reductions: int = counter("row words whose lanes the units' trees added up (sampled products)")
    output_bank_writes: int = counter("row words written into output banks", clocked=True)
    output_bank_reads: int = counter("row words read from output banks to add a later K tile", clocked=True)
    output_bank_drains: int = counter("row words read from output banks when an operation's rows leave")
    bank_additions: int = counter("row words that the banks' adders add to partial sums (scatter)", clocked=True)
    drain_additions: int = counter("row words added on the drain bus: parts of cut rows, sums of several copies or K tiles")
    pe_weight_shifts: int = counter("systolic: register writes that move stationary operands into the array")
    pe_operand_shifts: int = counter("systolic: register writes that move streaming operands from PE to PE")
    pe_sum_shifts: int = counter("systolic: register writes of partial sums, moving or in place")
    pe_selections: int = counter("systolic: activations that N:M weights picked from their group")
    x_buffer_reads: int = counter("systolic: activations read from the X operand buffer")
    w_buffer_reads: int = counter("systolic: weights read from the W operand buffer")
    y_buffer_writes: int = counter("systolic: partial sums written into the Y buffer")
    y_buffer_reads: int = counter("systolic: partial sums read back from the Y buffer, for a later K fold or to leave")
    w_elements_decoded: int = counter("systolic: weights in the words that the decoder of compressed weights wrote into the W buffer")
    w_bytes_decoded: int = counter("systolic: bytes of the W trunk that went into the decoder, in whole bursts", unit="bytes")
    x_elements_unpacked: int = counter("systolic: activations that the unpacker wrote into the X buffer")
    x_bytes_unpacked: int = counter("systolic: bytes of the X trunk that went into the unpacker, in whole bursts", unit="bytes")
    presence_bits_filled: int = counter("systolic: presence bits of steps or folds written into the sequencer's memory")
    presence_bits_scanned: int = counter("systolic: presence bits that the sequencer scanned")
    x_trunk_bytes: int = counter("bytes over the X trunk (once a token group, whatever the number of copies)", unit="bytes")
    w_trunk_bytes: int = counter("bytes over the W trunk (once for all token groups)", unit="bytes")
    weight_value_bytes: int = counter("bytes of W that were fetched, before whole bursts: values", unit="bytes")
    weight_metadata_bytes: int = counter("the rest of them: where the nonzeros are, and what fills up whole bytes", unit="bytes")
    weight_bits_decoded: int = counter("bits of W that the decoder turned into the machine's own form")
    activations_unpacked: int = counter("activations that the unpacker at the X trunk put out, zeros too, of bitmaps and values")
    activations_packed: int = counter("activations of Y that the packer at the drain bus took in, zeros too")
    drain_bytes: int = counter("bytes over the drain bus", unit="bytes")
    buffer_read_bytes: int = counter("bytes read from the activation buffer", unit="bytes")
    buffer_write_bytes: int = counter("bytes written to the activation buffer", unit="bytes")
    dram_read_bytes: int = counter("bytes read from DRAM, in whole bursts", unit="bytes")
    dram_write_bytes: int = counter("bytes written to DRAM, in whole bursts", unit="bytes")

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(add, self.values(), other.values()))

    @classmethod
    def total(cls, several: Iterable[Counts]) -> Counts:
        """The sum of any number of them: thousands are added in the time that a few additions take."""
        return cls(*map(sum, zip(*(counts.values() for counts in several), strict=True)))

    def __mul__(self, times: int) -> Counts:
        return Counts(*(value * times for value in self.values()))

    def values(self) -> tuple[int, ...]:
        """All counts, in field order."""
        return _VALUES(self)

    def to_dict(self) -> dict[str, int]:
        """Counts by name."""
        return dict(zip(COUNTERS, self.values(), strict=True))


COUNTER_TERMS: tuple[Term, ...] = terms_of(Counts, "counter")
"""What each counter counts, in order."""
COUNTERS: tuple[str, ...] = tuple(entry.name for entry in COUNTER_TERMS)
"""Their names."""
CLOCKED: tuple[str, ...] = tuple(entry.name for entry in fields(Counts) if entry.metadata["clocked"])
"""Names of those that the engines of a fabric count, cycle by cycle."""
_VALUES = attrgetter(*COUNTERS)


@dataclass(frozen=True)
class Bounds:
    """The fewest cycles that each part alone would allow; a run is never faster than any of them."""

    unit_cycles: int = bound("units", "the busiest unit's work (systolic: the array's multiply slots)")
    word_cycles: int = bound(
        "hot word",
        "accesses to the most wanted word of each tile, which no placement can spread (scatter: A cycles each)",
    )
    bank_cycles: int = bound("banks", "accesses of the busiest bank port")
    network_cycles: int = bound("network", "flits through the busiest network port")
    buffer_cycles: int = bound("buffer and trunks", "the busiest of the trunks, the drain bus and the activation buffer's ports")
    dram_cycles: int = bound("DRAM", "DRAM bytes ÷ effective DRAM bandwidth")

    def to_dict(self) -> dict[str, int]:
        """Bounds by name."""
        return {entry.name: getattr(self, entry.name) for entry in BOUND_TERMS}

    @property
    def largest(self) -> tuple[str, int]:
        """Name and cycles of the bound that binds."""
        return max(self.to_dict().items(), key=lambda item: item[1])

    def __add__(self, other: Bounds) -> Bounds:
        mine, theirs = self.to_dict(), other.to_dict()
        return Bounds(**{name: mine[name] + theirs[name] for name in mine})


BOUND_TERMS: tuple[Term, ...] = terms_of(Bounds, "bound")
"""What each bound is, in order."""


class Shape(Struct, frozen=True):
    """M output features, K input features, N tokens."""

    m: int
    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.m}×{self.k}×{self.n}"


class OperationActivity(Struct, frozen=True):
    """One operation's share of a run."""

    name: str
    kind: str
    shape: Shape
    fetch_cycle: int
    """First cycle in which an operand of it was on its way."""
    start_cycle: int
    """First cycle in which a tile of it ran."""
    end_cycle: int
    """Cycle in which its last output was written back."""
    compute_cycles: int
    """The fabric's own cycles, without waiting for memory."""
    dense_macs: int
    """M × K × N."""
    counts: Counts
    unit_cycles: Mapping[str, int]
    """Unit-cycles by cause within its compute cycles (no `memory` here: that is the whole run's)."""
    bounds: Bounds
    details: Mapping[str, Any] = field(default_factory=dict)
    """How it was mapped: tiles, loop order, dataflow, where its tensors live."""


class Activity(Struct, frozen=True):
    """All that timing knows of a run; its JSON is its fields."""

    cycles: int
    """From the first fetch to the last write-back."""
    units: int
    """Units whose cycles `unit_cycles` accounts for."""
    counts: Counts
    unit_cycles: Mapping[str, int]
    """Unit-cycles by cause; they add up to units × cycles."""
    bounds: Bounds
    operations: tuple[OperationActivity, ...]


def operation_shares(activity: Activity) -> tuple[Activity, ...]:
    """Divide a run among its operations, for pricing: an operation gets its own counts and its own stretch of time.

    The stretch begins where the operation before it ended, so that the stretches of all operations add up to the cycles
    of the run, whatever they overlap; what is left after the last write-back of the last operation is its own. Fused operations run
    by turns and end together: of their stretch each has a part in proportion to its compute cycles.
    """
    shares, reached, first = [], 0, 0
    for index, operation in enumerate(activity.operations):
        if operation.details.get("y_home") == "chip":
            continue
        last = index == len(activity.operations) - 1
        end = activity.cycles if last else min(max(reached, operation.end_cycle), activity.cycles)
        for each, cycles in _by_turns(activity.operations[first : index + 1], end - reached):
            shares.append(
                replace(activity, cycles=cycles, counts=each.counts, unit_cycles=each.unit_cycles, bounds=each.bounds, operations=(each,))
            )
        reached, first = end, index + 1
    return tuple(shares)


def _by_turns(operations: tuple[OperationActivity, ...], cycles: int) -> list[tuple[OperationActivity, int]]:
    """Of a stretch of time, what each has of it; all of it together."""
    upto = [*itertools.accumulate(operation.compute_cycles for operation in operations)]
    ends = [0, *(cycles * end // max(1, upto[-1]) for end in upto[:-1]), cycles]
    return [(operation, end - before) for operation, (before, end) in zip(operations, itertools.pairwise(ends), strict=True)]
