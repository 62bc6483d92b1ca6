"""When clusters took what streams in, and wrote what streams out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from simulator.engine.batch import Ints, ends_of


class Milestones(Struct, frozen=True, eq=False):
    """Of one cluster, in cycles of its tile."""

    wanted: Ints
    """[pieces of the longest list] cycle in which a unit first took an entry of its piece of this number."""
    taken: Ints
    """[pieces of the longest list] cycle in which the last unit took the last entry of its piece of this number, and of all before."""
    written: Ints
    """[row words] cycle × units + unit of each write of one into an output bank, in order."""


class ManyMilestones(Struct, frozen=True, eq=False):
    """Of many clusters, those of one after those of another.

    several = ManyMilestones.of([one, other])
    several.at([1]).wanted  # of the other
    """

    wanted: Ints
    taken: Ints
    written: Ints
    piece_ptr: Ints
    """[clusters + 1] where the pieces of each begin, and the last end."""
    row_ptr: Ints
    """[clusters + 1] the same of row words."""

    @classmethod
    def of(cls, clusters: Sequence[Milestones]) -> ManyMilestones:
        """Put them together; of one cluster at least."""
        return cls(
            np.concatenate([each.wanted for each in clusters]),
            np.concatenate([each.taken for each in clusters]),
            np.concatenate([each.written for each in clusters]),
            ends_of([len(each.wanted) for each in clusters]),
            ends_of([len(each.written) for each in clusters]),
        )

    def __len__(self) -> int:
        return len(self.piece_ptr) - 1

    def __getitem__(self, cluster: int) -> Milestones:
        pieces = slice(self.piece_ptr[cluster], self.piece_ptr[cluster + 1])
        return Milestones(self.wanted[pieces], self.taken[pieces], self.written[slice(self.row_ptr[cluster], self.row_ptr[cluster + 1])])

    def __iter__(self) -> Iterator[Milestones]:
        return map(self.__getitem__, range(len(self)))

    def at(self, places: Sequence[int]) -> ManyMilestones:
        """Of some of them: without copying, where they stand together."""
        first, count = places[0], len(places)
        if list(places) != list(range(first, first + count)):
            return ManyMilestones.of([self[place] for place in places])
        piece_ptr, row_ptr = self.piece_ptr[first : first + count + 1], self.row_ptr[first : first + count + 1]
        pieces, rows = slice(piece_ptr[0], piece_ptr[-1]), slice(row_ptr[0], row_ptr[-1])
        return ManyMilestones(self.wanted[pieces], self.taken[pieces], self.written[rows], piece_ptr - piece_ptr[0], row_ptr - row_ptr[0])
