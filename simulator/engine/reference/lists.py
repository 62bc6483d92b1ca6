"""How lists come to the units of a cluster, piece after piece, where each unit is in its own, and when (rule 8)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulator.engine.milestones import Milestones
from simulator.engine.work import TileWork


@dataclass(eq=False)
class Pieces:
    """The n-th pieces of all units come together, once all have taken those whose places they get."""

    work: TileWork
    wanted: list[int] = field(default_factory=list)
    """[pieces so far] cycle in which a unit first took an entry of it."""
    taken: list[int] = field(default_factory=list)
    """[pieces so far] cycle in which the last unit took the last entry of it, and of all before."""
    written: list[int] = field(default_factory=list)
    """[row words so far] cycle × units + unit of each write into an output bank."""

    def __post_init__(self) -> None:
        self.readers = self.work.piece_readers().tolist()

    @property
    def milestones(self) -> Milestones:
        """Of a tile that is done."""
        return Milestones(*(np.array(times, dtype=np.int64) for times in (self.wanted, self.taken, sorted(self.written))))

    def here(self, piece: int, cycle: int) -> bool:
        """Whether a piece can be here, by what units had taken at the end of the cycle before."""
        gone = piece - self.work.stream.fifo_pieces
        return gone < 0 or (gone < len(self.taken) and self.taken[gone] < cycle)

    def begin(self, piece: int, cycle: int) -> None:
        """A unit takes the first entry of its piece."""
        if piece == len(self.wanted):
            self.wanted.append(cycle)

    def finish(self, piece: int, cycle: int) -> None:
        """A unit takes the last entry of its piece."""
        self.readers[piece] -= 1
        while len(self.taken) < len(self.readers) and not self.readers[len(self.taken)]:
            self.taken.append(cycle)


class ListWalk:
    """A unit's way through its list: entry after entry, each for all token words in turn."""

    def __init__(self, pieces: Pieces, unit: int) -> None:
        work = pieces.work
        self.pieces = pieces
        self.unit = unit
        self.piece_steps = work.stream.piece_entries * work.token_words
        self.steps = int(work.unit_ptr[unit + 1] - work.unit_ptr[unit]) * work.token_words
        self.position = 0
        self.last_scan = -1

    @property
    def done(self) -> bool:
        """Whether the whole list has been taken."""
        return self.position == self.steps

    def ahead(self, cycle: int) -> bool:
        """Whether the entry at hand is in a piece that cannot be here, since a slower unit still has one in its place."""
        piece, step = divmod(self.position, self.piece_steps)
        return not step and not self.done and not self.pieces.here(piece, cycle)

    def take(self, cycle: int) -> None:
        """Take the entry at hand for the token word at hand."""
        piece, step = divmod(self.position, self.piece_steps)
        if not step:
            self.pieces.begin(piece, cycle)
        self.position += 1
        self.last_scan = cycle
        if self.done or step + 1 == self.piece_steps:
            self.pieces.finish(piece, cycle)

    def write(self, cycle: int) -> None:
        """A row word is written."""
        self.pieces.written.append(cycle * self.pieces.work.units + self.unit)
