"""What was worked out before, found again by the content of all that it was worked out from."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache, wraps
from operator import contains
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

import numpy as np
from msgspec import Struct
from pydantic import BaseModel

T = TypeVar("T")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Recall:
    """Remembers results by their givens, the latest used first; so many pieces at most, whatever a caller counts as a piece.

    Givens that have equal content have equal results: `make` must read nothing else. One that remembers nothing costs nothing.

    >>> recall, log = Recall(2), []
    >>> [recall.of((n,), lambda n=n: log.append(n) or n * n) for n in (3, 3, 4, 5, 3)]
    [9, 9, 16, 25, 9]
    >>> log
    [3, 4, 5, 3]
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.pieces = 0
        self._results: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Recall], tuple[int]]:
        """What another process is sent has nothing to remember yet."""
        return type(self), (self.most,)

    def of(self, givens: tuple[Any, ...], make: Callable[[], T], pieces: Callable[[T], int] = lambda result: 1) -> T:
        """The result of these givens, made where it is not remembered. TypeError for givens whose content cannot be told."""
        return self.of_key(fingerprint(givens), make, pieces) if self.most else make()

    def of_key(self, key: Hashable, make: Callable[[], T], pieces: Callable[[T], int] = lambda result: 1) -> T:
        """The result that has this key, made where it is not remembered: for givens that are quicker compared than walked.

        An object in a key that has no content to compare by is the `Same`.
        """
        if not self.most:
            return make()
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                result: T = self._results[key][0]
                return result
        result = make()
        self._keep(key, result, pieces(result))
        return result

    def of_sizes(
        self,
        key: Hashable,
        sizes: Sequence[int],
        make: Callable[[], tuple[T, Sequence[range]]],
        pieces: Callable[[T], int] = lambda result: 1,
    ) -> T:
        """The result that has this key and these sizes, made where none is remembered that holds for them, at whatever sizes it was made.

        `make` gives a result, and the sizes for which it is the same.

        >>> recall, log = Recall(9), []
        >>> def made(size):
        ...     log.append(size)
        ...     return min(size, 4), [range(4, 100) if size >= 4 else range(size, size + 1)]
        >>> [recall.of_sizes("at most four", [n], lambda n=n: made(n)) for n in (3, 7, 5, 4, 3, 9)], log
        ([3, 4, 4, 4, 3, 4], [3, 7])
        """
        if not self.most:
            return make()[0]
        known: list[tuple[range, ...]] = self.of_key(("sizes", key), list)
        with self._lock:
            for held in known:
                if (key, held) in self._results and all(map(contains, held, sizes)):
                    self._results.move_to_end((key, held))
                    found: T = self._results[key, held][0]
                    return found
        result, held_for = make()
        held = tuple(held_for)
        self._keep((key, held), result, pieces(result))
        with self._lock:
            known[:] = [each for each in (*known, held) if (key, each) in self._results]
        return result

    def named(self, key: Hashable) -> Same:
        """The same object for equal keys, as long as it is remembered: a part of other keys that is hashed and compared at once.

        >>> recall = Recall(2)
        >>> recall.named(("long", 1)) == recall.named(("long", 1)), recall.named(("long", 1)) == recall.named(("long", 2))
        (True, False)
        """
        return self.of_key(key, lambda: Same(object()))

    def _keep(self, key: Hashable, result: Any, pieces: int) -> None:
        with self._lock:
            if key in self._results or pieces > self.most:
                return
            self._results[key] = result, pieces
            self.pieces += pieces
            while self.pieces > self.most:
                self.pieces -= self._results.popitem(last=False)[1][1]


NOTHING = Recall(0)
"""Remembers nothing."""


class Same:
    """An object in a key, equal to itself alone. It is held, so that no other takes its place in memory."""

    __slots__ = ("of",)

    def __init__(self, of: Any) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.of is other.of

    def __hash__(self) -> int:
        return id(self.of)


def by_identity(most: int) -> Callable[[FunctionT], FunctionT]:
    """Remember what a function made of its first argument, an object that does not change: of the last so many.

    >>> @by_identity(2)
    ... def total(numbers, more=0):
    ...     print("adding")
    ...     return sum(numbers) + more
    >>> numbers = [1, 2]
    >>> total(numbers), total(numbers), total(numbers, more=1)
    adding
    adding
    (3, 3, 4)
    """

    def remembering(make: FunctionT) -> FunctionT:
        kept = lru_cache(maxsize=most)(lambda of, *more, **named: make(of.of, *more, **named))

        @wraps(make)
        def found(of: object, *more: Hashable, **named: Hashable) -> Any:
            return kept(Same(of), *more, **named)

        return cast("FunctionT", found)

    return remembering


def fingerprint(value: Any) -> bytes:
    """Hash of the content of a value, walked to its ends: equal for equal content, whatever objects hold it.

    Of a record (a `Struct` or a dataclass) its fields, but those that start with `_`, in which an object keeps what it has
    worked out; of one that has a `sha256` that alone; of a function its name and what it closes over; of an object with `made_of()`
    what that returns.
    TypeError for anything else, so that nothing is left out unnoticed.
    """
    hasher = hashlib.blake2b(digest_size=32)
    _Walk(hasher.update).feed(value)
    return hasher.digest()


_PLAIN = (bool, int, float, str, bytes, Path)
_SEQUENCES = (tuple, list)


@lru_cache(maxsize=1024)
def _shown(of: type[Any]) -> tuple[str, ...]:
    """Fields of a record that are its content."""
    names = list(of.__struct_fields__) if issubclass(of, Struct) else [field.name for field in fields(of)]
    return ("sha256",) if "sha256" in names else tuple(name for name in names if not name.startswith("_"))


class _Walk:
    """One walk; what is met again is told by the place where it was met first."""

    def __init__(self, update: Callable[[Any], None]) -> None:
        self._update = update
        self._met: dict[int, tuple[int, Any]] = {}

    def feed(self, value: Any) -> None:
        """Walk a value to its ends."""
        if value is None or isinstance(value, _PLAIN):
            self._say(type(value).__name__, value)
        elif isinstance(value, np.generic):
            self.feed(value.item())
        elif isinstance(value, _SEQUENCES):
            self._say("sequence", len(value))
            for each in value:
                self.feed(each)
        elif id(value) in self._met:
            self._say("again", self._met[id(value)][0])
        else:
            # held until the end, so that no other object takes its id
            self._met[id(value)] = len(self._met), value
            self._feed_object(value)

    def _say(self, kind: str, content: object) -> None:
        text = str(content)
        self._update(f"{kind}:{len(text)}:{text}".encode())

    def _feed_object(self, value: Any) -> None:
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            self._say("array", f"{value.dtype.str}{value.shape}")
            self._update(np.ascontiguousarray(value).data)
        elif isinstance(value, Mapping):
            self.feed(list(value.items()))
        elif isinstance(value, BaseModel):
            content = value.__dict__
            self._feed_members(value, {name: content[name] for name in type(value).model_fields if name in content})
        elif isinstance(value, Struct) or (is_dataclass(value) and not isinstance(value, type)):
            self._feed_members(value, {name: getattr(value, name) for name in _shown(type(value))})
        elif hasattr(value, "made_of"):
            self._feed_members(value, {"made of": value.made_of()})
        elif isinstance(value, FunctionType):
            closed = [cell.cell_contents for cell in value.__closure__ or ()]
            self.feed([value.__module__, value.__qualname__, closed, value.__defaults__, value.__kwdefaults__])
        elif isinstance(getattr(value, "__wrapped__", None), FunctionType):
            self.feed(value.__wrapped__)
        else:
            raise TypeError(f"the content of a {type(value).__qualname__} cannot be told")

    def _feed_members(self, value: Any, members: Mapping[str, Any]) -> None:
        """Their names go with the type."""
        self._say("object", f"{type(value).__module__}.{type(value).__qualname__}({','.join(members)})")
        for member in members.values():
            self.feed(member)
