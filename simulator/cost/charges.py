"""Which counter pays for which action of which component: the whole energy model in three tables."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.activity import Counts
from simulator.kinds.units.machine import UnitsFabric
from simulator.machine.model import Machine


@dataclass(frozen=True)
class Charge:
    """Energy += (Σ plus − Σ minus) × times × energy of `action` of one instance of that part.

    Where a part has instances of several sizes, each takes its share of the events.
    """

    name: str
    """Component of reports."""
    part: str
    """Part of it; a machine that lacks the part does not pay."""
    label: str
    """Action as reports call it."""
    action: str
    """Action as the component calls it."""
    plus: tuple[str, ...]
    """Counters that are added."""
    minus: tuple[str, ...] = ()
    """Counters that are taken off."""
    times: float = 1.0
    """Actions an event."""

    def events(self, counts: Counts) -> float:
        """Actions that the counters stand for, over the whole machine."""
        by_name = counts.to_dict()
        return self.times * (sum(by_name[counter] for counter in self.plus) - sum(by_name[counter] for counter in self.minus))


UNITS_AND_BANKS: tuple[Charge, ...] = (
    Charge("x_banks", "banks", "read", "read", ("x_bank_reads",)),
    Charge("x_banks", "banks", "fill", "write", ("x_words_filled",)),
    Charge("x_banks", "multiplexer", "select", "select", ("replies",)),
    Charge("presence_bits", "tables", "lookup", "lookup", ("list_entries",)),
    Charge("presence_bits", "tables", "fill", "fill", ("x_words_filled",)),
    Charge("weight_banks", "banks", "read", "read", ("weight_bank_reads",)),
    Charge("weight_banks", "banks", "fill", "write_bit", ("weight_bits_filled",)),
    Charge("output_banks", "banks", "write", "write", ("output_bank_writes",)),
    Charge("output_banks", "banks", "read", "read", ("output_bank_reads",)),
    Charge("output_banks", "banks", "drain", "read", ("output_bank_drains",)),
    Charge("landing_registers", "window", "write", "write", ("replies",)),
    Charge("landing_registers", "window", "read", "read", ("replies",)),
    Charge("mac_lanes", "lanes", "mac", "mac", ("macs_useful",)),
    Charge("mac_lanes", "lanes", "mac_gated", "mac_gated", ("mac_slots",), ("macs_useful",)),
    Charge("accumulators", "rows", "update", "update", ("accumulator_updates",)),
    Charge("accumulators", "rows", "merge", "merge", ("rows_merged",)),
    Charge("accumulators", "lane tree", "reduce", "reduce", ("lane_reductions",)),
)
"""What units and banks of a gather machine do."""

REQUESTS: tuple[Charge, ...] = (
    Charge("request_network", "crossbar", "hop", "hop", ("request_hops",)),
    Charge("request_network", "scheduler", "grant", "grant", ("request_hops",)),
    Charge("request_network", "links", "link", "hop", ("request_hops",)),
    Charge("queues", "request queue", "push", "push", ("request_hops",)),
    Charge("queues", "request queue", "pop", "pop", ("request_hops",)),
    Charge("cluster_wires", "wires", "request", "request", ("requests",)),
)
"""What a request does on its way, combined with others or not."""

GATHER: tuple[Charge, ...] = (
    *UNITS_AND_BANKS,
    *REQUESTS,
    Charge("queues", "bank queue", "push", "push", ("requests",)),
    Charge("queues", "bank queue", "pop", "pop", ("requests",)),
    Charge("reply_network", "crossbar", "hop", "hop", ("reply_hops",)),
    Charge("reply_network", "links", "link", "hop", ("reply_hops",)),
    Charge("queues", "reply queue", "push", "push", ("reply_hops",)),
    Charge("queues", "reply queue", "pop", "pop", ("reply_hops",)),
    Charge("cluster_wires", "wires", "word", "word", ("replies",)),
)
"""What the fabric of a gather machine does."""

COMBINED: tuple[Charge, ...] = (
    *UNITS_AND_BANKS,
    *REQUESTS,
    Charge("request_network", "combiner", "compare", "compare", ("x_bank_reads",)),
    Charge("queues", "bank queue", "push", "push", ("x_bank_reads",)),
    Charge("queues", "bank queue", "pop", "pop", ("x_bank_reads",)),
    Charge("queues", "tag line", "push", "push", ("requests",)),
    Charge("queues", "tag line", "pop", "pop", ("requests",)),
    Charge("queues", "reply queue", "push", "push", ("x_bank_reads",)),
    Charge("queues", "reply queue", "pop", "pop", ("x_bank_reads",)),
    Charge("reply_network", "crossbar", "send", "hop", ("x_bank_reads",), times=0.5),
    Charge("reply_network", "crossbar", "deliver", "hop", ("reply_hops",), times=0.5),
    Charge("cluster_wires", "wires", "word_sent", "word", ("x_bank_reads",), times=0.5),
    Charge("cluster_wires", "wires", "word_delivered", "word", ("replies",), times=0.5),
)
"""The same where requests for a word go together: the word enters the crossbar once, and half of its way is the bank's."""

SCATTER: tuple[Charge, ...] = (
    Charge("x_banks", "banks", "read", "read", ("x_bank_reads",)),
    Charge("x_banks", "banks", "write", "write", ("x_words_filled",)),
    Charge("x_banks", "adders", "add", "add", ("bank_additions",)),
    Charge("presence_bits", "tables", "lookup", "lookup", ("list_entries",)),
    Charge("presence_bits", "tables", "fill", "fill", ("output_bank_writes",)),
    Charge("weight_banks", "banks", "read", "read", ("weight_bank_reads",)),
    Charge("weight_banks", "banks", "fill", "write_bit", ("weight_bits_filled",)),
    Charge("output_banks", "banks", "fill", "write", ("output_bank_writes",)),
    Charge("output_banks", "banks", "read", "read", ("output_bank_reads",)),
    Charge("mac_lanes", "lanes", "mac", "mac", ("macs_useful",)),
    Charge("mac_lanes", "lanes", "mac_gated", "mac_gated", ("mac_slots",), ("macs_useful",)),
    Charge("request_network", "crossbar", "hop", "hop", ("request_hops",)),
    Charge("request_network", "scheduler", "grant", "grant", ("request_hops",)),
    Charge("request_network", "links", "link", "hop", ("request_hops",)),
    Charge("reply_network", "acknowledgements", "acknowledge", "hop", ("requests",)),
    Charge("queues", "request queue", "push", "push", ("request_hops",)),
    Charge("queues", "request queue", "pop", "pop", ("request_hops",)),
    Charge("queues", "bank queue", "push", "push", ("requests",)),
    Charge("queues", "bank queue", "pop", "pop", ("requests",)),
    Charge("cluster_wires", "wires", "request", "request", ("requests",)),
)
"""What the fabric of a gather machine does in the scatter dataflow: units own activations, banks own sums."""

SYSTOLIC: tuple[Charge, ...] = (
    Charge("pe_array", "cells", "mac", "mac", ("macs_useful",)),
    Charge("pe_array", "cells", "mac_gated", "mac_gated", ("mac_slots",), ("macs_useful",)),
    Charge("pe_array", "cells", "weight_shift", "weight_shift", ("pe_weight_shifts",)),
    Charge("pe_array", "cells", "operand_shift", "operand_shift", ("pe_operand_shifts",)),
    Charge("pe_array", "cells", "sum_shift", "sum_shift", ("pe_sum_shifts",)),
    Charge("pe_array", "selection", "select", "select", ("pe_selections",)),
    Charge("presence_bits", "sequencer", "fill", "fill", ("presence_bits_filled",)),
    Charge("presence_bits", "sequencer", "scan", "scan", ("presence_bits_scanned",)),
    Charge("x_buffer", "banks", "read", "read_element", ("x_buffer_reads",)),
    Charge("x_buffer", "banks", "fill", "fill_byte", ("x_trunk_bytes",)),
    Charge("w_buffer", "banks", "read", "read_element", ("w_buffer_reads",)),
    Charge("w_buffer", "banks", "fill", "fill_byte", ("w_trunk_bytes",), ("w_bytes_decoded",)),
    Charge("w_buffer", "banks", "fill_decoded", "fill_element", ("w_elements_decoded",)),
    Charge("w_buffer", "valid_bits", "set", "set", ("w_elements_decoded",)),
    Charge("y_buffer", "banks", "write", "write_element", ("y_buffer_writes",)),
    Charge("y_buffer", "banks", "read", "read_element", ("y_buffer_reads",)),
)
"""What the fabric of a systolic machine does."""

AROUND: tuple[Charge, ...] = (
    Charge("fill_broadcast", "x", "x_trunk", "transfer_byte", ("x_trunk_bytes",)),
    Charge("fill_broadcast", "w", "w_trunk", "transfer_byte", ("w_trunk_bytes",)),
    Charge("drain_bus", "bus", "transfer", "transfer_byte", ("drain_bytes",)),
    Charge("drain_bus", "adders", "add", "add", ("drain_additions",)),
    Charge("activation_buffer", "macros", "read", "read_byte", ("buffer_read_bytes",)),
    Charge("activation_buffer", "macros", "write", "write_byte", ("buffer_write_bytes",)),
    Charge("dma_staging", "in", "write", "write_bit", ("dram_read_bytes",), times=8),
    Charge("dma_staging", "in", "read", "read_bit", ("dram_read_bytes",), times=8),
    Charge("dma_staging", "out", "write", "write_bit", ("dram_write_bytes",), times=8),
    Charge("dma_staging", "out", "read", "read_bit", ("dram_write_bytes",), times=8),
    Charge("dma_staging", "decoder", "decode", "decode_bit", ("weight_bits_decoded",)),
    Charge("dram_phy", "share", "transfer", "transfer_byte", ("dram_read_bytes", "dram_write_bytes")),
    Charge("dram", "share", "activate", "activate_byte", ("dram_read_bytes", "dram_write_bytes")),
    Charge("dram", "share", "move", "move_byte", ("dram_read_bytes", "dram_write_bytes")),
    Charge("dram", "share", "io", "io_byte", ("dram_read_bytes", "dram_write_bytes")),
)
"""What every machine does."""

PER_CYCLE: tuple[str, ...] = ("clock", "clock_tree", "control")
"""Actions that every instance takes each cycle of the run, whether it works or not."""

FREE: tuple[str, ...] = ("entries_dropped", "weight_value_bytes", "weight_metadata_bytes")
"""Counters that cost nothing of their own: a dropped entry has paid its weight read and its lookup, W its transfer."""


def charges_of(machine: Machine) -> tuple[Charge, ...]:
    """All charges of a machine."""
    if not isinstance(machine.fabric, UnitsFabric):
        return SYSTOLIC + AROUND
    if machine.mapping.dataflow == "scatter":
        return SCATTER + AROUND
    return (COMBINED if machine.fabric.combines else GATHER) + AROUND
