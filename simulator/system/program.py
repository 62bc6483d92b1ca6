"""What the system level executes: tiles in order, with the fills they need and the drains they leave."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.errors import MappingError
from simulator.system.parts import Part, PartColumns

T = TypeVar("T")

MemoryLevel = Literal["buffer", "dram", "chip"]
"""Where a tensor lives; `chip`: nowhere, since what a tile leaves of it is what the next tile takes (fused operations)."""
Span = tuple[int, int]
"""[first, last) along a dimension."""
LoopOrder = Literal["m_rounds", "rounds_m", "m_k_rounds"]
"""Outer loops of an operation: output-row tiles then rounds of tokens, or the reverse, K innermost; or K outside of the rounds."""

MOST_TILES = 4_000_000
"""Of an operation: a program takes some 5 KB of memory a tile, and more would also be beyond the addresses of the compiled engine."""
MEMORY = 1 << 40
"""Both halves of an on-chip memory, in the units of `Part.space`."""


def check_length(operation: str, tiles: int, larger: str) -> None:
    """Refuse an operation of too many tiles before any of them is made; `larger`: the keys of the machine that make them larger.

    >>> check_length("fc", 4_000_000, "fabric.bank_kib")
    """
    if tiles > MOST_TILES:
        raise MappingError(
            f"{operation} takes at least {tiles:,} tiles; allowed: {MOST_TILES:,}, which take about 20 GB of memory. "
            f"Larger memories ({larger}) make fewer; or run a part of it, such as some of its tokens or output features"
        )


Size = TypeVar("Size", int, NDArray[np.int64])


def bursts(size: Size, burst_bytes: int) -> Size:
    """Bytes of `size` in whole bursts; of an array, each by itself."""
    return -(-size // burst_bytes) * burst_bytes


def spans(size: int, step: int) -> tuple[Span, ...]:
    """Cut a size into steps; the last takes what is left."""
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


class Flow(Struct, frozen=True, eq=False):
    """When a tile takes the parts of its fill of W, or writes those of its drain, on its own clock."""

    first: tuple[int, ...]
    """[parts] cycle in which a part must be there, or in which there must be room for it."""
    last: tuple[int, ...]
    """[parts] cycle in which all of it is taken, or written."""


class Fill(Struct, frozen=True):
    """Content brought into one half of the X or the W memories."""

    operation: int
    home: MemoryLevel
    parts: Sequence[Part]
    waits: bool = False
    """Whether it is made from the outputs of other operations, and must wait for them."""
    kept: bool = False
    """Of a fill of W from DRAM: whether the buffer keeps a copy, from which later tiles have it."""
    source: int | None = None
    """Of a fill of X whose home is the chip: the drain that brings it, over the drain bus and the X trunk."""


class Drain(Struct, frozen=True):
    """Finished rows that leave one half of the Y memories."""

    operation: int
    home: MemoryLevel
    parts: Sequence[Part]
    delay_cycles: int = 0
    """From the end of the last tile until the last row is in the Y memory (the skew of a systolic array)."""
    holds_w: int | None = None
    """W fill whose memory the outputs lie in, which is let go when they have left it."""
    sums_home: MemoryLevel = "buffer"
    """Where its partial sums live: the buffer; or DRAM, if finished rows do too."""
    after: int | None = None
    """The drain before it that the same partial sums took part in: it is there when this one begins."""


def by_part(transfers: Sequence[Fill] | Sequence[Drain], of_transfers: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """[parts] what is known of their transfers."""
    return np.repeat(np.asarray(of_transfers), np.array([len(transfer.parts) for transfer in transfers], dtype=np.int64))


_LEVELS: tuple[MemoryLevel, ...] = ("dram", "buffer")
"""Whose bytes are counted."""


def _moved(size: NDArray[np.int64], homes: NDArray[np.str_], burst_bytes: int) -> NDArray[np.int64]:
    """[parts] bytes that move, in whole bursts where it is DRAM."""
    return np.where(homes == "dram", bursts(size, burst_bytes), size)


class TileStep(Struct, frozen=True):
    """One round of tiles on the fabric, as the system sees it."""

    operation: int
    cycles: int
    x: int
    """Index into the X fills; tiles in sequence with the same content have the same index."""
    w: int
    """Index into the W fills."""
    y: int
    """Index into the drains."""
    w_flow: Flow | None = None
    """None: all of its W must be there at its start, and is done with at its end."""
    y_flow: Flow | None = None
    """None: all of its rows are written at its end."""
    awaits: int | None = None
    """Drain over the chip that must have left before it begins: it takes that beside its X, in the same half."""

    def numbered_on(self, x: int, w: int, y: int) -> TileStep:
        """In a program that comes after others, of so many contents."""
        awaits = None if self.awaits is None else self.awaits + y
        return TileStep(self.operation, self.cycles, self.x + x, self.w + w, self.y + y, self.w_flow, self.y_flow, awaits)


_LATEST = "latest"


@dataclass(frozen=True)
class Program:
    """A whole workload for the system level."""

    tiles: tuple[TileStep, ...]
    x_fills: tuple[Fill, ...]
    w_fills: tuple[Fill, ...]
    drains: tuple[Drain, ...]
    depends_on: tuple[tuple[int, ...], ...]
    """[operations] indices of the operations whose outputs an operation's X is made from."""
    _made: dict[Hashable, Any] | None = field(init=False, default=None, compare=False, repr=False)

    def kept(self) -> Program:
        """The same to be played more than once: engines keep what they have made of it, for any rates."""
        program = dataclasses.replace(self)
        object.__setattr__(program, "_made", {})
        return program

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes of it, by a key; where it is kept, once."""
        if self._made is None:
            return make()
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def latest(self, key: Hashable, make: Callable[[], T]) -> T:
        """The same, of which only what was made last is kept."""
        if self._made is None:
            return make()
        if _LATEST not in self._made or self._made[_LATEST][0] != key:
            self._made[_LATEST] = key, make()
        found: T = self._made[_LATEST][1]
        return found

    @property
    def parts(self) -> int:
        """Of all fills and drains."""
        fills = sum(len(fill.parts) for fill in itertools.chain(self.x_fills, self.w_fills))
        return fills + sum(len(drain.parts) for drain in self.drains)


@dataclass(frozen=True)
class OperationProgram:
    """One operation's part of a program; contents are numbered from 0."""

    tiles: tuple[TileStep, ...]
    x_fills: tuple[Fill, ...]
    w_fills: tuple[Fill, ...]
    drains: tuple[Drain, ...]
    ahead: bool = False
    """Of the first of two fused operations: each of its tiles runs before the other one takes what the tile before it left."""
    _elsewhere: dict[int, OperationProgram] = field(init=False, default_factory=dict, compare=False, repr=False)
    _moved: dict[int, Counts] = field(init=False, default_factory=dict, compare=False, repr=False)

    def with_tiles(self, tiles: tuple[TileStep, ...]) -> OperationProgram:
        """The same transfers, which are counted together, behind as many other tiles."""
        other = dataclasses.replace(self, tiles=tiles)
        object.__setattr__(other, "_moved", self._moved)
        return other

    def of_operation(self, index: int) -> OperationProgram:
        """The same for another operation of the program; made once for each."""
        if index not in self._elsewhere:
            self._elsewhere[index] = self._of_operation(index)
        return self._elsewhere[index]

    def _of_operation(self, index: int) -> OperationProgram:
        if self.tiles and self.tiles[0].operation == index:
            return self
        return OperationProgram(
            tiles=tuple(replace(tile, operation=index) for tile in self.tiles),
            x_fills=tuple(replace(fill, operation=index) for fill in self.x_fills),
            w_fills=tuple(replace(fill, operation=index) for fill in self.w_fills),
            drains=tuple(replace(drain, operation=index) for drain in self.drains),
            ahead=self.ahead,
        )

    def traffic(self, burst_bytes: int) -> Counts:
        """Bytes at every level, from fills and drains alone, with a DRAM of such bursts; counted once for each."""
        if burst_bytes not in self._moved:
            self._moved[burst_bytes] = self._traffic(burst_bytes)
        return self._moved[burst_bytes]

    def _traffic(self, burst_bytes: int) -> Counts:
        moved: Counter[str] = Counter()
        for stream, fills in (("x", self.x_fills), ("w", self.w_fills)):
            homes = by_part(fills, [fill.home for fill in fills])
            size = _moved(PartColumns.joined(fill.parts for fill in fills)["bytes"], homes, burst_bytes)
            moved["buffer_write_bytes"] += int(size[by_part(fills, [fill.kept for fill in fills]) == 1].sum())
            for level in _LEVELS:
                moved[f"{level}_read_bytes"] += int(size[homes == level].sum())
            moved[f"{stream}_trunk_bytes"] += int(size.sum())
        parts = PartColumns.joined(drain.parts for drain in self.drains)
        homes = by_part(self.drains, [drain.home for drain in self.drains])
        of_sums = by_part(self.drains, [drain.sums_home for drain in self.drains])
        size = _moved(parts["bytes"], homes, burst_bytes)
        carried = (of_sums == "dram") | (parts["sums_bus"] > 0) | (parts["sums_back"] > 0)  # as the system asks before it moves any
        out, back = (_moved(parts[way] * carried, of_sums, burst_bytes) for way in ("sums_out", "sums_back"))
        for level in _LEVELS:
            moved[f"{level}_read_bytes"] += int(back[of_sums == level].sum())
            moved[f"{level}_write_bytes"] += int(size[homes == level].sum()) + int(out[of_sums == level].sum())
        moved["drain_bytes"] += int(size.sum() + parts["extra_bus_bytes"].sum() + parts["sums_bus"].sum())
        return Counts(**moved)

    def by_itself(self, operations: int = 1) -> Program:
        """As a whole program, of so many operations, with nothing to wait for."""
        return Program(self.tiles, self.x_fills, self.w_fills, self.drains, ((),) * operations)


def in_sequence(programs: Iterable[OperationProgram]) -> OperationProgram:
    """Programs one after another; contents are numbered on."""
    tiles: list[TileStep] = []
    x_fills: list[Fill] = []
    w_fills: list[Fill] = []
    drains: list[Drain] = []
    for program in programs:
        x, w, y = len(x_fills), len(w_fills), len(drains)
        tiles += [tile.numbered_on(x, w, y) for tile in program.tiles] if x or w or y else program.tiles
        drains += [_numbered_on(drain, w, y) for drain in program.drains]
        x_fills += [fill if fill.source is None else replace(fill, source=fill.source + y) for fill in program.x_fills]
        w_fills += program.w_fills
    return OperationProgram(tuple(tiles), tuple(x_fills), tuple(w_fills), tuple(drains))


def turns_of(operations: int, tiles: int, *, ahead: bool) -> list[tuple[int, int]]:
    """(operation, tile) of fused operations in execution order: a tile of each by turns, or of two, the first a tile ahead.

    >>> turns_of(2, 3, ahead=True)
    [(0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (1, 2)]
    """
    if not ahead:
        return [(operation, tile) for tile in range(tiles) for operation in range(operations)]
    return sorted(itertools.product(range(2), range(tiles)), key=lambda turn: (turn[1] + turn[0], turn[0]))


def _numbered_on(drain: Drain, w: int, y: int) -> Drain:
    """A drain of a program that comes after others, of so many contents."""
    if drain.holds_w is None and drain.after is None:
        return drain
    holds_w, after = (None if number is None else number + before for number, before in ((drain.holds_w, w), (drain.after, y)))
    return replace(drain, holds_w=holds_w, after=after)


def interleaved(programs: Sequence[OperationProgram]) -> OperationProgram:
    """Fused operations: a tile of each by turns, of which each takes what the one before it leaves.

    All have as many tiles, each tile with an X and outputs of its own; W may stay over several.
    """
    if programs[0].ahead:
        return _one_ahead(*programs)
    steps = [list(zip(program.tiles, program.x_fills, program.drains, strict=True)) for program in programs]
    turns = turns_of(len(programs), len(programs[0].tiles), ahead=False)
    numbers: dict[tuple[int, int], int] = {}
    tiles: list[TileStep] = []
    x_fills: list[Fill] = []
    drains: list[Drain] = []
    for index, (member, place) in enumerate(turns):
        tile, fill, drain = steps[member][place]
        w = numbers.setdefault((member, tile.w), len(numbers))
        tiles.append(replace(tile, x=index, w=w, y=index))
        x_fills.append(replace(fill, source=index - 1) if fill.home == "chip" else fill)
        drains.append(drain)
    w_fills = tuple(programs[member].w_fills[w] for member, w in numbers)
    return OperationProgram(tuple(tiles), tuple(x_fills), w_fills, tuple(drains))


def _one_ahead(giver: OperationProgram, taker: OperationProgram) -> OperationProgram:
    """Two fused operations, of which the first is a tile ahead: while the second runs, the next of what it takes is on its way.

    That comes into the half in which the X of the first one's next tile lies, after which both are let go.
    """
    last = len(giver.tiles) - 1
    turns = turns_of(2, len(giver.tiles), ahead=True)
    left = {place: index for index, (member, place) in enumerate(turns) if member == 0}
    numbers: dict[tuple[int, int], int] = {}
    tiles: list[TileStep] = []
    for index, (member, place) in enumerate(turns):
        tile = (giver, taker)[member].tiles[place]
        w = numbers.setdefault((member, tile.w), len(numbers))
        tiles.append(replace(tile, x=place + member, w=w, y=index, awaits=left[place] if member else None))
    return OperationProgram(
        tiles=tuple(tiles),
        x_fills=(*giver.x_fills, replace(taker.x_fills[last], source=left[last])),
        w_fills=tuple((giver, taker)[member].w_fills[w] for member, w in numbers),
        drains=tuple((giver, taker)[member].drains[place] for member, place in turns),
    )


def joined(programs: Iterable[OperationProgram], depends_on: tuple[tuple[int, ...], ...]) -> Program:
    """The operations of a workload one after another."""
    whole = in_sequence(programs)
    return Program(whole.tiles, whole.x_fills, whole.w_fills, whole.drains, depends_on)


def content_indices(keys: list[tuple[int, ...]], first: int) -> list[int]:
    """Number the contents of a sequence of tiles: a new number whenever the next tile needs other content."""
    numbers: list[int] = []
    current = first - 1
    for position, key in enumerate(keys):
        if position == 0 or key != keys[position - 1]:
            current += 1
        numbers.append(current)
    return numbers


def content_changes(order: LoopOrder, m_tiles: int, rounds: int, k_tiles: int) -> tuple[int, int]:
    """How often X (round, K tile) and W (M tile, K tile) are brought in."""
    tiles = m_tiles * rounds * k_tiles
    if k_tiles > 1:
        return tiles, m_tiles * k_tiles if order == "m_k_rounds" else tiles
    if order != "rounds_m":
        return (tiles if rounds > 1 else 1), m_tiles
    return rounds, (tiles if m_tiles > 1 else 1)
