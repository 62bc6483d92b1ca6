"""The scatter dataflow (column-wise, outer product): partial sums travel from the units to the banks, which add them."""

from __future__ import annotations

import numpy as np

from simulator.activity import Counts
from simulator.engine.cluster import ScatterOutcome
from simulator.engine.work import ScatterWork
from simulator.kinds.scatter.checks import check_scatter, check_sums
from simulator.kinds.scatter.engines import SCATTER_RUNS
from simulator.kinds.scatter.schedule import ScatterSchedule, ScatterSlice, scatter_slice, scatter_work
from simulator.kinds.units.bounds import scatter_bounds
from simulator.kinds.units.dataflow import TokenwiseDataflow
from simulator.kinds.units.lists import tile_values
from simulator.kinds.units.rounds import ClusterResult, Place
from simulator.system.program import Part, Span


class ScatterDataflow(TokenwiseDataflow[ScatterSchedule, ScatterSlice]):
    """One operation, scattered: units own columns of W and their activations, banks accumulate rows."""

    def list_slice(self, m: int, k: int) -> ScatterSlice:
        """Make the lists of one (M tile, K tile)."""
        return scatter_slice(self.schedule, m, k, self.machine.fabric.units_per_group)

    def work(self, place: Place) -> ScatterWork:
        """What a cluster does in a tile."""
        lists = self.slice(place.m, place.k)
        return scatter_work(self.machine, self.schedule, lists, place.m, place.k, place.tokens, place.replica)

    def simulate(self, work: ScatterWork, place: Place) -> ClusterResult:
        """Run it through the engine, and check it."""
        values = None
        if self.weights is not None and self.x is not None:
            k_span = self.schedule.k_tiles[place.k]
            values = tile_values(work.weight_index, k_span, place.tokens, self.schedule.lanes, self.weights, self.x)
        outcome = SCATTER_RUNS[self.engine.clusters](self.spec, work, values)
        check_scatter(self.spec, work, outcome)
        if values is not None:
            check_sums(work, values, outcome)
            self._assemble(work, place, outcome)
        counts = self._counts(work, outcome)
        return ClusterResult(outcome.cycles, outcome.unit_cycles, counts, scatter_bounds(self.spec, work), values is not None)

    def later_tile_counts(self, counts: Counts) -> Counts:
        """The banks already read, add and write; a later K tile does nothing more."""
        return Counts()

    def x_part(self, k: int, tokens: Span) -> Part:
        """Each unit takes the words of its own columns from the group's broadcast."""
        words = tokens[1] - tokens[0]
        columns = np.bincount(self.schedule.parts.unit[self.schedule.parts.of_rows(*self.schedule.k_tiles[k])], minlength=1)
        return Part(self.schedule.k_size(k) * words * self.machine.word_bytes, int(columns.max()) * words)

    def y_part(self, m: int, tokens: Span) -> Part:
        """The sums of all copies travel in the accumulate type and are added on the way."""
        elements = self.schedule.m_size(m) * self.schedule.tokens(tokens)
        types = self.machine.datatypes
        bus_bits = elements * self.machine.fabric.replicas * types.accumulate_bits
        size = -(-elements * types.activation_bits // 8)
        return Part(size, extra_bus_bytes=max(0, -(-bus_bits // 8) - size))

    def x_word_counts(self, k: int, words: int) -> Counts:
        """Words written into the units' own banks."""
        here = self.schedule.parts.of_rows(*self.schedule.k_tiles[k])
        return Counts(output_bank_writes=(here.stop - here.start) * words)

    def y_word_counts(self, m: int, words: int) -> Counts:
        """Sums read from all copies, and those of all but one added up."""
        sums, replicas = self.schedule.m_size(m) * words, self.machine.fabric.replicas
        return Counts(x_bank_reads=sums * replicas * self.machine.sum_words, drain_additions=sums * (replicas - 1))

    def _counts(self, work: ScatterWork, outcome: ScatterOutcome) -> Counts:
        lines = -(-np.diff(work.unit_ptr) // self.spec.examine_width)
        touched = outcome.bank_accumulates * self.machine.sum_words
        return Counts(
            mac_slots=outcome.requests * self.schedule.lanes,
            weight_bank_reads=int(lines.sum()) * work.token_words,
            list_entries=outcome.list_entries,
            entries_dropped=outcome.entries_dropped,
            requests=outcome.requests,
            request_hops=outcome.request_hops,
            output_bank_reads=outcome.operand_reads,
            x_bank_reads=touched,
            x_words_filled=touched,
            bank_additions=outcome.bank_accumulates,
        )

    def _assemble(self, work: ScatterWork, place: Place, outcome: ScatterOutcome) -> None:
        """Add what a copy's banks hold to Y, as the drain does over copies and the banks over K tiles."""
        if self.outputs is None or outcome.outputs is None:
            return
        sums = outcome.outputs.reshape(work.token_words, work.m_words, -1)
        rows = slice(*self.schedule.m_tiles[place.m])
        for token in range(*place.tokens):
            columns = slice(token * self.schedule.lanes, min((token + 1) * self.schedule.lanes, self.outputs.shape[1]))
            self.outputs[rows, columns] += sums[token - place.tokens[0], :, : columns.stop - columns.start]
