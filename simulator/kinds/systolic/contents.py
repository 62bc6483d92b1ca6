"""What the two halves of an edge buffer hold over the tiles of an operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
NOTHING = -1


class Contents(Struct, frozen=True, eq=False):
    """The contents of one kind of buffer over the tiles of an operation; parts of an operand are known by numbers."""

    indices: Ints
    """[tiles] content that each needs."""
    filled: Ints
    """[contents] part that is brought in; NOTHING where no tile of the operation does anything, or where it lies there still."""
    covered: tuple[Ints, Ints]
    """Contents and parts, pair by pair: what the presence bits that come with a content cover, itself and empty parts passed over."""

    def presence_bytes(self, bits: Ints) -> Ints:
        """[contents] whole bytes of presence bits, given those of each part."""
        contents, parts = self.covered
        before = np.concatenate(([0], np.cumsum(bits[parts])))
        ends = np.searchsorted(contents, np.arange(len(self.filled) + 1))
        return -(-np.diff(before[ends]) // 8)

    def of_filled(self, values: Ints) -> Ints:
        """[contents] something that each part has, 0 where none is brought in."""
        return np.where(self.filled == NOTHING, 0, values[self.filled])


def contents(parts: Ints, run: Mask) -> Contents:
    """Number the contents, given the part that each tile has, and whether it runs a fold: one that does not keeps what lies there.

    Contents take the two halves by turns: what was in a half, and is wanted there again, is not brought in again.
    """
    carried = parts if run.all() else _carried(parts, run)
    indices = np.cumsum(np.concatenate(([False], carried[1:] != carried[:-1])))
    filled = np.empty(indices[-1] + 1, dtype=np.int64)
    filled[indices] = carried
    if carried is parts:  # each covers itself alone
        content, part = np.arange(len(filled)), filled.copy()
    else:
        most = int(parts.max()) + 1
        content, part = np.divmod(np.unique(indices * most + parts), most)
    brought = np.ones(len(filled), dtype=np.bool_)
    brought[list(_lying(filled, content, part))] = False
    filled[~brought] = NOTHING
    kept = brought[content]
    return Contents(indices, filled, (content[kept], part[kept]))


def _carried(parts: Ints, run: Mask) -> Ints:
    """[tiles] part that lies in the buffer while each of them is met."""
    runs = np.flatnonzero(run)
    if not runs.size:
        return np.full(len(parts), NOTHING)
    before = np.maximum.accumulate(np.where(run, np.arange(len(run)), -1))
    return np.asarray(parts[np.where(before < 0, runs[0], before)])


def _lying(filled: Ints, content: Ints, part: Ints) -> Iterable[int]:
    """Contents that lie in their half still, with presence bits of all that they must cover."""
    again = np.flatnonzero(filled[2:] == filled[:-2]) + 2
    if len(content) == len(filled):  # each covers itself alone
        return again.tolist()
    return _lying_with_more(filled, again, np.split(part, np.flatnonzero(np.diff(content)) + 1))


def _lying_with_more(filled: Ints, again: Ints, covered: list[Ints]) -> Iterator[int]:
    covers = [frozenset(of.tolist()) for of in covered]
    for index in again.tolist():
        if covers[index] <= covers[index - 2]:
            covers[index] = covers[index - 2]
            yield index
