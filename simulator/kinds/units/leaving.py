"""Which rows leave a fabric of units with a tile, and which of them finished (rules 9 and 16)."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.units.rows import RowParts
from simulator.system.program import Span

Ints = NDArray[np.int64]


class Leaving(Struct, frozen=True, eq=False):
    """Of one token word, after one tile."""

    finished: Ints
    """Output features to which no later K tile adds."""
    added: Ints
    """Those of them that travel as sums: in parts that are added on the way, or to be added to what earlier K tiles left."""
    added_parts: int
    """Row words of these."""
    out: int
    """Rows whose sums go out, for later K tiles."""
    out_parts: int
    back: int
    """Rows whose sums of earlier K tiles come back."""
    parts: int
    """Row words in all."""
    additions: int
    """Row words that are added to others."""


class LeavingRows:
    """What leaves with each tile of an operation, of whose rows, or parts of rows, the entries by K tile are known."""

    def __init__(self, parts: RowParts, entries: Ints, rows: int) -> None:
        """`entries` is [parts, K tiles that sums are summed over on the fabric]: a single column where they stay."""
        self.parts, self.touched = parts, entries > 0
        tiles = entries.shape[1]
        self.first, self.last = np.full(rows, tiles), np.full(rows, -1)
        """[rows] K tiles that a row has its first and last entries in; a row without any is finished with the last of all."""
        np.minimum.at(self.first, parts.row, self.touched.argmax(axis=1))
        np.maximum.at(self.last, parts.row, tiles - 1 - self.touched[:, ::-1].argmax(axis=1))
        self.last[self.last < 0] = tiles - 1

    def of(self, rows: Span, k: int) -> Leaving:
        """After a tile of a range of rows and of a K tile."""
        here = self.parts.of_rows(*rows)
        row, count = np.unique(self.parts.row[here][self.touched[here, k]], return_counts=True)
        back, done = self.first[row] < k, self.last[row] == k
        added = done & (back | (count > 1))
        return Leaving(
            finished=rows[0] + np.flatnonzero(self.last[slice(*rows)] == k),
            added=row[added],
            added_parts=int(count[added].sum()),
            out=int((~done).sum()),
            out_parts=int(count[~done].sum()),
            back=int(back.sum()),
            parts=int(count.sum()),
            additions=int(count.sum()) - len(row) + int(back.sum()),
        )
