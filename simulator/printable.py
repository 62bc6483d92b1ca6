"""Text of files and names as a terminal may get it."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with an escape for each character that a terminal would obey instead of showing.

    >>> print(printable(chr(27) + "[2J×"))
    \\x1b[2J×
    """
    return "\n".join(line if line.isprintable() else "".join(map(_shown, line)) for line in text.split("\n"))


def _shown(mark: str) -> str:
    return mark if mark.isprintable() or mark == "\t" else mark.encode("unicode_escape").decode("ascii")
