"""Modules that say the same are written once: the sixty-four units of a cluster are sixty-four cells of one module.

A text in Yosys's language has a module for each component of a design. Two are alike where nothing tells them apart but their own names,
those of the modules within them, and the numbers that Amaranth gives to ports that have no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_MODULE = re.compile(r"^module (\S+)\n(.*?)^end\n", re.MULTILINE | re.DOTALL)
_NUMBERED = re.compile(r"\\port\$\d+\$\d+")


def shared(rtlil: str) -> str:
    """A text that says the same with each module once. Its top module is the first."""
    bodies = {match.group(1): match.group(2) for match in _MODULE.finditer(rtlil)}
    top = next(iter(bodies))
    sharing = _Sharing(bodies)
    sharing.standing_for(top)
    modules = (f"module {name}\n{body}end\n" for name, body in sharing.written.items() if name != top)
    return "\n".join([*modules, f"attribute \\top 1\nmodule {top}\n{sharing.written[top]}end\n"])


@dataclass(eq=False)
class _Ports:
    """Names for the numbered ports of a module, in the order in which they appear."""

    names: dict[str, str] = field(default_factory=dict)

    def renamed(self, text: str) -> str:
        """A text with these names."""
        return _NUMBERED.sub(self._name, text)

    def _name(self, match: re.Match[str]) -> str:
        return self.names.setdefault(match.group(), f"\\port_{len(self.names)}$")


@dataclass(frozen=True, eq=False)
class _Kept:
    """What stands for a module: the one that is written, and what its ports are called there."""

    name: str
    ports: _Ports


class _Sharing:
    """Modules from the leaves up."""

    def __init__(self, bodies: dict[str, str]) -> None:
        self.bodies = bodies
        self.written: dict[str, str] = {}
        """What is kept, by name."""
        self._kept: dict[str, _Kept] = {}
        self._named: dict[str, str] = {}
        """The first module of a body."""

    def standing_for(self, name: str) -> _Kept:
        """The module that is written for one; all that are within it are written before."""
        if name not in self._kept:
            ports = _Ports()
            body = "".join(self._lines(self.bodies[name], ports))
            first = self._named.setdefault(body, name)
            self.written.setdefault(first, body)
            self._kept[name] = _Kept(first, ports)
        return self._kept[name]

    def _lines(self, body: str, ports: _Ports) -> Iterator[str]:
        within: _Kept | None = None
        for line in body.splitlines(keepends=True):
            if line.startswith("  cell "):
                _, kind, label = line.split()
                within = self.standing_for(kind) if kind in self.bodies else None
                yield line if within is None else f"  cell {within.name} {label}\n"
            elif within is not None and line.startswith("    connect "):
                _, port, joined = line.split(maxsplit=2)
                yield f"    connect {within.ports.names.get(port, port)} {ports.renamed(joined)}"
            else:
                yield ports.renamed(line)
