"""Kinds of hardware. Each folder is one kind with all that it is and does; `base.py` says what a kind is. Start with `gather/kind.py`.

A new kind is a folder like these and its place in the last lines of this file; nothing else in sparsim knows which kinds there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from simulator.kinds.base import Kind, Least, Memo, Scheduled
from simulator.kinds.both.kind import BOTH
from simulator.kinds.gather.kind import GATHER
from simulator.kinds.sampled.kind import SAMPLED
from simulator.kinds.scatter.kind import SCATTER
from simulator.kinds.systolic.kind import SYSTOLIC
from simulator.machine.model import Machine

KINDS: list[Kind] = []


def register(kind: Kind) -> None:
    """Have a kind known everywhere: its share of the machine file, and all that it answers for."""
    for section, model in kind.sections.items():
        section.admit(model)
    KINDS.append(kind)
    if Machine.__pydantic_complete__:
        Machine.model_rebuild(force=True)


@contextmanager
def registered(kind: Kind) -> Iterator[None]:
    """Have a kind known for a while."""
    register(kind)
    try:
        yield
    finally:
        KINDS.remove(kind)
        for section, model in kind.sections.items():
            section.dismiss(model)
        Machine.model_rebuild(force=True)


def kind_of(machine: Machine) -> Kind:
    """The kind of a machine."""
    return next(kind for kind in KINDS if kind.describes(machine))


for _kind in (GATHER, SCATTER, SAMPLED, BOTH, SYSTOLIC):
    register(_kind)

__all__ = ["KINDS", "Kind", "Least", "Memo", "Scheduled", "kind_of", "register", "registered"]
