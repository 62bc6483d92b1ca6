"""Text of a file that a user named, or an error that helps to name the right one."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import ConfigError
from simulator.specs.nearest import nearest_hint

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
        if not path.parent.is_dir():
            return f"no such file: the folder {path.parent} does not exist"
        return "no such file" + nearest_hint(path.name, [entry.name for entry in path.parent.iterdir()])
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
