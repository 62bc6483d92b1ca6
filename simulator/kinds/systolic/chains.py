"""Fused operations on a systolic array: block after block of the batch, a block of tokens after another, each operation whole in its tile.

What a tile leaves goes from the Y buffer over the drain bus and the X trunk into the half of the X buffer from which the next
operation streams or holds it. Of two operations the first is a tile ahead, so that this is hidden behind a tile of the other one.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from simulator.engine.engines import play
from simulator.errors import MappingError
from simulator.kinds.systolic import compiled
from simulator.kinds.systolic.array_product import ArrayProduct
from simulator.kinds.systolic.compiled.engine import chain_cycles
from simulator.kinds.systolic.compiled.layout import Cut
from simulator.kinds.systolic.contents import Contents, Ints, contents
from simulator.kinds.systolic.families import flows_of, known_product, least_cycles, without_skips
from simulator.kinds.systolic.fills import EdgeFills, Transfers
from simulator.kinds.systolic.fold_tables import cut_of, fold_tables
from simulator.kinds.systolic.folds import Dataflow, dimensions
from simulator.kinds.systolic.machine import SKIP_SCAN_BITS, ArrayMachine, SystolicFabric
from simulator.kinds.systolic.program import ArrayProgram, weight_level
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import TileTimes, fold_plan, times_by_turns
from simulator.recall import NOTHING, Recall
from simulator.system.program import MEMORY, Fill, OperationProgram, interleaved, spans, turns_of
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

PLAYED = 6
"""Cuts of a chain, the best by their estimates, that are played."""
PARTS = 3
"""Halves of the rows, and of the columns, that are tried: fewer rows are sooner through with what they hold."""
SHARES = 3
"""Numbers of rounds of tokens that are tried beyond the fewest."""


class ChainCut(Struct, frozen=True):
    """How a chain is cut into tiles: all of its operations in one dataflow, on one part of the array."""

    dataflow: Dataflow
    fabric: SystolicFabric
    tokens: int
    """Of a tile."""

    @property
    def work(self) -> Hashable:
        """All that decides what the array does."""
        part, flow = self.fabric, self.dataflow
        return flow, part.rows, part.cols, part.skip_zero_tiles, part.column_skip and flow == "os", self.tokens


class ArrayChain(Struct, frozen=True, eq=False):
    """Fused operations on an array."""

    machine: ArrayMachine
    operations: tuple[Operation, ...]
    residency: tuple[Residency, ...]

    def most_tokens(self) -> int:
        """Tokens of a tile. Raises MappingError, with the reason, where there is no room for one, or W does not stay."""
        fabric, types = self.machine.fabric, self.machine.datatypes
        for operation in self.operations:
            if operation.gradient is not None:
                raise MappingError(f"{operation.name} is a sampled product, of which an array makes all places; leave it out of fuse")
        shapes = [operation.block_shape for operation in self.operations]
        widths = [k for _, k, _ in shapes]
        for operation, bits in zip(self.operations, self._w_bits, strict=True):
            if bits > fabric.w_buffer_kib * 8192:
                raise MappingError(
                    f"W of a block of {operation.name} takes {bits // 8} bytes, more than a half of the W buffer; raise fabric.w_buffer_kib"
                )
        inputs = sum(widths) if self.ahead else max(widths)
        outputs = max(m for m, _, _ in shapes)
        x, y = (int(kib * 8192) for kib in (fabric.x_buffer_kib, fabric.y_buffer_kib))
        most = min(x // (inputs * types.activation_bits), y // (outputs * types.accumulate_bits), shapes[0][2])
        if not most:
            raise MappingError(
                f"a token of a block has {inputs} activations in a half of the X buffer and {outputs} sums in one of the Y buffer, which "
                "is more than they hold; raise fabric.x_buffer_kib or fabric.y_buffer_kib"
            )
        if most < shapes[0][2] and not self.ahead and any(home.w == "dram" for home in self.residency):
            raise MappingError(
                f"W of a block of {len(shapes)} operations is walked in several rounds of tokens, but the W buffer holds that of two; "
                "raise fabric.x_buffer_kib or fabric.y_buffer_kib"
            )
        return most

    @property
    def ahead(self) -> bool:
        """Whether the first operation is a tile ahead: there are two, each with a half of the W buffer of its own."""
        return len(self.operations) == 2

    def planned(self, spec: SystemSpec, recall: Recall = NOTHING) -> tuple[ArrayProgram, ...]:
        """The programs of the cut in which the chain is done first on this system; then the fewest bytes, the first.

        `recall` keeps what no rate of a system changes.
        """
        givens = "cuts", self.machine, self.operations, self.residency
        programs = recall.of(givens, lambda: self._tried(recall), lambda tried: sum(3 * one.tiles for each in tried for one in each))
        return min(programs, key=lambda each: (self._cycles(spec, each), sum(sum(one.bytes_moved) for one in each)))

    def _tried(self, recall: Recall) -> list[tuple[ArrayProgram, ...]]:
        """The cuts that the array is through with first, as programs; of cuts that do the same, the first."""
        products = [self._product(*homed, recall) for homed in zip(self.operations, self.residency, strict=True)]
        first: dict[Hashable, _Outline] = {}
        for outline in self._quickest(products, recall):
            first.setdefault(outline.cut.work, outline)
        return [self._programs(outline) for outline in first.values()]

    def _quickest(self, products: Sequence[ArrayProduct], recall: Recall = NOTHING) -> list[_Outline]:
        """The cuts that the array is through with first, of equal ones those that come first; what is bound to take longer is not cut."""
        cuts = list(self._cuts(products))
        operands = tuple(each.content for each in self.operations)
        least, array = _Least(products), _Array(products, self.ahead, compiled.ready(), recall, operands)
        bounds = [least.cycles(cut) for cut in cuts]
        outlined: dict[int, int] = {}
        quickest: list[int] = []
        for place in sorted(range(len(cuts)), key=lambda place: bounds[place]):
            if len(quickest) == PLAYED and bounds[place] > quickest[-1]:
                break
            outlined[place] = array.cycles(cuts[place])
            quickest = sorted([*quickest, outlined[place]])[:PLAYED]
        first = sorted(sorted(outlined), key=lambda place: outlined[place])[:PLAYED]
        return [_Outline.of(products, cuts[place], self.ahead) for place in first]

    def operation_programs(self, planned: Sequence[ArrayProgram], first: int) -> list[OperationProgram]:
        """What the system level must do, the first operation being the `first`-th of its workload."""
        programs = [each.program.of_operation(index) for index, each in enumerate(planned, first)]
        if self.ahead and sum(self._w_bits) <= self.machine.fabric.w_buffer_kib * 8192:
            programs = [dataclasses.replace(each, w_fills=tuple(map(_in_a_quarter, each.w_fills))) for each in programs]
        return [dataclasses.replace(programs[0], ahead=self.ahead), *programs[1:]]

    @property
    def _w_bits(self) -> list[int]:
        """[operations] of W of a block."""
        return [m * k * self.machine.datatypes.weight_bits for m, k, _ in (operation.block_shape for operation in self.operations)]

    def _cycles(self, spec: SystemSpec, planned: Sequence[ArrayProgram]) -> int:
        """Of the chain by itself, with nothing to wait for."""
        return play("compiled", spec, interleaved(self.operation_programs(planned, 0)).by_itself(len(planned))).cycles

    def _product(self, operation: Operation, home: Residency, recall: Recall) -> ArrayProduct:
        right_bits = home.forms.x.bits(slice(0, operation.shape[1]), (0, operation.shape[2]), self.machine.datatypes.activation_bits)
        return dataclasses.replace(known_product(operation, recall), right_bits=right_bits)

    def _cuts(self, products: Sequence[ArrayProduct]) -> Iterator[ChainCut]:
        most, extent, fabric = self.most_tokens(), products[0].shape[2], self.machine.fabric
        rounds = -(-extent // most)
        shares = {-(-extent // (rounds + more)) for more in range(SHARES + 1)}
        tokens = sorted(shares | {most // fabric.rows * fabric.rows or most}, reverse=True)
        flows = [flow for flow in flows_of(fabric, products[0]) if all(flow in flows_of(fabric, product) for product in products)]
        options = dict.fromkeys((fabric, fabric.model_copy(update={"column_skip": False}), without_skips(fabric)))
        steps = max(product.shape[1] for product in products)
        powers = range(1 if fabric.weight_load == "serial" else PARTS)
        for flow, option, rows, cols, size in itertools.product(flows, options, powers, powers, tokens):
            part = option.model_copy(update={"rows": max(1, fabric.rows >> rows), "cols": max(1, fabric.cols >> cols)})
            if not (flow == "os" and part.column_skip and steps > SKIP_SCAN_BITS * part.rows):
                yield ChainCut(flow, part, size)

    def _programs(self, outline: _Outline) -> tuple[ArrayProgram, ...]:
        made = []
        for operation, home, schedule, times in zip(self.operations, self.residency, outline.schedules, outline.times, strict=True):
            edges = EdgeFills(self.machine, schedule, operation, operation, home.forms)
            block, tiles = schedule.places[0], np.arange(schedule.places.shape[1])
            xs = _each(tiles)
            ws = contents(block, np.ones(len(block), dtype=np.bool_)) if self.ahead or len(schedule.n_tiles) == 1 else _each(block)
            x_fills = edges.linked_x_fills() if home.x == "chip" else edges.x_fills(xs)
            homes = home.x, weight_level(operation, home), home.y
            drains = edges.y_drains(tiles)
            made.append(ArrayProgram(schedule, fold_plan(schedule), times, edges, xs, ws, x_fills, edges.w_fills(ws), tiles, drains, homes))
        links = [following.x_fills for following in made[1:]]
        linked = [replace(one, y_drains=Transfers(link.bytes, link.bank_cycles)) for one, link in zip(made, links, strict=False)]
        return (*linked, made[-1])


class _Least(Struct, frozen=True, eq=False):
    """Cycles that no cut of a chain goes below."""

    products: Sequence[ArrayProduct]
    _known: dict[Hashable, int] = field(default_factory=dict)

    def cycles(self, cut: ChainCut) -> int:
        """Of all of its folds, each as long as it must be."""
        part, flow = cut.fabric, cut.dataflow
        if not (part.skip_zero_tiles or part.column_skip):
            return sum(_dense_folds(part, product, flow, cut.tokens) for product in self.products)
        key = flow, part.rows, part.cols, part.skip_zero_tiles, part.column_skip
        if key not in self._known:
            self._known[key] = sum(least_cycles(part, product, flow) for product in self.products)
        return self._known[key]


def _dense_folds(part: SystolicFabric, product: ArrayProduct, flow: Dataflow, most: int) -> int:
    """Intervals of all folds, in tiles of so many tokens."""
    (m, k, n), rows, cols = product.shape, part.rows, part.cols
    intervals = 0
    for tokens, tiles in ((most, n // most), (n % most, 1)):
        if tokens:
            on_rows, on_cols, steps = dimensions(flow, (m, k, tokens))
            folds = -(-on_rows // rows) * -(-on_cols // cols)
            intervals += product.batch * tiles * folds * (max(steps, rows) if part.weight_load == "overlapped" else steps)
    return intervals


class _Array(Struct, frozen=True, eq=False):
    """How long the array takes for cuts of a chain."""

    products: Sequence[ArrayProduct]
    ahead: bool
    compiled: bool
    """Whether the kernels say so."""
    recall: Recall
    """Of what was found for other machines."""
    contents: Hashable
    """Of the operations."""
    _turns: dict[int, Ints] = field(default_factory=dict)
    _known: dict[Hashable, int] = field(default_factory=dict)

    def cycles(self, each: ChainCut) -> int:
        """Of all tiles, and of what of the way from one operation to the next no tile hides."""
        if each.work not in self._known:
            self._known[each.work] = self._cycles(each)
        return self._known[each.work]

    def _cycles(self, each: ChainCut) -> int:
        if not self.compiled:
            return _Outline.of(self.products, each, self.ahead).cycles
        tiles = self.products[0].batch * -(-self.products[0].shape[2] // each.tokens)
        if tiles not in self._turns:
            self._turns[tiles] = np.ascontiguousarray(np.array(turns_of(len(self.products), tiles, ahead=self.ahead)).T)
        cuts = tuple(
            cut_of(of, each.dataflow, each.fabric, (*of.shape[:2], min(each.tokens, of.shape[2])), tokens_outermost=False)
            for of in self.products
        )
        return self.recall.of_key(("chain", self.contents, cuts, self.ahead), lambda: self._counted(cuts, self._turns[tiles]))

    def _counted(self, cuts: Sequence[Cut], turns: Ints) -> int:
        """By the kernels, from where the operations have nonzeros."""
        operations = [(cut, fold_tables(of, cut)) for cut, of in zip(cuts, self.products, strict=True)]
        return chain_cycles(operations, turns, ahead=self.ahead)


class _Outline(Struct, frozen=True, eq=False):
    """A cut, and how long the array takes for it."""

    cut: ChainCut
    schedules: tuple[SystolicSchedule, ...]
    times: tuple[TileTimes, ...]
    cycles: int

    @classmethod
    def of(cls, products: Sequence[ArrayProduct], each: ChainCut, ahead: bool) -> _Outline:
        """Tiles, and what of the way from one operation to the next no tile hides."""
        n_tiles = spans(products[0].shape[2], each.tokens)
        schedules = tuple(
            SystolicSchedule(each.fabric, product, each.dataflow, ((0, product.shape[0]),), ((0, product.shape[1]),), n_tiles, "m_rounds")
            for product in products
        )
        turns = np.array(turns_of(len(products), schedules[0].places.shape[1], ahead=ahead)).T
        times = tuple(times_by_turns([(schedule, fold_plan(schedule)) for schedule in schedules], turns))
        hidden = times[1].cycles if ahead else 0
        exposed = np.maximum(0, times[0].delays - hidden).sum() + sum(int(of.delays.sum()) for of in times[1:-1])
        return cls(each, schedules, times, sum(of.total for of in times) + int(exposed))


def _in_a_quarter(fill: Fill) -> Fill:
    """That of both operations of a block lies in one half, and that of the next block comes into the other."""
    return replace(fill, parts=tuple(replace(part, space=MEMORY // 4) for part in fill.parts))


def _each(parts: Ints) -> Contents:
    """A content of its own for each tile, whatever lies there."""
    tiles = np.arange(len(parts))
    return Contents(tiles, parts, (tiles, parts))
