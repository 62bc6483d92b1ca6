"""Patterns: each is a class, a model of its keys that also draws it, named in WEIGHT_PATTERNS or ACTIVATION_PATTERNS.

Start at `base.Pattern`, the two methods that a pattern has; `draws` holds the random choices that several share. The others
are families: `plain`, `tiled`, `banded`, `strided`, `skewed`, and `abs_topk` for activations.
"""

from simulator.workload.patterns.abs_topk import AbsTopK
from simulator.workload.patterns.banded import Banded
from simulator.workload.patterns.base import Pattern
from simulator.workload.patterns.plain import Causal, Dense, PerRow, Uniform
from simulator.workload.patterns.skewed import ChungLu, Floor, PowerLaw
from simulator.workload.patterns.strided import BankBalanced, Radix
from simulator.workload.patterns.tiled import NM, Block, FixedStructured, Hypergeometric

WEIGHT_PATTERNS: tuple[type[Pattern], ...] = (
    Uniform, Dense, PerRow, Floor, ChungLu, PowerLaw, Banded, Block, NM, BankBalanced, Radix, FixedStructured, Hypergeometric,
)  # fmt: skip
"""Patterns of W, and of X too."""

ACTIVATION_PATTERNS: tuple[type[Pattern], ...] = (*WEIGHT_PATTERNS, Causal, AbsTopK)
"""Patterns of X."""

__all__ = ["ACTIVATION_PATTERNS", "WEIGHT_PATTERNS", "Pattern"]
