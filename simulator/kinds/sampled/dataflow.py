"""The sampled product (SDDMM): words travel from the banks to the units, as gathered ones, and are reduced over their lanes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.batch import Ints, WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcomes
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.gather.dataflow import GATHERED
from simulator.kinds.sampled.schedule import SampledSchedule, sampled_values, sampled_work
from simulator.kinds.units.checks import check_equal
from simulator.kinds.units.dataflow import UnitsDataflow
from simulator.kinds.units.lists import SliceLists, slice_lists, tile_values
from simulator.kinds.units.loops import Carried, Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.present import present_words
from simulator.kinds.units.protocol import ClusterTile
from simulator.system.parts import Part, Sums
from simulator.system.program import MemoryLevel


class SampledDataflow(UnitsDataflow[SampledSchedule, SliceLists]):
    """G[M, K] = mask ∘ (dY · Xᵀ): units own rows of the mask, with the words of dY for them."""

    rules = GATHERED

    def __init__(self, machine: UnitsMachine, schedule: SampledSchedule, carried: Carried) -> None:
        super().__init__(machine, schedule, carried, schedule.operation.weight.shape)
        self.present = present_words(machine, schedule.operation)
        gradient = schedule.operation.gradient
        self.gradient = gradient.values() if carried and gradient is not None else None

    def driven(self, spec: ClusterSpec) -> ClusterSpec:
        """It adds up all lanes of a row."""
        return replace(spec, summed_lanes=self.schedule.lanes)

    def list_slice(self, m: int, k: int) -> SliceLists:
        """Make the lists of one (M tile, K tile)."""
        return slice_lists(self.schedule, m, k, self.machine.fabric.units_per_group)

    def count_entries(self, m: int, k: int) -> NDArray[np.int64]:
        """Counted without making the lists."""
        return self.schedule.unit_entries(m, k, self.machine.fabric.units_per_group)

    def make_work(self, place: ClusterTile) -> TileWork:
        """By its slice of the lists."""
        lists = self.slice(place.m, place.k)
        return sampled_work(self.schedule, lists, self.machine.fabric.units_per_cluster, place.k, place.tokens, place.replica, self.present)

    def values(self, work: TileWork, place: ClusterTile) -> TileValues | None:
        """Words of dY, one an entry, and of X."""
        if self.weights is None or self.x is None or self.gradient is None:
            return None
        k_span, lanes = self.schedule.k_tiles[place.k], self.schedule.lanes
        words = tile_values(work.weight_index, k_span, place.tokens, lanes, self.weights, self.x).words
        return sampled_values(words, self.gradient, self.slice(place.m, place.k).global_row[self._entries(place)], place.tokens)

    @property
    def rows_stream(self) -> bool:
        """Where no sum stays for another round."""
        return self.schedule.streams

    def output_places(self, output_words: int) -> int:
        """The value fields of the entries that both halves of a weight bank hold."""
        return self.schedule.stream.piece_entries * self.schedule.stream.fifo_pieces

    @property
    def sums_home(self) -> MemoryLevel | None:
        """As scheduled."""
        return self.schedule.sums_home

    def w_parts(self, m: int, k: int, grain: int) -> Sequence[Part]:
        """In pieces, or whole where they stay."""
        if self.schedule.streams:
            return super().w_parts(m, k, grain)
        return (Part(self.fetched(m, k).total, -(-int(self.unit_entries(m, k).max(initial=0)) // self.machine.weight_port_entries)),)

    def later_tile_counts(self, counts: Counts) -> Counts:
        """A partial sum that stays comes with its list entry, where it was left: a later tile does nothing more."""
        return Counts()

    @property
    def filled_entry_bits(self) -> int:
        """The mask alone: column index, end-of-row flag and row delta."""
        return self.schedule.entry_bits - self.machine.datatypes.accumulate_bits

    @property
    def stored_value_bits(self) -> int:
        """The values of W are of no use."""
        return 0

    def x_parts(self, position: Position) -> Sequence[Part]:
        """What a round needs anew: words of X, broadcast to all copies of a group, and words of dY, each to the unit of its row."""
        _, r, k = position
        named, taken = self._features(position), self._taken(position)
        form, bits, parts = self.schedule.residency.forms.gradient, self.machine.datatypes.activation_bits, self.schedule.parts
        most_rows = int(np.bincount(parts.unit[taken], minlength=1).max())
        found: list[Part] = []
        for tokens in self.schedule.active_groups(r):
            words = tokens[1] - tokens[0]
            if len(named):
                k_size = self.schedule.k_size(k)
                banks = self.schedule.placement(k_size * words, self.schedule.banks).reshape(words, k_size)[:, named]
                found.append(Part(self.x_bytes(k, named, tokens), int(np.bincount(banks.ravel()).max())))
            if len(taken):
                own = form.bits(np.unique(parts.row[taken]), self.schedule.token_span(tokens), bits)
                found.append(Part(-(-own // 8), most_rows * words))
        return tuple(found)

    def x_counts(self, positions: Sequence[Position]) -> Counts:
        """Words written into every copy, and into the units' own banks."""
        return Counts.total(map(self._x_counts, positions))

    def _x_counts(self, position: Position) -> Counts:
        groups, forms = self.schedule.active_groups(position[1]), self.schedule.residency.forms
        words, tokens = sum(stop - start for start, stop in groups), sum(self.schedule.tokens(group) for group in groups)
        named, taken = self._features(position), self._taken(position)
        rows = len(np.unique(self.schedule.parts.row[taken]))
        return Counts(
            x_words_filled=len(named) * words * self.machine.fabric.replicas,
            output_bank_writes=len(taken) * words,
            activations_unpacked=(len(named) * forms.x.packed + rows * forms.gradient.packed) * tokens,
        )

    def _features(self, position: Position) -> Ints:
        """Input features of a tile's K tile whose words a fill brings: none where those before are still there."""
        run = self.schedule.x_runs.get(position)
        if run is None:
            return np.zeros(0, dtype=np.int64)
        return self.named((self.schedule.m_tiles[run[0][0]][0], self.schedule.m_tiles[run[-1][0]][1]), position[2])

    def _taken(self, position: Position) -> Ints:
        """Rows of the mask, or parts of rows, whose units are brought words of dY: those with any place in the tiles that use them."""
        run = self.schedule.gradient_runs.get(position)
        if run is None:
            return np.zeros(0, dtype=np.int64)
        here = self.schedule.parts.of_rows(*self.schedule.m_tiles[position[0]])
        tiles = sorted({k for _, _, k in run})
        taken: Ints = here.start + np.flatnonzero(self.schedule.entries[here][:, tiles].any(axis=1))
        return taken

    def y_parts(self, position: Position) -> Sequence[Part]:
        """The places of the mask, in the type of W, or their sums. What is added on the way travels in the accumulate type."""
        m, round_index, k = position
        nnz, types, groups = int(self.unit_entries(m, k).sum()), self.machine.datatypes, self._groups(round_index)
        of_places, on_bus = (-(-nnz * times * types.accumulate_bits // 8) for times in (1, groups))
        back = of_places if self._goes_on(position) else 0
        if self.sums_home is not None and round_index + 1 < self.schedule.rounds:
            return (Part(0, sums=Sums(of_places, back, on_bus)),)
        size = -(-nnz * types.weight_bits // 8)
        return (Part(size, extra_bus_bytes=on_bus - size if groups > 1 or back else 0, sums=Sums(back_bytes=back)),)

    def y_counts(self, positions: Sequence[Position]) -> Counts:
        """Lines of sums read from the weight banks of all groups; those of all but one added up, and to those of earlier rounds."""
        return Counts.total(map(self._y_counts, positions))

    def _y_counts(self, position: Position) -> Counts:
        m, round_index, k = position
        entries, groups = self.unit_entries(m, k), self._groups(round_index)
        row_words = -(-int(entries.sum()) // self.schedule.lanes)
        additions = groups - 1 + self._goes_on(position)
        return Counts(weight_bank_reads=self._lines(entries) * groups, drain_additions=row_words * additions)

    def _goes_on(self, position: Position) -> bool:
        """Whether sums of an earlier round come back."""
        return self.sums_home is not None and position[1] > 0

    def _groups(self, round_index: int) -> int:
        """Token groups that have any tokens."""
        return len(self.schedule.active_groups(round_index))

    def _lines(self, entries: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
        return int((-(-entries // self.machine.weight_port_entries)).sum())

    def _entries(self, place: ClusterTile) -> slice:
        ptr, units = self.slice(place.m, place.k).unit_ptr, self.machine.fabric.units_per_cluster
        return slice(ptr[place.replica * units], ptr[(place.replica + 1) * units])

    def check_outputs(self, work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
        """Of the places of the mask."""
        check_sampled(work, values, outputs)

    def counts(self, batch: WorkBatch, places: Sequence[ClusterTile], outcomes: Outcomes) -> Ints:
        """A list entry is read once for all token words; its sum is written back in place, a word of dY read for each product."""
        token_words = np.array([last - first for first, last in (place.tokens for place in places)])
        replies, merged = outcomes.count("replies"), outcomes.count("rows_merged")
        lines = -(-(batch.lengths // token_words[:, None]) // self.machine.weight_port_entries)
        return outcomes.counted(
            mac_slots=replies * self.schedule.lanes,
            weight_bank_reads=lines.sum(axis=1),
            weight_bits_filled=merged * self.machine.datatypes.accumulate_bits,
            lane_reductions=merged,
            output_bank_writes=np.zeros_like(merged),
            output_bank_reads=replies,
        )

    def assemble_outputs(self, y: NDArray[np.float64], work: TileWork, place: ClusterTile, outputs: NDArray[np.float64]) -> None:
        """Add what a cluster wrote to G, as later rounds do in place and groups on the drain bus."""
        lists, entries, units = self.slice(place.m, place.k), self._entries(place), self.machine.fabric.units_per_cluster
        ptr = lists.unit_ptr[place.replica * units : (place.replica + 1) * units + 1]
        written = np.concatenate([outputs[unit, 0, :count, 0] for unit, count in enumerate(np.diff(ptr))])
        columns = self.schedule.k_tiles[place.k][0] + lists.word[entries]
        y[lists.global_row[entries], columns] += written


def check_sampled(work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
    """What was written for each place of the mask is the tile's part of dY · Xᵀ: exactly on integers, else to rounding."""
    expected = np.zeros_like(outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    np.add.at(expected[:, 0, :, 0], (unit, work.own), (values.weights * values.words[work.word]).sum(axis=1))
    check_equal(values, expected, outputs)
