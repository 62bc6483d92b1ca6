"""A timeline in the Chrome trace event format, which ui.perfetto.dev and chrome://tracing open.

The format's unit is the microsecond: one of them is one cycle here, whole, so that nothing is rounded. Slices are complete events
(`X`, with `dur`), counters are `C`, what may overlap is a pair of asynchronous `b` and `e`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """What a track was busy with, from a cycle to another."""

    begun: int
    end: int
    name: str
    args: Mapping[str, Any]


@dataclass(eq=False)
class Track:
    """Slices that follow one another, or lie within one another; of equal ones without a gap one is made, their sizes added up."""

    name: str
    slices: list[Slice] = field(default_factory=list)

    def add(self, begun: int, end: int, name: str, **args: Any) -> None:
        """One that lies within or behind those before it."""
        self.slices.append(Slice(begun, end, name, args))

    def moved(self, begun: int, end: int, name: str, size: int) -> None:
        """So many bytes, which go on with the last of that name where nothing lies between."""
        if self.slices and self.slices[-1].name == name and self.slices[-1].end >= begun:
            last = self.slices.pop()
            args = {"bytes": last.args["bytes"] + size, "transfers": last.args["transfers"] + 1}
            self.slices.append(Slice(last.begun, end, name, args))
        else:
            self.add(begun, end, name, bytes=size, transfers=1)

    @property
    def in_order(self) -> list[Slice]:
        """By their beginning, the ones that hold others before these."""
        return sorted(self.slices, key=lambda each: (each.begun, -each.end))


@dataclass(eq=False)
class Level:
    """How many of something there are: changes by cycle."""

    name: str
    changes: Counter[int] = field(default_factory=Counter)

    def during(self, begun: int, end: int) -> None:
        """One more from a cycle until another."""
        if end > begun:
            self.changes[begun] += 1
            self.changes[end] -= 1

    def values(self) -> Iterator[tuple[int, int]]:
        """(cycle, how many from then on), where it changes."""
        level = 0
        for cycle in sorted(self.changes):
            if self.changes[cycle]:
                level += self.changes[cycle]
                yield cycle, level


@dataclass(eq=False)
class Process:
    """A group of tracks and levels, as viewers show them together."""

    name: str
    tracks: list[Track] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    spans: list[Slice] = field(default_factory=list)
    """What may overlap."""

    def events(self, pid: int) -> Iterator[Event]:
        """Names first; then each track in order, each level, each span."""
        yield _named("process_name", pid, 0, name=self.name)
        yield _named("process_sort_index", pid, 0, sort_index=pid)
        for tid, track in enumerate(self.tracks, 1):
            yield _named("thread_name", pid, tid, name=track.name)
            yield _named("thread_sort_index", pid, tid, sort_index=tid)
        for tid, track in enumerate(self.tracks, 1):
            for each in track.in_order:
                yield {
                    "ph": "X",
                    "pid": pid,
                    "tid": tid,
                    "ts": each.begun,
                    "dur": each.end - each.begun,
                    "name": each.name,
                    "args": each.args,
                }
        for level in self.levels:
            for cycle, value in level.values():
                yield {"ph": "C", "pid": pid, "ts": cycle, "name": level.name, "args": {"count": value}}
        for number, span in enumerate(self.spans):
            same = {"cat": "operation", "id": number, "pid": pid, "tid": 0, "name": span.name}
            yield {"ph": "b", **same, "ts": span.begun, "args": span.args}
            yield {"ph": "e", **same, "ts": span.end}


@dataclass(frozen=True, eq=False)
class Timeline:
    """All that was seen, and what of."""

    processes: Sequence[Process]
    about: Mapping[str, Any]
    """Whose it is: shown by viewers among the facts of the file."""

    def events(self) -> Iterator[Event]:
        """In the order of the file."""
        for pid, process in enumerate(self.processes, 1):
            yield from process.events(pid)

    def encoded(self) -> bytes:
        """The file: one event a line."""
        about = json.dumps({"unit": "1 µs is one cycle", **self.about}, ensure_ascii=False)
        lines = ",\n".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in self.events())
        return f'{{"displayTimeUnit": "ns",\n"otherData": {about},\n"traceEvents": [\n{lines}\n]}}\n'.encode()


def _named(what: str, pid: int, tid: int, **args: Any) -> Event:
    return {"ph": "M", "pid": pid, "tid": tid, "ts": 0, "name": what, "args": args}
