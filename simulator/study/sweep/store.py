"""The results store: SQLite, one row a point, keyed by a hash of everything that determines it.

Timing is a table of its own, so that another technology prices what was counted once. Every commit is whole: a process that
is killed loses what it was computing, never what it had stored. Several processes may share a store.

What SQLite refuses, and what a damaged file holds, is an OutputError that names the file, from every method.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from simulator.errors import OutputError
from simulator.study.sweep.point import ComputedPoint, Failure, to_text
from simulator.version import MODEL_VERSION

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
_SUMS = "CREATE TABLE checksums (of TEXT, key TEXT, sum TEXT NOT NULL, PRIMARY KEY (of, key)) WITHOUT ROWID"
_SUMMED = {"timings": "key, activity", "points": "key, timing, record, failure, reason", "sizes": "key, found"}
"""Tables whose rows have checksums, and the columns of which: SQLite notices a damaged page, not a changed digit."""


def _sum(*row: Any) -> str:
    # SQLite keeps bytes in columns of text, if somebody puts them there: they are not what was written, but have a sum too
    return hashlib.blake2b(json.dumps(row, default=repr).encode(errors="surrogatepass"), digest_size=8).hexdigest()


_REASONS = {
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_IOERR: "the disk cannot read or write it",
}


def _reason(error: OSError | sqlite3.Error) -> str:
    """What SQLite or the disk says, in words of ours."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    # an error without a code is one of decoding what was read
    return _REASONS.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF, "it is damaged, or its tables are not sparsim's")


@dataclass(frozen=True)
class ListedSweep:
    """A sweep as its last run began it."""

    id: str
    name: str
    spec: Mapping[str, Any]
    version: str
    started: str


@dataclass(frozen=True)
class StoredSweep(ListedSweep):
    """A sweep that has been run, in whole or in part."""

    points: int
    done: int
    failed: int


@dataclass(frozen=True)
class Removed:
    """How much went with sweeps that were removed."""

    points: int
    timings: int
    searches: int


class Store:
    """An open store; use it as a context manager.

    with Store(path) as store:
        store.add([outcome], {timing_key: activity_text})
        store.points([outcome.key])
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError where the file is no store, or cannot be made."""
        self.path = path
        self.damaged = 0
        """Rows that were met and not used, for they are not what was written."""
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._base.close()
                raise

    def _open(self) -> None:
        self._base.execute("PRAGMA foreign_keys = ON")
        with self._change():
            found = self._base.execute("PRAGMA user_version").fetchone()[0]
            columns = _columns(self._base)
            if found == 0 and not columns:
                _make_tables(self._base)
                self._base.execute(f"PRAGMA user_version = {SCHEMA}")
            elif found != SCHEMA:
                raise OutputError(f"{self.path}: a store of another kind or version ({found}); this sparsim reads version {SCHEMA}")
            elif not _expected_columns() <= columns:
                raise OutputError(f"{self.path}: not a results store of sparsim, but a database of another program")
            self._base.execute(_SIZES)
            if not self._base.execute("SELECT 1 FROM sqlite_master WHERE name = 'checksums'").fetchone():
                self._base.execute(_SUMS)
                for table, summed in _SUMMED.items():
                    # rows of a store from before there were checksums are taken as they are
                    for row in self._base.execute(f"SELECT {summed} FROM {table}").fetchall():
                        self._base.execute("INSERT INTO checksums VALUES (?, ?, ?)", (table, row[0], _sum(*row)))
        self._write_ahead()
        self._base.execute("PRAGMA synchronous = NORMAL")

    def _write_ahead(self) -> None:
        """Two that open a new store at once both change its mode, and SQLite lets neither wait for the other by itself."""
        until = time.monotonic() + _BUSY_MS / 1000
        while True:
            try:
                self._base.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._base.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise OutputError, which names the file, for what SQLite or the disk refuses in the block."""
        try:
            yield
        except sqlite3.IntegrityError:
            # a rule of the tables is broken: a bug of sparsim, never the file's
            raise
        except (OSError, sqlite3.Error) as error:
            raise OutputError(f"{self.path}: cannot be used as a results store: {_reason(error)}") from error

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction: all of it is stored, or none."""
        with self._told():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                # SQLite has ended it already where the disk is full or the file is damaged
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a question."""
        with self._told():
            return self._base.execute(query, values).fetchall()

    def _mapping(self, text: str) -> dict[str, Any]:
        """A mapping that was stored as JSON. Raises OutputError where the file is damaged."""
        try:
            return dict(json.loads(text))
        except (TypeError, ValueError, RecursionError) as error:
            raise OutputError(f"{self.path}: cannot be used as a results store: it is damaged, and holds text that is no JSON") from error

    def add(self, outcomes: Iterable[ComputedPoint], activities: Mapping[str, str]) -> None:
        """Store points and the activities they were priced from. A point that is there stays, unless it had failed."""
        rows = [
            (item.key, item.timing_key, None if item.record is None else to_text(item.record), item.failure, item.reason)
            for item in outcomes
        ]
        with self._change():
            self._base.executemany("INSERT OR IGNORE INTO timings VALUES (?, ?)", activities.items())
            self._bless("timings", activities.items())
            self._base.executemany(
                "INSERT INTO points VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
                "record = excluded.record, failure = excluded.failure, reason = excluded.reason WHERE points.record IS NULL",
                rows,
            )
            self._bless("points", rows)

    def _bless(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Note the checksums of rows that are there exactly as they were to be written."""
        columns = _SUMMED[table].split(", ")
        same = " AND ".join(f"{column} IS ?" for column in columns)
        self._base.executemany(
            f"INSERT OR REPLACE INTO checksums SELECT '{table}', key, ? FROM {table} WHERE {same}",
            [(_sum(*row), *row) for row in rows],
        )

    def _sound(self, table: str, rows: Iterable[Any]) -> list[Any]:
        """Those rows that are what was written; the others are counted."""
        rows = list(rows)
        sums = dict(self._where_in(f"SELECT key, sum FROM checksums WHERE of = '{table}' AND key IN", [row[0] for row in rows]))
        sound = [row for row in rows if sums.get(row[0]) == _sum(*row)]
        self.damaged += len(rows) - len(sound)
        return sound

    def _used(self, table: str, rows: Iterable[Any]) -> list[Any]:
        """The same; the others go, so that they are computed again."""
        rows = list(rows)
        sound = self._sound(table, rows)
        if len(sound) < len(rows):
            lost = {row[0] for row in rows} - {row[0] for row in sound}
            with self._change():
                self._base.executemany(f"DELETE FROM {table} WHERE key = ?", [(key,) for key in lost])
        return sound

    def points(self, keys: Iterable[str]) -> dict[str, ComputedPoint]:
        """The points that are there, by key; not those whose timing was pruned while they were priced from it."""
        found = self._used("points", self._where_in("SELECT key, timing, record, failure, reason FROM points WHERE key IN", keys))
        there = {row[0] for row in self._where_in("SELECT key FROM timings WHERE key IN", [row[1] for row in found])}
        return {row[0]: self._point(*row) for row in found if row[2] is None or row[1] in there}

    def _point(self, key: str, timing_key: str, record: str | None, failure: Failure | None, reason: str) -> ComputedPoint:
        return ComputedPoint(key, timing_key, None if record is None else self._mapping(record), failure, reason)

    def activities(self, keys: Iterable[str]) -> dict[str, str]:
        """The activities that are there, as text, by timing key."""
        return dict(self._used("timings", self._where_in("SELECT key, activity FROM timings WHERE key IN", keys)))

    def sizes(self, key: str) -> dict[str, Any] | None:
        """What a search for the best sizes has found; None where there was none."""
        rows = self._used("sizes", self._rows("SELECT key, found FROM sizes WHERE key = ?", (key,)))
        return self._mapping(rows[0][1]) if rows else None

    def add_sizes(self, key: str, found: Mapping[str, Any]) -> None:
        """Keep what a search of this version of the model has found."""
        with self._change():
            row = key, json.dumps({**found, "code": str(MODEL_VERSION)})
            self._base.execute("INSERT OR REPLACE INTO sizes VALUES (?, ?)", row)
            self._bless("sizes", [row])

    def begin(self, sweep: ListedSweep) -> None:
        """Note that a sweep runs; a sweep of the same id keeps its members."""
        with self._change():
            self._note(sweep)

    def enlist(self, sweep: ListedSweep, members: Iterable[tuple[str, Mapping[str, Any]]], start: int = 0) -> None:
        """List which points a sweep has from the place `start` on: key, and values of its axes.

        What an earlier run has listed there and behind goes, for it may have walked another way; its points stay. A sweep
        that was removed while it runs is listed again.
        """
        rows = [
            (sweep.id, place, key, json.dumps(assignments, ensure_ascii=False)) for place, (key, assignments) in enumerate(members, start)
        ]
        with self._change():
            self._note(sweep)
            self._base.execute("DELETE FROM members WHERE sweep = ? AND place >= ?", (sweep.id, start + len(rows)))
            self._base.executemany(
                "INSERT INTO members VALUES (?, ?, ?, ?) ON CONFLICT (sweep, place) DO UPDATE SET "
                "point = excluded.point, assignments = excluded.assignments "
                "WHERE point <> excluded.point OR assignments <> excluded.assignments",
                rows,
            )

    def _note(self, sweep: ListedSweep) -> None:
        self._base.execute(
            "INSERT INTO sweeps VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "started = excluded.started WHERE started < excluded.started",
            (sweep.id, sweep.name, json.dumps(sweep.spec), sweep.version, sweep.started),
        )

    def sweeps(self) -> list[StoredSweep]:
        """All sweeps, the last started first."""
        rows = self._rows(
            "SELECT id, name, spec, version, started, count(place), count(record), count(failure) FROM sweeps "
            "LEFT JOIN members ON sweep = id LEFT JOIN points ON key = point GROUP BY id ORDER BY started DESC, id"
        )
        if not all(isinstance(text, str) for row in rows for text in row[:5]):
            raise OutputError(f"{self.path}: cannot be used as a results store: it is damaged, and holds bytes where text belongs")
        return [StoredSweep(row[0], row[1], self._mapping(row[2]), *row[3:]) for row in rows]

    def members(self, sweep: str) -> list[tuple[int, dict[str, Any], ComputedPoint | None]]:
        """Place, values of the axes, and row of each point of a sweep; no row where it has not been run."""
        rows = self._rows(
            "SELECT place, assignments, key, timing, record, failure, reason FROM members "
            "LEFT JOIN points ON key = point WHERE sweep = ? ORDER BY place",
            (sweep,),
        )
        sound = {row[0] for row in self._sound("points", dict.fromkeys(row[2:] for row in rows if row[2] is not None))}
        return [(row[0], self._mapping(row[1]), self._point(*row[2:]) if row[2] in sound else None) for row in rows]

    def remove(self, sweeps: Sequence[str], *, other_searches: bool = False) -> Removed:
        """Remove sweeps, and what no other sweep needs; with `other_searches`, also what searches of other versions have found."""
        with self._change():
            self._base.executemany("DELETE FROM sweeps WHERE id = ?", [(sweep,) for sweep in sweeps])
            points = self._base.execute("DELETE FROM points WHERE key NOT IN (SELECT point FROM members)").rowcount
            timings = self._base.execute("DELETE FROM timings WHERE key NOT IN (SELECT timing FROM points)").rowcount
            searches = 0
            if other_searches:
                searches = self._base.execute(
                    "DELETE FROM sizes WHERE json_extract(found, '$.code') IS NOT ?", (str(MODEL_VERSION),)
                ).rowcount
            for table in _SUMMED:
                self._base.execute(f"DELETE FROM checksums WHERE of = '{table}' AND key NOT IN (SELECT key FROM {table})")
        self._rows("VACUUM")
        return Removed(points, timings, searches)

    def _where_in(self, query: str, keys: Iterable[str]) -> list[Any]:
        wanted, rows = list(dict.fromkeys(keys)), []
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            rows += self._rows(f"{query} ({','.join('?' * len(some))})", some)
        return rows


def _make_tables(base: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        base.execute(statement)


def _columns(base: sqlite3.Connection) -> set[tuple[str, str]]:
    """Name of the table, or view, and of every column of a database."""
    return set(base.execute("SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c").fetchall())


def _expected_columns() -> set[tuple[str, str]]:
    """Those that every store has."""
    with closing(sqlite3.connect(":memory:")) as base:
        _make_tables(base)
        return _columns(base)
