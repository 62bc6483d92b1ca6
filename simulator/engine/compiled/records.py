"""Records in the memory that the kernels work on: declared once, as classes, for kernels, for NumPy and for mypy.

A memory is one array. A record is known by its address in it, counted in places of 32 bits; its fields follow each other
as its class declares them:

    class Link(Record):
        inputs: int                 a number of 32 bits
        grants: Wide                a number of 64 bits
        unmatched: Array[Wide]      numbers or records that follow each other, elsewhere: the address of the first
        winners: Table[Buffer]      references that follow each other, elsewhere: the address of the first
        widest: Channel             a reference: the address of a record; 0 means none
        queue: Inside[Queue]        a record within this one
        end: Here[Flit]             this address, seen as another record; takes no room
        nobody: Nowhere[Nobody]     the record at address 0; takes no room

In a kernel `link.widest.wanted += 1` is two loads, an addition and a store (`intrinsics.py`). In Python
`view(memory, Link, first, count).inputs = 4` writes that field of so many links.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Memory = NDArray[np.int64]
"""All records of a fabric."""
Addresses = NDArray[np.int64]
"""Addresses of records."""
Numbers = list[int]
"""What a kernel sees of an array of integers, whatever their width."""

T = TypeVar("T")

Wide = Annotated[int, "wide"]
Inside = Annotated[T, "inside"]
Here = Annotated[T, "here"]
Nowhere = Annotated[T, "nowhere"]

Form = Literal["number", "wide", "record", "array", "table"]
Storage = Literal["stored", "inside", "here", "nowhere"]


class Record:
    """A record at an address. Only kernels have such objects; two are equal if they are one record, and that at address 0 is false."""

    def __gt__(self, other: Record) -> bool:
        """Whether this record lies behind another of its array."""
        raise TypeError("records are objects of kernels only")


class Array(Generic[T]):
    """Numbers or records that follow each other. Only kernels have such objects."""

    def __getitem__(self, index: int) -> T:
        raise TypeError("arrays of records are objects of kernels only")

    def __setitem__(self, index: int, value: int) -> None:
        raise TypeError("arrays of records are objects of kernels only")


class Table(Generic[T]):
    """References that follow each other. Only kernels have such objects."""

    def __getitem__(self, index: int) -> T:
        raise TypeError("tables of records are objects of kernels only")

    def __setitem__(self, index: int, value: T) -> None:
        raise TypeError("tables of records are objects of kernels only")


class Kind(Struct, frozen=True):
    """What a field or an element is."""

    form: Form
    record: type[Record] | None = None
    """The record that it is or refers to, or that its elements are or refer to; None: numbers."""
    wide: bool = False
    """Whether numbers have 64 bits."""


class Field(Struct, frozen=True):
    """One field of a record."""

    kind: Kind
    place: Storage
    offset: int
    """Places from the record's address."""

    @property
    def size(self) -> int:
        """Places that it takes."""
        if self.place in ("here", "nowhere"):
            return 0
        if self.place == "inside" and self.kind.record is not None:
            return size_of(self.kind.record)
        return 2 if self.kind.form == "wide" else 1


class Declaration(Struct, frozen=True):
    """What a class of records declares."""

    fields: dict[str, Field]
    """Those of the classes that it extends first."""
    size: int
    """Places of a record."""
    dtype: np.dtype[Any]
    """A record as NumPy sees it; fields that take no room are left out."""


def fields_of(record: type[Record]) -> dict[str, Field]:
    """Every field of a record."""
    return _declared(record).fields


def size_of(record: type[Record]) -> int:
    """Places of a record."""
    return _declared(record).size


_DECLARED: dict[type[Record], Declaration] = {}


def _declared(record: type[Record]) -> Declaration:
    if record not in _DECLARED:
        _DECLARED[record] = _declare(record)
    return _DECLARED[record]


def _declare(record: type[Record]) -> Declaration:
    stands_for = _arguments(record)
    fields: dict[str, Field] = {}
    end = 0
    for name, hint in get_type_hints(record, include_extras=True).items():
        kind, place = _kind(hint, stands_for), _place(hint)
        field = Field(kind, place, end + end % 2 if kind.form == "wide" else end)
        fields[name] = field
        end = field.offset + field.size
    if any(field.kind.form == "wide" for field in fields.values()):
        end += end % 2
    stored = {name: field for name, field in fields.items() if field.size}
    dtype = np.dtype(
        {
            "names": list(stored),
            "formats": [_format(field) for field in stored.values()],
            "offsets": [4 * field.offset for field in stored.values()],
            "itemsize": 4 * end,
        }
    )
    return Declaration(fields, end, dtype)


class View:
    """Records in a memory as Python sees them: an attribute is a column [records], or a view of the records within."""

    __slots__ = ("_records",)

    def __init__(self, records: NDArray[np.void]) -> None:
        object.__setattr__(self, "_records", records)

    def __getattr__(self, name: str) -> Any:
        column = self._records[name]
        return View(column) if column.dtype.names else column

    def __setattr__(self, name: str, value: Any) -> None:
        self._records[name] = value


def view(memory: Memory, record: type[Record], first: int = 0, count: int = 1) -> View:
    """[count] records that follow each other from an address on; ValueError at an attribute that is no field."""
    return View(memory.view(np.int32)[first : first + count * size_of(record)].view(_declared(record).dtype))


def _arguments(record: type[Record]) -> dict[Any, Any]:
    """What the type variables of generic records stand for in a record that extends them."""
    stands_for: dict[Any, Any] = {}
    for base in record.__mro__:
        for parent in getattr(base, "__orig_bases__", ()):
            stands_for |= dict(zip(getattr(get_origin(parent), "__parameters__", ()), get_args(parent), strict=False))
    return stands_for


def _kind(hint: Any, stands_for: dict[Any, Any]) -> Kind:
    """What an annotation means."""
    if hint == Wide:
        return Kind("wide", wide=True)
    bare = stands_for.get(hint, hint.__bound__) if isinstance(hint, TypeVar) else hint
    bare = get_args(bare)[0] if get_origin(bare) is Annotated else bare
    if bare is int:
        return Kind("number")
    if get_origin(bare) in (Array, Table):
        element = _kind(get_args(bare)[0], stands_for)
        return Kind("array" if get_origin(bare) is Array else "table", element.record, element.wide)
    if isinstance(bare, type) and issubclass(bare, Record):
        return Kind("record", bare)
    raise TypeError(f"a field of a record is a number, a record, an array or a table, not {bare}")


def _place(hint: Any) -> Storage:
    """Where an annotation says that a field is."""
    marks = getattr(hint, "__metadata__", ())
    return next((mark for mark in marks if mark in ("inside", "here", "nowhere")), "stored")


def _format(field: Field) -> Any:
    if field.place == "inside" and field.kind.record is not None:
        return _declared(field.kind.record).dtype
    return np.int64 if field.kind.form == "wide" else np.int32
