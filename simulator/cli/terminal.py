"""What a terminal can show: text in its encoding, colour where it is wanted."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata

_SPOKEN = {
    "×": "x", "÷": "/", "·": "*", "–": "-", "—": "-", "−": "-", "µ": "u", "…": "...", "→": "->", "≤": "<=", "≥": ">=", "Σ": "sum",
    "∞": "inf", "°": "deg", "─": "-", "━": "-", "│": "|", "╸": "-", "╺": "-", "•": "*", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip


class OutputClosedError(Exception):
    """Whoever read the output has gone: the command ends, and that is no failure."""


def show_all_text() -> None:
    """Let stdout and stderr replace the characters that their encoding lacks (`µJ` becomes `uJ`), so that none can end a run."""
    codecs.register_error("sparsim", _closest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="sparsim")


def wants_colour() -> bool:
    """Whether colour may be used at all: https://no-color.org."""
    return not os.environ.get("NO_COLOR")


def _closest(error: UnicodeError) -> tuple[str, int]:
    """An error handler of `codecs`: the characters as ASCII would write them, `?` where it has no way to."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_as_ascii(character) for character in error.object[error.start : error.end]), error.end


def _as_ascii(character: str) -> str:
    if character in _SPOKEN:
        return _SPOKEN[character]
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii") or "?"
