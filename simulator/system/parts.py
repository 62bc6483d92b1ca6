"""Parts of transfers, one by one and in columns: of what streams there are hundreds of thousands, few of which are ever looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Sums(Struct, frozen=True):
    """Partial sums that a part of a drain takes out, for later K tiles to go on from, and those of earlier ones that come back to it."""

    out_bytes: int = 0
    back_bytes: int = 0
    """Read where they live, and added to what the bus brings."""
    bus_bytes: int = 0
    """What the drain bus carries of those that go out."""

    @classmethod
    def total(cls, each: Iterable[Sums]) -> Sums:
        """All together."""
        sums = [one for one in each if one is not NO_SUMS]
        if not sums:
            return NO_SUMS
        return cls(*(sum(getattr(one, name) for one in sums) for name in cls.__struct_fields__))


NO_SUMS = Sums()


class Part(Struct, frozen=True):
    """One transfer of a fill or a drain: a token group's share of it, or a piece of what streams."""

    bytes: int
    bank_cycles: int = 0
    """Least cycles that the fullest on-chip bank needs to take it."""
    extra_bus_bytes: int = 0
    """Bytes that a drain carries over its bus only: partial sums that are added on the way."""
    space: int = 0
    """Of a fill of W that streams: its share of MEMORY."""
    behind: int = 0
    """Of a drain that streams: parts before it, of its operation, that may be in the Y memory when its first row is written."""
    sums: Sums = NO_SUMS
    """Of a drain, beside the finished rows that are its bytes."""


FIELDS = ("bytes", "bank_cycles", "extra_bus_bytes", "space", "behind", "sums_out", "sums_back", "sums_bus")
_PLACE = {name: place for place, name in enumerate(FIELDS)}


@dataclass(frozen=True, eq=False, repr=False)
class PartColumns(Sequence[Part]):
    """The parts of a transfer, or of several; each is made when it is looked at.

    >>> columns = PartColumns.of([Part(8), Part(4, space=2)])
    >>> columns["bytes"].tolist(), columns[1].space, len(columns)
    ([8, 4], 2, 2)
    >>> columns.replaced(bytes=columns["bytes"] + 1) == (Part(9), Part(5, space=2))
    True
    """

    table: Ints
    """[fields, parts]"""

    @classmethod
    def of(cls, parts: Sequence[Part]) -> PartColumns:
        """The same parts."""
        if isinstance(parts, cls):
            return parts
        rows = [(one.bytes, one.bank_cycles, one.extra_bus_bytes, one.space, one.behind, *_of_sums(one.sums)) for one in parts]
        return cls(np.array(rows, dtype=np.int64).reshape(len(rows), len(FIELDS)).T)

    @classmethod
    def made(cls, count: int, **columns: Ints | int) -> PartColumns:
        """So many parts; what is not told is 0."""
        table = np.zeros((len(FIELDS), count), dtype=np.int64)
        for name, column in columns.items():
            table[_PLACE[name]] = column
        return cls(table)

    @classmethod
    def joined(cls, several: Iterable[Sequence[Part]]) -> PartColumns:
        """All parts, in order."""
        tables = [np.zeros((len(FIELDS), 0), dtype=np.int64)]
        for _, group in itertools.groupby(several, lambda parts: isinstance(parts, cls)):
            alike = list(group)
            tables += [each.table for each in alike if isinstance(each, cls)] or [cls.of(list(itertools.chain.from_iterable(alike))).table]
        return cls(np.concatenate(tables, axis=1))

    def replaced(self, **columns: Ints | int) -> PartColumns:
        """With other columns."""
        table = self.table.copy()
        for name, column in columns.items():
            table[_PLACE[name]] = column
        return PartColumns(table)

    @overload
    def __getitem__(self, place: str) -> Ints: ...
    @overload
    def __getitem__(self, place: int) -> Part: ...
    @overload
    def __getitem__(self, place: slice) -> PartColumns: ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, str):
            return self.table[_PLACE[place]]
        if isinstance(place, slice):
            return PartColumns(self.table[:, place])
        return _part(*self.table[:, place].tolist())

    def __iter__(self) -> Iterator[Part]:
        """All at once: one by one, each would be a slice of the table."""
        return itertools.starmap(_part, self.table.T.tolist())

    def __len__(self) -> int:
        return int(self.table.shape[1])

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"PartColumns.of({list(self)})"


def _part(size: int, bank_cycles: int, extra_bus_bytes: int, space: int, behind: int, *sums: int) -> Part:
    return Part(size, bank_cycles, extra_bus_bytes, space, behind, Sums(*sums) if any(sums) else NO_SUMS)


def _of_sums(sums: Sums) -> tuple[int, int, int]:
    return sums.out_bytes, sums.back_bytes, sums.bus_bytes
