"""What the dataflows of a fabric of units share: operands, list slices, and how lists reach the units."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.batch import Ints, WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcome, Outcomes
from simulator.engine.engines import ClusterEngine, Engine, EngineName, one_by_one
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.scatter.schedule import ScatterSchedule
from simulator.kinds.units.loops import Carried, Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.named import named_features
from simulator.kinds.units.protocol import ClusterResults, ClusterTile, Lot
from simulator.kinds.units.streams import list_parts
from simulator.recall import Recall, Same
from simulator.system.parts import Part
from simulator.system.program import MemoryLevel, Span
from simulator.system.weights import dense_elements, format_bits, named_bits, tile_size, weight_format
from simulator.workload.storage import LEAST, FormatName, StoredBits, TileSize

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch

MOST_ENTRIES = 1 << 24
"""List entries that a dataflow holds at once: 256 MiB."""


class WeightBytes(Struct, frozen=True):
    """Bytes of a fill of W."""

    values: int
    metadata: int

    @property
    def total(self) -> int:
        """Both."""
        return self.values + self.metadata

    @classmethod
    def whole(cls, total_bits: int, value_bits: int) -> WeightBytes:
        """Whole bytes of so many bits, of which some are values."""
        total, values = -(-total_bits // 8), value_bits // 8
        return cls(values, total - values)


class ListSlice(Protocol):
    """The lists of all units of a token group for one (M tile, K tile)."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """[units of a group] entries of each unit."""


class ReferenceRun(Protocol):
    """Runs one cluster through one tile in the reference engine, which is loaded when it first does."""

    def __call__(self, spec: ClusterSpec, work: TileWork, values: TileValues | None, *watch: ClusterWatch) -> Outcome:
        """From reset; before the eyes of `watch`, if there is one."""


class ClusterRules(Struct, frozen=True):
    """How clusters run, and what holds for them, where words or sums travel in one way."""

    compiled: ClusterEngine
    by_reference: ReferenceRun
    multiplied: Callable[[WorkBatch], NDArray[np.integer]]
    """[entries] column of `present` whose word each is multiplied by."""
    check: Callable[[ClusterSpec, WorkBatch, Ints, Outcomes], None]
    """Of cluster, work, [clusters, units] words that are wanted, and what was done. Raises CheckError where a law is broken."""
    bounds: Callable[[ClusterSpec, WorkBatch, Ints], Ints]
    """[clusters, bounds] in the order of `ClusterResults`, of the same."""

    def run(self, name: EngineName) -> ClusterEngine:
        """The engine of a name."""
        engines: dict[EngineName, ClusterEngine] = {"compiled": self.compiled, "reference": one_by_one(self.by_reference)}
        return engines[name]


ScheduleT = TypeVar("ScheduleT", bound=GatherSchedule | ScatterSchedule)
SliceT = TypeVar("SliceT", bound=ListSlice)


class UnitsDataflow(ABC, Generic[ScheduleT, SliceT]):
    """One operation on a fabric of units; a subclass says what travels."""

    rules: ClassVar[ClusterRules]

    def __init__(self, machine: UnitsMachine, schedule: ScheduleT, carried: Carried, y_shape: tuple[int, int]) -> None:
        """`y_shape`: that of the outputs."""
        self.machine = machine
        self.room_bytes = schedule.residency.room_bytes
        # what is run and recalled does not see how much room there was
        self.schedule = replace(schedule, residency=schedule.residency.without_room())
        self.carried = carried
        operation = schedule.operation
        self.weights = operation.weight.values() if carried else None
        self.x = operation.activations.values() if carried else None
        self.outputs: NDArray[np.float64] | None = np.zeros(y_shape) if carried == "assembled" else None
        self._slices: dict[tuple[int, int], SliceT] = {}
        self._held_entries = 0
        self._latest: tuple[ClusterTile, TileWork] | None = None
        self._entries_of: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._named: dict[tuple[Span, int], NDArray[np.int64]] = {}
        self._fetched: dict[tuple[int, int], WeightBytes] = {}

    def made_of(self) -> tuple[Any, ...]:
        """All that decides what it does: what it was made with."""
        return self.machine, self.schedule, self.carried

    @property
    def rows_stream(self) -> bool:
        """Whether rows leave while the tile runs that made them."""
        return False

    def output_places(self, output_words: int) -> int:
        """Both halves of an output bank."""
        return 2 * output_words

    @property
    def sums_home(self) -> MemoryLevel | None:
        """Where partial sums go at the end of each K tile (SDDMM: round), and come back from; None: they stay on the fabric."""
        return None

    @abstractmethod
    def list_slice(self, m: int, k: int) -> SliceT:
        """Make the lists of one (M tile, K tile)."""

    @property
    def loops(self) -> ScheduleT:
        """How the operation is cut into tiles."""
        return self.schedule

    def work(self, place: ClusterTile) -> TileWork:
        """What a cluster does in a tile: made once where it is hashed and then run."""
        if self._latest is None or self._latest[0] is not place:
            self._latest = place, self.make_work(place)
        return self._latest[1]

    @abstractmethod
    def make_work(self, place: ClusterTile) -> TileWork:
        """Make it."""

    def digest(self, place: ClusterTile) -> bytes:
        """Hash of all that decides the timing of that."""
        return self.work(place).digest()

    def driven(self, spec: ClusterSpec) -> ClusterSpec:
        """A cluster as this dataflow drives it."""
        return spec

    def met(self, batch: WorkBatch) -> Ints:
        """[clusters, units] words that units want, each from a bank, or each a product's."""
        return batch.wanted(self.rules.multiplied(batch))

    def bounds(self, lot: Lot, spec: ClusterSpec) -> Ints:
        """[clusters, bounds] in the order of `ClusterResults`."""
        return self.rules.bounds(self.driven(spec), lot.batch, lot.wanted)

    def simulate(self, lot: Lot, spec: ClusterSpec, engine: Engine, recall: Recall) -> ClusterResults:
        """Run clusters through the engine, and check them; each may be of another dataflow that has the same fabric and rules.

        What `recall` knows of the same clusters is not run again.
        """
        batch, rules, spec = lot.batch, self.rules, self.driven(spec)
        dealt = [*zip(cast("Sequence[UnitsDataflow[Any, Any]]", lot.flows), batch.works, lot.places, strict=True)]
        values = [flow.values(work, place) for flow, work, place in dealt]
        run = partial(rules.run(engine.clusters), spec, batch, values)
        if recall.most and lot.digests and not engine.carries_values:
            as_told = recall.named(("clusters", Same(rules), engine.clusters, spec))
            outcomes = recall.of_key((as_told, lot.digest), run, lambda outcomes: outcomes.parts)
        else:
            outcomes = run()
        rules.check(spec, batch, lot.wanted, outcomes)
        for (flow, work, place), numbers, outputs in zip(dealt, values, outcomes.outputs, strict=bool(outcomes.outputs)):
            if numbers is not None and outputs is not None:
                flow.check_outputs(work, numbers, outputs)
                if flow.outputs is not None:
                    flow.assemble_outputs(flow.outputs, work, place, outputs)
        counts, bounds = self.counts(batch, lot.places, outcomes), lot.bounds(spec)
        compared = values[0] is not None
        return ClusterResults(outcomes.cycles, outcomes.unit_cycles, counts, bounds, outcomes.milestones, compared, outcomes.spare)

    def watched(self, spec: ClusterSpec, work: TileWork, watch: ClusterWatch) -> Outcome:
        """Run it through the reference engine, without numbers, before the eyes of `watch`."""
        return self.rules.by_reference(self.driven(spec), work, None, watch)

    @abstractmethod
    def values(self, work: TileWork, place: ClusterTile) -> TileValues | None:
        """The numbers of a tile, where the engine carries any."""

    @abstractmethod
    def check_outputs(self, work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
        """Raise CheckError where what a cluster made of its numbers is not what NumPy makes of them."""

    @abstractmethod
    def assemble_outputs(self, y: NDArray[np.float64], work: TileWork, place: ClusterTile, outputs: NDArray[np.float64]) -> None:
        """Add what a cluster made to that of all."""

    @abstractmethod
    def counts(self, batch: WorkBatch, places: Sequence[ClusterTile], outcomes: Outcomes) -> Ints:
        """[clusters, counters] the clocked ones, and those that follow from them and from the lists."""

    def slice(self, m: int, k: int) -> SliceT:
        """Lists of one (M tile, K tile): made once, but for large ones, of which the latest are kept."""
        if (m, k) not in self._slices:
            lists = self._slices[m, k] = self.list_slice(m, k)
            self._held_entries += int(lists.counts.sum())
            while self._held_entries > MOST_ENTRIES and len(self._slices) > 1:
                self._held_entries -= int(self._slices.pop(next(iter(self._slices))).counts.sum())
        return self._slices[m, k]

    def unit_entries(self, m: int, k: int) -> NDArray[np.int64]:
        """[units of a group] list entries of each unit in one (M tile, K tile)."""
        if (m, k) not in self._entries_of:
            self._entries_of[m, k] = self.count_entries(m, k)
        return self._entries_of[m, k]

    def count_entries(self, m: int, k: int) -> NDArray[np.int64]:
        """Count them."""
        return self.slice(m, k).counts

    def least_cycles(self, spec: ClusterSpec) -> list[int]:
        """Nothing is known of any tile."""
        return [0] * len(self.schedule.positions())

    def named(self, rows: Span, k: int) -> NDArray[np.int64]:
        """Input features of a K tile, counted from its first, that lists of some output features name: what a fill of X brings."""
        if (rows, k) not in self._named:
            self._named[rows, k] = named_features(self.schedule.operation, rows, self.schedule.k_tiles[k])
        return self._named[rows, k]

    def x_bytes(self, k: int, named: NDArray[np.int64], words: Span) -> int:
        """Of some input features of a K tile, of a range of token words, as they lie in memory."""
        form, tokens = self.schedule.residency.forms.x, self.schedule.token_span(words)
        return -(-form.bits(self.schedule.k_tiles[k][0] + named, tokens, self.machine.datatypes.activation_bits) // 8)

    def w_content(self, position: Position) -> tuple[int, ...]:
        """Lists that both halves of the banks hold stay as long as no others are needed; longer ones come anew for each tile."""
        m, round_index, k = position
        stream = self.schedule.stream
        resident = int(self.unit_entries(m, k).max(initial=0)) <= stream.piece_entries * stream.fifo_pieces
        return (m, k) if resident else (m, round_index, k)

    def w_parts(self, m: int, k: int, grain: int) -> Sequence[Part]:
        """The slices of all units of a group, each a whole number of bytes, in pieces; broadcast to the other groups.

        Whatever form it has, it is put into that of lists as it is filled.
        """
        total, entries = self.fetched(m, k).total, self.unit_entries(m, k)
        return list_parts(entries, self.schedule.stream, total, grain, self.machine.weight_port_entries)

    def w_counts(self, m: int, k: int) -> Counts:
        """Bits written into the weight banks of all groups; bytes fetched for them, and bits decoded."""
        entries, fetched = int(self.unit_entries(m, k).sum()), self.fetched(m, k)
        decoded = 0 if self.weight_form == self._own_form or self._made else 8 * (fetched.values + fetched.metadata)
        return Counts(
            weight_bits_filled=entries * self.filled_entry_bits * self.machine.fabric.token_groups,
            weight_value_bytes=fetched.values,
            weight_metadata_bytes=fetched.metadata,
            weight_bits_decoded=decoded,
        )

    @property
    def filled_entry_bits(self) -> int:
        """Bits of a list entry that a fill writes."""
        return self.schedule.entry_bits

    @property
    def stored_value_bits(self) -> int:
        """Of these, the value."""
        return self.machine.datatypes.weight_bits

    @property
    def _made(self) -> bool:
        """Whether other operations have made W."""
        return self.schedule.operation.weight_home == "activation"

    @property
    def _own_form(self) -> str:
        """What needs no decoding: lists, which of a dense W are its values alone."""
        operation = self.schedule.operation
        return "dense" if operation.weight.dense and operation.gradient is None and operation.storage is None else "lists"

    @cached_property
    def weight_form(self) -> str:
        """How W lies in memory: what its operation names, or the least over all tiles; dense where others have made it."""
        tiles = list(itertools.product(range(len(self.schedule.m_tiles)), range(len(self.schedule.k_tiles))))
        lists = sum(size.values + size.metadata for size in (self._lists(m, k) for m, k in tiles))
        sizes = [self._tile_size(m, k) for m, k in tiles] if self.machine.machine.weight_decoder else []

        def bytes_of(form: FormatName) -> int:
            return sum(-(-format_bits(self.machine.machine, self.schedule.operation, form, size).total // 8) for size in sizes)

        return weight_format(self.machine.machine, self.schedule.operation, self._own_form, lists, bytes_of)

    def fetched(self, m: int, k: int) -> WeightBytes:
        """What a fill brings, in the form in which W lies in memory."""
        if (m, k) not in self._fetched:
            self._fetched[m, k] = self._fetch(m, k)
        return self._fetched[m, k]

    def _fetch(self, m: int, k: int) -> WeightBytes:
        machine, operation = self.machine.machine, self.schedule.operation
        spans = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        if operation.storage is not None:
            stored = named_bits(machine, operation, *spans)
        elif self._made:
            bits = dense_elements(operation, *spans) * machine.datatypes.activation_bits
            stored = StoredBits(bits, 0)
        elif self.weight_form == self._own_form:
            return self._lists(m, k)
        else:
            form = next(form for form in LEAST if form == self.weight_form)
            stored = format_bits(machine, operation, form, self._tile_size(m, k))
        return WeightBytes.whole(stored.total, stored.values)

    def _lists(self, m: int, k: int) -> WeightBytes:
        """The lists of all units, each a whole number of bytes."""
        entries = self.unit_entries(m, k)
        total = int((-(-entries * self.filled_entry_bits // 8)).sum())
        values = int(entries.sum()) * self.stored_value_bits // 8
        return WeightBytes(values, total - values)

    def _tile_size(self, m: int, k: int) -> TileSize[int]:
        spans = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        return tile_size(self.schedule.operation, *spans, int(self.unit_entries(m, k).sum()))
