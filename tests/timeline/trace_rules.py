"""The rules of the Chrome trace event format, as far as a timeline uses it; and what tracks add up to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Event = dict[str, Any]


def check(events: list[Event]) -> None:
    """Phases and fields that are known; tracks named, in order and nested; counters in order that end at none; pairs that close."""
    named = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    open_until: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    counted: dict[tuple[int, str], tuple[int, int]] = {}
    begun: dict[tuple[str, int, int], int] = {}
    for event in events:
        assert isinstance(event["ts"], int)
        assert event["ts"] >= 0
        if event["ph"] == "X":
            track = event["pid"], event["tid"]
            assert track in named
            assert isinstance(event["dur"], int)
            assert event["dur"] >= 0
            within = open_until[track]
            start, end = event["ts"], event["ts"] + event["dur"]
            assert not within or within[-1][0] <= start
            while within and within[-1][1] <= start:
                within.pop()
            assert not within or end <= within[-1][1], f"{event} leaves what it began in"
            within.append((start, end))
        elif event["ph"] == "C":
            counter = event["pid"], event["name"]
            (value,) = event["args"].values()
            before = counted.get(counter, (-1, 0))
            assert event["ts"] > before[0]
            assert value >= 0
            assert value != before[1]
            counted[counter] = event["ts"], value
        elif event["ph"] == "b":
            begun[event["cat"], event["pid"], event["id"]] = event["ts"]
        elif event["ph"] == "e":
            assert begun.pop((event["cat"], event["pid"], event["id"])) <= event["ts"]
        else:
            assert event["ph"] == "M"
            assert event["name"] in ("process_name", "process_sort_index", "thread_name", "thread_sort_index")
    assert not begun
    assert all(value == 0 for _, value in counted.values())


def tracks(events: list[Event], process: int = 1) -> dict[str, list[Event]]:
    """Slices of a process by the names of their tracks."""
    names = {
        event["tid"]: event["args"]["name"]
        for event in events
        if event["ph"] == "M" and (event["name"], event["pid"]) == ("thread_name", process)
    }
    found: dict[str, list[Event]] = {name: [] for name in names.values()}
    for event in events:
        if event["ph"] == "X" and event["pid"] == process:
            found[names[event["tid"]]].append(event)
    return found


def total(slices: list[Event], argument: str) -> int:
    """Of an argument, where slices have it."""
    return sum(each["args"].get(argument, 0) for each in slices)
