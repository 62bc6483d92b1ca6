"""Activity: what timing hands on to cost and reports. Counts only, no joule and no mm²."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import add, attrgetter
from typing import Any

CAUSES: tuple[str, ...] = (
    "computing",
    "memory",
    "drain",
    "imbalance",
    "bank_conflict",
    "network_contention",
    "latency",
    "accumulators_full",
    "issue",
    "fill_drain",
)
"""Causes of a unit-cycle, in order of precedence; `fill_drain` is the systolic array's."""


@dataclass(frozen=True)
class Counts:
    """Events of a run, an operation or a tile; all integers, added with `+`, repeated with `*`.

    A new counter is one new field here; every engine, report and file picks it up from the field list.
    """

    macs_useful: int = 0
    """MACs whose two operands are nonzero in the operation."""
    mac_slots: int = 0
    """MACs that a multiplier stood ready for: useful ones, and those with a zero operand or a padding lane."""
    list_entries: int = 0
    """Work-list entries examined by the units."""
    entries_dropped: int = 0
    """Work-list entries dropped because their word is all zero."""
    weight_bank_reads: int = 0
    """Accesses of weight banks, each of max(issue_width, scan_width) entries."""
    weight_bits_filled: int = 0
    """Bits written into weight banks, over all token groups."""
    requests: int = 0
    """Requests issued by units."""
    x_bank_reads: int = 0
    """Accesses of activation banks (words)."""
    x_words_filled: int = 0
    """Words written into activation banks, over all copies."""
    replies: int = 0
    """Words delivered to units."""
    request_hops: int = 0
    """Flits that passed a router of a request network, over all routers on their way."""
    reply_hops: int = 0
    """Flits that passed a router of a reply network, over all routers on their way."""
    accumulator_updates: int = 0
    """Row words (`lanes` partial sums) read and written in accumulators."""
    rows_merged: int = 0
    """Row words whose partial sums the merge tree added up and sent to the output bank."""
    lane_reductions: int = 0
    """Row words whose lanes the units' trees added up (sampled products)."""
    output_bank_writes: int = 0
    """Row words written into output banks."""
    output_bank_reads: int = 0
    """Row words read from output banks to add a later K tile."""
    output_bank_drains: int = 0
    """Row words read from output banks when an operation's rows leave."""
    bank_additions: int = 0
    """Row words that the banks' adders add to partial sums (scatter)."""
    drain_additions: int = 0
    """Row words added on the drain bus: parts of cut rows, sums of several copies."""
    pe_weight_shifts: int = 0
    """Systolic: register writes that move stationary operands into the array."""
    pe_operand_shifts: int = 0
    """Systolic: register writes that move streaming operands from PE to PE."""
    pe_sum_shifts: int = 0
    """Systolic: register writes of partial sums, moving or in place."""
    pe_selections: int = 0
    """Systolic: activations that N:M weights picked from their group."""
    x_buffer_reads: int = 0
    """Systolic: activations read from the X operand buffer."""
    w_buffer_reads: int = 0
    """Systolic: weights read from the W operand buffer."""
    y_buffer_writes: int = 0
    """Systolic: partial sums written into the Y buffer."""
    y_buffer_reads: int = 0
    """Systolic: partial sums read back from the Y buffer, for a later K fold or to leave."""
    w_elements_decoded: int = 0
    """Systolic: weights in the words that the decoder of compressed weights wrote into the W buffer."""
    w_bytes_decoded: int = 0
    """Systolic: bytes of the W trunk that went into the decoder, in whole bursts."""
    presence_bits_filled: int = 0
    """Systolic: presence bits of steps or folds written into the sequencer's memory."""
    presence_bits_scanned: int = 0
    """Systolic: presence bits that the sequencer scanned."""
    x_trunk_bytes: int = 0
    """Bytes over the X trunk (once a token group, whatever the number of copies)."""
    w_trunk_bytes: int = 0
    """Bytes over the W trunk (once for all token groups)."""
    weight_value_bytes: int = 0
    """Bytes of W that were fetched, before whole bursts: values."""
    weight_metadata_bytes: int = 0
    """The rest of them: where the nonzeros are, and what fills up whole bytes."""
    weight_bits_decoded: int = 0
    """Bits of W that the decoder turned into the machine's own form."""
    drain_bytes: int = 0
    """Bytes over the drain bus."""
    buffer_read_bytes: int = 0
    """Bytes read from the activation buffer."""
    buffer_write_bytes: int = 0
    """Bytes written to the activation buffer."""
    dram_read_bytes: int = 0
    """Bytes read from DRAM, in whole bursts."""
    dram_write_bytes: int = 0
    """Bytes written to DRAM, in whole bursts."""

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


COUNTERS: tuple[str, ...] = tuple(entry.name for entry in fields(Counts))
"""Names of all counters, in order."""
_VALUES = attrgetter(*COUNTERS)


@dataclass(frozen=True)
class Bounds:
    """The fewest cycles that each part alone would allow; a run is never faster than any of them."""

    unit_cycles: int = 0
    """Busiest unit (gather), or the array's multiply slots (systolic)."""
    word_cycles: int = 0
    """Most wanted word of each tile: accesses that no placement spreads over banks."""
    bank_cycles: int = 0
    """Busiest bank port, the most wanted word's accesses included."""
    network_cycles: int = 0
    """Busiest network port (the bisection of a full crossbar is its ports)."""
    buffer_cycles: int = 0
    """Busiest of the trunks, the drain bus and the activation buffer's ports."""
    dram_cycles: int = 0
    """DRAM bytes over its effective bandwidth."""

    def to_dict(self) -> dict[str, int]:
        """Bounds by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @property
    def largest(self) -> tuple[str, int]:
        """Name and cycles of the bound that binds."""
        return max(self.to_dict().items(), key=lambda item: item[1])

    def __add__(self, other: Bounds) -> Bounds:
        mine, theirs = self.to_dict(), other.to_dict()
        return Bounds(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True)
class OperationActivity:
    """One operation's share of a run."""

    name: str
    kind: str
    shape: tuple[int, int, int]
    """M output features, K input features, N tokens."""
    start_cycle: int
    """First cycle in which a tile of it ran."""
    end_cycle: int
    """Cycle in which its last output was written back."""
    compute_cycles: int
    """The fabric's own cycles, without waiting for memory."""
    macs_dense: int
    """M × K × N."""
    counts: Counts
    unit_cycles: Mapping[str, int]
    """Unit-cycles by cause within its compute cycles (no `memory` here: that is the whole run's)."""
    bounds: Bounds
    details: Mapping[str, Any] = field(default_factory=dict)
    """How it was mapped: tiles, loop order, dataflow, where its tensors live."""


@dataclass(frozen=True)
class Activity:
    """All that timing knows of a run."""

    cycles: int
    """From the first fetch to the last write-back."""
    units: int
    """Units whose cycles `unit_cycles` accounts for."""
    counts: Counts
    unit_cycles: Mapping[str, int]
    """Unit-cycles by cause; they add up to units × cycles."""
    bounds: Bounds
    operations: tuple[OperationActivity, ...]
