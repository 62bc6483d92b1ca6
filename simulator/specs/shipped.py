"""What ships: the files of each kind, by the names that commands take, and what each says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from simulator.specs.files import data_folder

_SAID = re.compile(r"^(?:description|question): *(.+)$", re.MULTILINE)
_FIRST_COMMENT = re.compile(r"\A# *(.+)$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.?])\s")


class Shelf(Struct, frozen=True):
    """A folder of shipped files of one kind."""

    within: str
    """`configs` or `workloads`."""
    folder: str = "."
    hidden: tuple[str, ...] = ()
    """Names of files that no command takes."""

    @property
    def path(self) -> Path:
        """Where it is on this computer."""
        return data_folder(self.within) / self.folder

    def files(self) -> Mapping[str, Path]:
        """Files by the names that commands take, those of the folder itself first."""
        found = {path.relative_to(self.path).with_suffix("").as_posix(): path for path in self.path.rglob("*.yaml")}
        names = sorted(found.keys() - set(self.hidden), key=lambda name: ("/" in name, name))
        return {name: found[name] for name in names}


SHELVES: Mapping[str, Shelf] = {
    "machines": Shelf("configs", "machines"),
    "workloads": Shelf("workloads"),
    "technologies": Shelf("configs", "technologies", hidden=("common", "dram")),  # which hold for every node
    "sweeps": Shelf("configs", "sweeps"),
    "studies": Shelf("configs", "studies"),
}


def said_of_itself(file: Path) -> str:
    """The description or the question of a shipped file, else the first sentence of the comment that it begins with."""
    text = file.read_text(encoding="utf-8")
    said = _SAID.search(text)
    if said is not None:
        return said[1].strip().strip("\"'")
    comment = _FIRST_COMMENT.search(text)
    return _SENTENCE_END.split(comment[1], maxsplit=1)[0] if comment is not None else ""
