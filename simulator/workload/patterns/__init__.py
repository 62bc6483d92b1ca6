"""Patterns: each is a class, a model of its keys that also draws it, named in WEIGHT_PATTERNS or ACTIVATION_PATTERNS.

Start at `base.Pattern`, the two methods that a pattern has; `draws` holds the random choices that several share. The others
are families: `plain`, `tiled`, `banded`, `strided`, `skewed`, and `abs_topk` for activations.
"""

from collections.abc import Mapping

from simulator.workload.patterns.base import Pattern, pattern_at

WEIGHT_PATTERNS: Mapping[str, str] = {
    "uniform": "plain.Uniform",
    "dense": "plain.Dense",
    "per_row": "plain.PerRow",
    "floor": "skewed.Floor",
    "chung_lu": "skewed.ChungLu",
    "power_law": "skewed.PowerLaw",
    "banded": "banded.Banded",
    "block": "tiled.Block",
    "n_m": "tiled.NM",
    "bank_balanced": "strided.BankBalanced",
    "radix": "strided.Radix",
    "fixed_structured": "tiled.FixedStructured",
    "hypergeometric": "tiled.Hypergeometric",
}
"""Patterns of W, and of X too: where each is, by its name in a file. A family is loaded when a file first names one of it."""

ACTIVATION_PATTERNS: Mapping[str, str] = {**WEIGHT_PATTERNS, "causal": "plain.Causal", "abs_topk": "abs_topk.AbsTopK"}
"""Patterns of X."""

__all__ = ["ACTIVATION_PATTERNS", "WEIGHT_PATTERNS", "Pattern", "pattern_at"]
