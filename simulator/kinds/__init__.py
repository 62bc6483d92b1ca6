"""Kinds of hardware. Each folder is one kind with all that it is and does; `base.py` says what a kind is. Start with `gather/kind.py`.

A new kind is a folder like these and its entry in `KINDS`; nothing else in sparsim knows which kinds there are.
"""

from __future__ import annotations

from simulator.kinds.base import Kind, Least, Memo, Scheduled
from simulator.kinds.both import BOTH
from simulator.kinds.gather.kind import GATHER
from simulator.kinds.sampled.kind import SAMPLED
from simulator.kinds.scatter.kind import SCATTER
from simulator.kinds.systolic.kind import SYSTOLIC
from simulator.machine.model import Machine

KINDS: list[Kind] = [GATHER, SCATTER, SAMPLED, BOTH, SYSTOLIC]


def kind_of(machine: Machine) -> Kind:
    """The kind of a machine."""
    return next(kind for kind in KINDS if kind.describes(machine))


__all__ = ["KINDS", "Kind", "Least", "Memo", "Scheduled", "kind_of"]
