"""Patterns: each is one file, a model of its keys that also draws it, named here."""

from simulator.workload.patterns.abs_topk import AbsTopK
from simulator.workload.patterns.banded import Banded
from simulator.workload.patterns.bank_balanced import BankBalanced
from simulator.workload.patterns.base import Pattern
from simulator.workload.patterns.block import Block
from simulator.workload.patterns.chung_lu import ChungLu
from simulator.workload.patterns.floor import Floor
from simulator.workload.patterns.n_m import NM
from simulator.workload.patterns.per_row import PerRow
from simulator.workload.patterns.plain import Causal, Dense, Uniform
from simulator.workload.patterns.power_law import PowerLaw
from simulator.workload.patterns.radix import Radix
from simulator.workload.patterns.tiled import FixedStructured, Hypergeometric

WEIGHT_PATTERNS: tuple[type[Pattern], ...] = (
    Uniform, Dense, PerRow, Floor, ChungLu, PowerLaw, Banded, Block, NM, BankBalanced, Radix, FixedStructured, Hypergeometric,
)  # fmt: skip
"""Patterns of W, and of X too."""

ACTIVATION_PATTERNS: tuple[type[Pattern], ...] = (*WEIGHT_PATTERNS, Causal, AbsTopK)
"""Patterns of X."""

__all__ = ["ACTIVATION_PATTERNS", "WEIGHT_PATTERNS", "Pattern"]
