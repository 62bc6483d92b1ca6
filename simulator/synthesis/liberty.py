"""Text in Liberty's format: groups, their attributes, and Boolean functions as it writes them."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ConfigError

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}();:,])|([^\s{}();:,"]+)', re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Group:
    """`name (args) { … }`: attributes by name, each with its values, and groups within."""

    name: str
    args: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    groups: tuple[Group, ...]

    def of(self, name: str) -> Iterator[Group]:
        """Groups within of that name."""
        return (group for group in self.groups if group.name == name)

    def value(self, name: str, default: str = "") -> str:
        """The one value of an attribute."""
        return self.attributes.get(name, (default,))[0]


def read_liberty(path: Path) -> str:
    """The text of a file without its comments. Raises ConfigError where it cannot be read."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise ConfigError(f"{path}: {why}; allowed: a library in Liberty's format, or one compressed by gzip") from error
    return _COMMENT.sub(" ", text)


def parse(text: str) -> Group:
    """The group that a text begins with."""
    tokens = [(match.group(1), match.group(2) or match.group(3) or "") for match in _TOKEN.finditer(text)]
    return _group(tokens, 0)[0]


def _group(tokens: Sequence[tuple[str | None, str]], at: int) -> tuple[Group, int]:
    name, args, at = _head(tokens, at)
    attributes: dict[str, tuple[str, ...]] = {}
    groups = []
    at += 1
    while at < len(tokens) and tokens[at][1] != "}":
        if tokens[at][1] in (";", "\\"):
            at += 1
        elif at + 1 < len(tokens) and tokens[at + 1][1] == ":":
            attributes[tokens[at][1]] = (_text(tokens[at + 2]),)  # one word: some files leave the semicolon out
            at += 3
        else:
            key, values, after = _head(tokens, at)
            if after < len(tokens) and tokens[after][1] == "{":
                group, at = _group(tokens, at)
                groups.append(group)
            else:
                attributes[key] = values
                at = after
    return Group(name, args, attributes, tuple(groups)), at + 1


def _head(tokens: Sequence[tuple[str | None, str]], at: int) -> tuple[str, tuple[str, ...], int]:
    """Name, what stands in brackets, and the place behind."""
    name, args = _text(tokens[at]), []
    at += 1
    if at < len(tokens) and tokens[at][1] == "(":
        at += 1
        while at < len(tokens) and tokens[at][1] != ")":
            if tokens[at][1] not in (",", "\\"):
                args.append(_text(tokens[at]))
            at += 1
        at += 1
    return name, tuple(args), at


def _text(token: tuple[str | None, str]) -> str:
    return token[1] if token[0] is None else token[0]


def evaluate(function: str, values: Mapping[str, bool]) -> bool:
    """A Boolean function as Liberty writes it: ! ' & * + | ^, names, 0 and 1; blanks between operands stand for and."""
    return _Function(function, values).either()


class _Function:
    def __init__(self, function: str, values: Mapping[str, bool]) -> None:
        self.tokens = re.findall(r"[!'&*+|^()]|[\w\[\]]+", function)
        self.values = values
        self.at = 0

    def either(self) -> bool:
        found = self._odd()
        while self._next() in ("+", "|"):
            self.at += 1
            found = self._odd() or found
        return found

    def _odd(self) -> bool:
        found = self._both()
        while self._next() == "^":
            self.at += 1
            found = self._both() != found
        return found

    def _both(self) -> bool:
        found = self._one()
        while (token := self._next()) and token not in "+|^)":
            self.at += token in "&*"
            found = self._one() and found
        return found

    def _one(self) -> bool:
        token = self.tokens[self.at]
        self.at += 1
        if token == "!":
            return not self._one()
        if token == "(":
            found = self.either()
            self.at += 1
        else:
            found = token == "1" if token in ("0", "1") else self.values[token]
        while self._next() == "'":
            self.at += 1
            found = not found
        return found

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""
