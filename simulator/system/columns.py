"""Parts of transfers in columns: of what streams there are hundreds of thousands, of which few are ever looked at one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from simulator.system.program import NO_SUMS, Drain, Fill, Part, Sums

Ints = NDArray[np.int64]
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
        return cls(np.zeros((len(FIELDS), count), dtype=np.int64)).replaced(**columns)

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
        size, bank_cycles, extra_bus_bytes, space, behind, *sums = self.table[:, place].tolist()
        return Part(size, bank_cycles, extra_bus_bytes, space, behind, Sums(*sums) if any(sums) else NO_SUMS)

    def __len__(self) -> int:
        return int(self.table.shape[1])

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"PartColumns.of({list(self)})"


def _of_sums(sums: Sums) -> tuple[int, int, int]:
    return sums.out_bytes, sums.back_bytes, sums.bus_bytes


def by_part(transfers: Sequence[Fill] | Sequence[Drain], of_transfers: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """[parts] what is known of their transfers."""
    return np.repeat(np.asarray(of_transfers), np.array([len(transfer.parts) for transfer in transfers], dtype=np.int64))
