"""What each counter of a result file counts."""

from __future__ import annotations

from simulator.report.term import Term

_MEANINGS = {
    "macs_useful": "MACs whose two operands are nonzero in the operation",
    "mac_slots": "MACs that a multiplier stood ready for: useful ones, and those with a zero operand or a padding lane",
    "list_entries": "work-list entries examined by the units",
    "entries_dropped": "work-list entries dropped because their word is all zero",
    "weight_bank_reads": "accesses of weight banks, each of max(issue_width, scan_width) entries",
    "weight_bits_filled": "bits written into weight banks, over all token groups",
    "requests": "requests issued by units",
    "x_bank_reads": "accesses of activation banks (words)",
    "x_words_filled": "words written into activation banks, over all copies",
    "replies": "words delivered to units",
    "request_hops": "flits that passed a router of a request network, over all routers on their way",
    "reply_hops": "flits that passed a router of a reply network, over all routers on their way",
    "accumulator_updates": "row words (`lanes` partial sums) read and written in accumulators",
    "rows_merged": "row words whose partial sums the merge tree added up and sent to the output bank",
    "lane_reductions": "row words whose lanes the units' trees added up (sampled products)",
    "output_bank_writes": "row words written into output banks",
    "output_bank_reads": "row words read from output banks to add a later K tile",
    "output_bank_drains": "row words read from output banks when an operation's rows leave",
    "bank_additions": "row words that the banks' adders add to partial sums (scatter)",
    "drain_additions": "row words added on the drain bus: parts of cut rows, sums of several copies",
    "pe_weight_shifts": "systolic: register writes that move stationary operands into the array",
    "pe_operand_shifts": "systolic: register writes that move streaming operands from PE to PE",
    "pe_sum_shifts": "systolic: register writes of partial sums, moving or in place",
    "pe_selections": "systolic: activations that N:M weights picked from their group",
    "x_buffer_reads": "systolic: activations read from the X operand buffer",
    "w_buffer_reads": "systolic: weights read from the W operand buffer",
    "y_buffer_writes": "systolic: partial sums written into the Y buffer",
    "y_buffer_reads": "systolic: partial sums read back from the Y buffer, for a later K fold or to leave",
    "w_elements_decoded": "systolic: weights in the words that the decoder of compressed weights wrote into the W buffer",
    "w_bytes_decoded": "systolic: bytes of the W trunk that went into the decoder, in whole bursts",
    "presence_bits_filled": "systolic: presence bits of steps or folds written into the sequencer's memory",
    "presence_bits_scanned": "systolic: presence bits that the sequencer scanned",
    "x_trunk_bytes": "bytes over the X trunk (once a token group, whatever the number of copies)",
    "w_trunk_bytes": "bytes over the W trunk (once for all token groups)",
    "weight_value_bytes": "bytes of W that were fetched, before whole bursts: values",
    "weight_metadata_bytes": "the rest of them: where the nonzeros are, and what fills up whole bytes",
    "weight_bits_decoded": "bits of W that the decoder turned into the machine's own form",
    "drain_bytes": "bytes over the drain bus",
    "buffer_read_bytes": "bytes read from the activation buffer",
    "buffer_write_bytes": "bytes written to the activation buffer",
    "dram_read_bytes": "bytes read from DRAM, in whole bursts",
    "dram_write_bytes": "bytes written to DRAM, in whole bursts",
}

COUNTERS: tuple[Term, ...] = tuple(
    Term(name, "counter", name.replace("_", " "), "bytes" if "bytes" in name else "", meaning) for name, meaning in _MEANINGS.items()
)
"""Events of a run (`counts` in JSON), in the order of the file."""
