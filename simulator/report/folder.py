"""Files and folders of a report: written beside their place and renamed at the end, so that they are whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simulator.errors import OutputError
from simulator.owned import abandoned, clear, owner_mark

if TYPE_CHECKING:
    from rich.console import RenderableType

MARKER = "run.json"
"""File of every report folder: when and how it was made. Only a folder that has it is ever replaced."""
NO_FILES: Mapping[str, str] = MappingProxyType({})
"""Nothing beside what the report has of itself."""


def check_free(folder: Path, *, force: bool) -> None:
    """Raise OutputError where `folder` must not or cannot be written.

    It exists (and not `force`), is no report of sparsim, or what is above it is no folder or may not be written.
    """
    try:
        _check_place(folder)
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise OutputError(f"{folder}: exists and is no folder; choose another one with -o")
        if not folder.exists() or not any(folder.iterdir()):
            return
    except OSError as error:
        raise OutputError(f"{folder}: cannot be used: {_reason(error)}") from error
    if not force:
        raise OutputError(f"{folder}: exists already and is not overwritten; choose another one with -o, or replace it with --force")
    if not (folder / MARKER).is_file():
        raise OutputError(f"{folder}: holds files that are no sparsim report (it has no {MARKER}), so --force does not replace it")


def check_apart(place: Path, read: Iterable[str | Path], *, option: str = "-o") -> None:
    """Raise OutputError where a file or folder that a command writes is, or holds, what it reads: `--force` would take that away."""
    whole = Path(os.path.realpath(place))
    for source in read:
        found = Path(os.path.realpath(source))
        if found.is_relative_to(whole):
            what = "is" if found == whole else f"holds {source}, which is"
            raise OutputError(f"{place}: {what} read by this command, and not replaced; choose another one with {option}")


def default_folder(folder: Path, *, force: bool, same: Callable[[Path], bool] = lambda folder: False) -> Path:
    """Where a command writes that was told no place: `folder`, or the first of FOLDER-2, FOLDER-3, … that is free.

    What is there already is kept, unless it is a report and `force`, or what is `same` and so may be written again.
    """
    places = chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))
    return next(place for place in places if _free(place) or same(place) or (force and (place / MARKER).is_file()))


def set_in_name(settings: Sequence[str]) -> str:
    """What `key.path=value` texts add to the name of a folder: `-window=32`.

    >>> set_in_name(["fabric.window=32", "workload.fuse=[a, b]"])
    '-window=32-fuse=a_b'
    """
    parts = [f"{path.strip().split('.')[-1]}={value.strip()}" for path, _, value in (text.partition("=") for text in settings)]
    safe = [_UNFIT.sub("_", part).strip("_") for part in parts]
    return "".join(f"-{part.replace('=_', '=')}" for part in safe)[:_LONGEST]


_UNFIT = re.compile(r"[^\w.+=-]+")
"""What a folder's name should not have: spaces, brackets, slashes."""
_LONGEST = 80
"""Characters of a name that tell what was set."""


def _free(folder: Path) -> bool:
    """Whether a new folder can stand there; of one that cannot be looked at, writing says why."""
    try:
        return not folder.is_symlink() and (not folder.exists() or (folder.is_dir() and not any(folder.iterdir())))
    except OSError:
        return True


@contextmanager
def new_folder(folder: Path, *, force: bool) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, and put it there when the block ends well; else remove it.

    Raises OutputError where `check_free` does, or where the disk refuses.
    """
    check_free(folder, force=force)
    folder = Path(os.path.abspath(folder))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(folder)
        draft = _beside(folder, "part")
        draft.mkdir()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {_reason(error)}") from error
    try:
        yield draft
        check_free(folder, force=force)
        _swap(draft, folder)
    except OutputError as error:
        # of a file in the draft, which is gone by the time that this is read
        raise OutputError(str(error).replace(str(draft), str(folder))) from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {_reason(error)}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def new_file(file: Path, content: bytes, *, force: bool, option: str = "-o") -> None:
    """Write one file, whole or not at all. Raises OutputError where it exists (and not `force`) or the disk refuses."""
    check_free_file(file, force=force, option=option)
    write_whole(file, content)


def check_free_file(file: Path, *, force: bool, option: str = "-o") -> None:
    """Raise OutputError where a file exists (and not `force`), or is none. `option` is what names it on the command line."""
    if file.is_dir():
        raise OutputError(f"{file}: is a folder, and no file can stand there; choose another one with {option}")
    if file.exists() and not (force and file.is_file()):
        raise OutputError(f"{file}: exists already and is not overwritten; choose another one with {option}, or replace it with --force")


def write_whole(file: Path, content: bytes) -> None:
    """Write one file, whole or not at all, over what is there. Raises OutputError where the disk refuses."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(file)
        draft = _beside(file, "part")
        try:
            draft.write_bytes(content)
            os.replace(draft, file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written: {_reason(error)}") from error


def write_json(file: Path, record: Mapping[str, Any]) -> None:
    """Write a mapping of JSON values, keys in their order."""
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def csv_text(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = (), end: str = "\n") -> str:
    """Rows as CSV; columns are all that any row has, in the order in which they appear, or `columns` where no row has any."""
    found = dict.fromkeys(column for row in rows for column in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found) or list(columns), restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_text(shown: RenderableType, width: int) -> str:
    """What rich would print on so many columns, as a file holds it."""
    from simulator.report.console import Console

    text = io.StringIO()
    Console(markup=False, file=text, width=width, color_system=None, highlight=False).print(shown)
    return trimmed(text.getvalue())


def trimmed(text: str) -> str:
    """A printed table as a file holds it: no spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _check_place(folder: Path) -> None:
    """Raise OutputError where a folder cannot stand: the nearest one above it is none, or refuses, or we stand in it."""
    place = Path(os.path.abspath(folder))
    if place in (Path.cwd(), *Path.cwd().parents):
        raise OutputError(f"{folder}: is the working directory, or holds it; name a folder inside it with -o")
    above = next(path for path in place.parents if path.exists())
    if not above.is_dir():
        raise OutputError(f"{folder}: cannot be made: {above} is no folder; choose another one with -o")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: cannot be made: {above} may not be written; choose another one with -o")


def _reason(error: OSError) -> str:
    """Why the disk refuses, in words."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return "the working directory is no longer there; change into one that is"
    return error.strerror or str(error)


def _swap(draft: Path, folder: Path) -> None:
    """Put the draft in the folder's place; an interrupt between the two renames brings the old folder back."""
    if not folder.exists():
        draft.rename(folder)
        return
    old = _beside(folder, "old")
    try:
        folder.rename(old)
        draft.rename(folder)
    finally:
        if not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path, role: str) -> Path:
    """A hidden name on the same disk, so that a rename is one step; it tells its owner."""
    return path.with_name(f".{path.name}.{owner_mark()}.{role}")


def _clear_abandoned(path: Path) -> None:
    """Remove the drafts of this file or folder whose processes were killed; an old one that one of them had moved aside comes back."""
    for old in abandoned(path.parent, f".{path.name}.", ".old"):
        if path.exists():
            clear(old)
        else:
            old.rename(path)
    for draft in abandoned(path.parent, f".{path.name}.", ".part"):
        clear(draft)
