"""Which file a user means: shipped files by their names, the text of one, and the nearest name where none is called so."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from simulator.errors import ConfigError

_CUTOFF = 0.5
_BEGUN = 3
"""Letters from which on a beginning says what is meant."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` most like `name`, letter case ignored, or None where none is alike.

    A name that is begun, and not misspelt, is the shortest that begins so.

    >>> nearest("crosbar", ["crossbar", "systolic"])
    'crossbar'
    >>> nearest("edap", ["edp_js", "edap_js_mm2"])
    'edap_js_mm2'
    """
    by_lower = {candidate.lower(): candidate for candidate in names}
    begun = [candidate for candidate in by_lower if candidate.startswith(name.lower())] if len(name) >= _BEGUN else []
    if begun:
        return by_lower[min(begun, key=len)]
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return by_lower[close[0]] if close else None


def nearest_hint(name: str, names: Iterable[str]) -> str:
    """Return `; nearest: NAME`, or nothing where no name is alike."""
    found = nearest(name, names)
    return f"; nearest: {found}" if found is not None else ""


def check_choice(what: str, given: Any, allowed: Sequence[str]) -> None:
    """Raise ConfigError, with the nearest name, for what is none of these."""
    if given not in allowed:
        raise ConfigError(f"{what}: found {given!r}; allowed: {', '.join(allowed)}{nearest_hint(str(given), allowed)}")


_SHOWN = 8
"""Names that a message lists."""


def some_of(names: Sequence[str]) -> str:
    """Return the first of the names that are allowed, as a message lists them.

    >>> some_of(["a", "b"])
    'a, b'
    """
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


_PACKAGE = Path(__file__).resolve().parent.parent
_OF_IMPORT = "workload.yaml"
"""File of the folder of an imported trace that names its matrices."""
_SUFFIXES = (".yaml", ".yml")
_OPERANDS = (".npz", ".npy", ".mtx", ".mtx.gz", ".smtx", ".tsv", ".tns", ".csv", ".safetensors", ".safetensors.index.json")
"""Endings of files that become a workload only when they are imported."""


def data_folder(name: str) -> Path:
    """Return the shipped folder `configs` or `workloads`.

    An installed package carries it as data; in a checkout it stands beside the package, for users to edit.
    """
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def config_path(folder: str, name_or_path: str | Path, other: Collection[str] = ()) -> Path:
    """Return the file of configs/<folder> that a bare name means; a path stays as it is.

    `other` names the files of the folder that are of another kind, which no name means. Raises ConfigError, with
    the nearest name, where a bare name is not shipped.
    """
    return _named(data_folder("configs") / folder, f"configs/{folder}", name_or_path, other)


def workload_path(name_or_path: str | Path) -> Path:
    """Return the file of the shipped workloads that a bare name means, or that of a folder which an import made; a path stays as it is.

    Raises ConfigError where a bare name is not shipped, and for a file that has to be imported first.
    """
    path = Path(name_or_path) if isinstance(name_or_path, str | Path) else Path()
    inside = path / _OF_IMPORT
    if name_or_path and inside.is_file():
        return inside
    if is_operand(path):
        folder = f"traces/{path.name.split('.')[0]}"
        raise ConfigError(f"{path}: weights, and no workload file; make one: sparsim import {path} -o {folder}, then -w {folder}")
    return _named(data_folder("workloads"), "workloads", name_or_path)


def is_operand(path: Path) -> bool:
    """Whether a file holds weights or layers, by its ending."""
    return path.name.lower().endswith(_OPERANDS) and path.is_file()


def config_names(folder: str) -> list[str]:
    """Return the names of the shipped files of configs/<folder>, sorted."""
    return _names(data_folder("configs") / folder)


def workload_names() -> list[str]:
    """Return the names of the shipped workloads, sorted."""
    return _names(data_folder("workloads"))


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def _named(folder: Path, label: str, name_or_path: str | Path, other: Collection[str] = ()) -> Path:
    if not isinstance(name_or_path, str | Path):
        raise ConfigError(f"found {type(name_or_path).__name__} as a file; allowed: its path, or a name in {label}")
    path = Path(name_or_path)
    if not str(name_or_path):
        raise ConfigError(f"an empty name; allowed: a file, or a name in {label}")
    if os.path.isdir(path) and str(path) == str(name_or_path) and path.name not in other and (folder / f"{path}.yaml").is_file():
        return folder / f"{path}.yaml"  # a folder of results may have a shipped name, and is no file of this kind
    if os.path.exists(path):
        return path
    if path.suffix in _SUFFIXES:
        if path.name == str(name_or_path) and path.stem in _names(folder):
            raise ConfigError(f"{path}: no such file; the shipped one goes by its name: {path.stem}")
        return path
    if path.name != str(name_or_path):
        shipped = folder / f"{path}.yaml"  # one of a folder within it, as twins/dlmc_rn50_vd98_b2g4_hot
        return shipped if not path.is_absolute() and ".." not in path.parts and shipped.is_file() else path
    names = [name for name in _names(folder) if name not in other]
    if path.name not in names:
        own = next((f"{path}{suffix}" for suffix in _SUFFIXES if os.path.isfile(f"{path}{suffix}")), "")
        hint = f"; a file of yours goes by its whole name: {own}" if own else nearest_hint(path.name, names)
        raise ConfigError(f"{path.name}: neither a file nor a name in {label}; allowed: {', '.join(names) or 'nothing'}{hint}")
    return folder / f"{path.name}.yaml"


MAX_BYTES = 2**20
"""Largest YAML file that is read; a larger one is some other file by mistake."""


def read_text(path: Path) -> str:
    """Return the UTF-8 text of a regular file of at most MAX_BYTES; ConfigError otherwise."""
    require_file(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConfigError(f"{path}: the file has {size:,} bytes; a YAML file of at most {MAX_BYTES:,} bytes is allowed")
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8 text; save the file as UTF-8") from error


def require_file(path: Path) -> None:
    """Raise ConfigError unless `path` is a regular file; the message says why not, and the nearest name."""
    reason = not_a_file(path)
    if reason is not None:
        raise ConfigError(f"{path}: {reason}")


def not_a_file(path: Path) -> str | None:
    """Return why `path` is not a readable regular file, with the nearest name beside it; None where it is one."""
    try:
        if path.is_file():
            return None
        if path.is_dir():
            names = sorted(entry.name for entry in path.iterdir() if entry.is_file())
            return "is a folder, not a file" + (f"; files in it: {', '.join(names[:10])}" if names else "")
        if path.exists():
            return "is not a regular file"
        if path.is_symlink():
            return f"a link to {os.readlink(path)}, which does not exist"
        if not path.parent.is_dir():
            return f"no such file: the folder {path.parent} does not exist"
        return "no such file" + nearest_hint(path.name, [entry.name for entry in path.parent.iterdir()])
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
