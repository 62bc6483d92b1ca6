"""Damage files one after another, and see that each command ends well or in words."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

from fuzz.command import call, wrong
from fuzz.inputs import Input


def fuzzed(kinds: Sequence[Input], cases: int, seed: int) -> list[str]:
    """What went wrong in so many cases, each with what repeats it; the files of `whole` stand in the working directory."""
    found = []
    for case in range(cases):
        draw = random.Random(f"{seed}/{case}")
        entry = kinds[case % len(kinds)]
        reason = _case(entry, draw)
        if reason is not None:
            found.append(f"{entry.name}, seed {seed}, case {case}: {' '.join(entry.command)}: {reason}")
    return found


def _case(entry: Input, draw: random.Random) -> str | None:
    file = Path(entry.file)
    before = file.read_bytes()
    stores = {name: Path(name).read_bytes() for name in ("s.sqlite",)}
    try:
        file.write_bytes(entry.damage(before, draw))
        return wrong(call(entry.command))
    finally:
        for name in ("s.sqlite-wal", "s.sqlite-shm"):
            Path(name).unlink(missing_ok=True)
        for name, content in stores.items():
            Path(name).write_bytes(content)
        file.write_bytes(before)
        shutil.rmtree("out", ignore_errors=True)
