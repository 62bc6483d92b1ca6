"""The results store: SQLite, one row a point, keyed by a hash of everything that determines it.

Timing is a table of its own, so that another technology prices what was counted once. Every commit is whole: a process that
is killed loses what it was computing, never what it had stored. Several processes may share a store.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from simulator.errors import OutputError
from simulator.explore.record import Outcome

SCHEMA = 1
_BUSY_MS = 60_000
_MANY = 500
_TABLES = """
CREATE TABLE timings (key TEXT PRIMARY KEY, activity TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE points (
    key TEXT PRIMARY KEY, timing TEXT NOT NULL, record TEXT, failure TEXT, reason TEXT NOT NULL,
    CHECK ((record IS NULL) <> (failure IS NULL))
) WITHOUT ROWID;
CREATE TABLE sweeps (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, spec TEXT NOT NULL, version TEXT NOT NULL, started TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE members (
    sweep TEXT NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
    place INTEGER NOT NULL, point TEXT NOT NULL, assignments TEXT NOT NULL,
    PRIMARY KEY (sweep, place)
) WITHOUT ROWID;
CREATE INDEX members_by_point ON members (point);
"""
# of its own statement, so that a store that was made before there were searches gets it too
_SIZES = "CREATE TABLE IF NOT EXISTS sizes (key TEXT PRIMARY KEY, found TEXT NOT NULL) WITHOUT ROWID"


@dataclass(frozen=True)
class StoredPoint:
    """One row."""

    key: str
    record: Mapping[str, Any] | None
    failure: str | None
    reason: str


@dataclass(frozen=True)
class StoredSweep:
    """A sweep that has been run, in whole or in part."""

    id: str
    name: str
    spec: Mapping[str, Any]
    version: str
    started: str
    points: int
    done: int
    failed: int


class Store:
    """An open store; use it as a context manager.

    with Store(path) as store:
        store.add([outcome], {timing_key: activity_text})
        store.points([outcome.key])
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError where the file is no store, or cannot be made."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._base.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise OutputError(f"{path}: cannot be used as a results store: {error}") from error

    def _open(self) -> None:
        self._base.execute("PRAGMA foreign_keys = ON")
        with self._change():
            found = self._base.execute("PRAGMA user_version").fetchone()[0]
            tables = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if found == 0 and tables == 0:
                for statement in _TABLES.split(";\n"):
                    self._base.execute(statement)
                self._base.execute(f"PRAGMA user_version = {SCHEMA}")
            elif found != SCHEMA:
                raise OutputError(f"{self.path}: a store of another kind or version ({found}); this sparsim reads version {SCHEMA}")
            self._base.execute(_SIZES)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._base.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction: all of it is stored, or none."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def add(self, outcomes: Iterable[Outcome], activities: Mapping[str, str]) -> None:
        """Store points and the activities they were priced from. A point that is there stays, unless it had failed."""
        rows = [(item.key, item.timing_key, item.text, item.failure, item.reason) for item in outcomes]
        with self._change():
            self._base.executemany("INSERT OR IGNORE INTO timings VALUES (?, ?)", activities.items())
            self._base.executemany(
                "INSERT INTO points VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
                "record = excluded.record, failure = excluded.failure, reason = excluded.reason WHERE points.record IS NULL",
                rows,
            )

    def points(self, keys: Iterable[str]) -> dict[str, StoredPoint]:
        """The points that are there, by key."""
        found = self._where_in("SELECT key, record, failure, reason FROM points WHERE key IN", keys)
        return {row[0]: StoredPoint(row[0], None if row[1] is None else json.loads(row[1]), row[2], row[3]) for row in found}

    def activities(self, keys: Iterable[str]) -> dict[str, str]:
        """The activities that are there, as text, by timing key."""
        return dict(self._where_in("SELECT key, activity FROM timings WHERE key IN", keys))

    def sizes(self, key: str) -> dict[str, Any] | None:
        """What a search for the best sizes has found; None where there was none."""
        row = self._base.execute("SELECT found FROM sizes WHERE key = ?", (key,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def add_sizes(self, key: str, found: Mapping[str, Any]) -> None:
        """Keep what a search has found."""
        with self._change():
            self._base.execute("INSERT OR REPLACE INTO sizes VALUES (?, ?)", (key, json.dumps(found)))

    def begin(self, sweep: str, name: str, spec: Mapping[str, Any], version: str, started: str) -> None:
        """Note that a sweep runs; a sweep of the same id keeps its members."""
        with self._change():
            self._base.execute("INSERT OR IGNORE INTO sweeps VALUES (?, ?, ?, ?, ?)", (sweep, name, json.dumps(spec), version, started))

    def enlist(self, sweep: str, members: Iterable[tuple[int, str, Mapping[str, Any]]]) -> None:
        """Note which points belong to a sweep: place in it, key, values of its axes."""
        rows = [(sweep, place, key, json.dumps(assignments, ensure_ascii=False)) for place, key, assignments in members]
        with self._change():
            self._base.executemany("INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)", rows)

    def sweeps(self) -> list[StoredSweep]:
        """All sweeps, the last started first."""
        rows = self._base.execute(
            "SELECT id, name, spec, version, started, count(place), count(record), count(failure) FROM sweeps "
            "LEFT JOIN members ON sweep = id LEFT JOIN points ON key = point GROUP BY id ORDER BY started DESC, id"
        )
        return [StoredSweep(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]

    def members(self, sweep: str) -> list[tuple[int, dict[str, Any], StoredPoint | None]]:
        """Place, values of the axes, and row of each point of a sweep; no row where it has not been run."""
        rows = self._base.execute(
            "SELECT place, assignments, point, record, failure, reason, key IS NOT NULL FROM members "
            "LEFT JOIN points ON key = point WHERE sweep = ? ORDER BY place",
            (sweep,),
        )
        return [
            (
                place,
                json.loads(values),
                StoredPoint(key, None if record is None else json.loads(record), failure, reason) if there else None,
            )
            for place, values, key, record, failure, reason, there in rows
        ]

    def remove(self, sweeps: Sequence[str]) -> tuple[int, int]:
        """Remove sweeps, and what no other sweep needs; return how many points and timings went."""
        with self._change():
            self._base.executemany("DELETE FROM sweeps WHERE id = ?", [(sweep,) for sweep in sweeps])
            points = self._base.execute("DELETE FROM points WHERE key NOT IN (SELECT point FROM members)").rowcount
            timings = self._base.execute("DELETE FROM timings WHERE key NOT IN (SELECT timing FROM points)").rowcount
        self._base.execute("VACUUM")
        return points, timings

    def _where_in(self, query: str, keys: Iterable[str]) -> list[Any]:
        wanted, rows = list(dict.fromkeys(keys)), []
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            rows += self._base.execute(f"{query} ({','.join('?' * len(some))})", some).fetchall()
        return rows
