"""Sizes of a cluster in hardware: what clocks it (`ClusterSpec`), and what its memories and words hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.engine.cluster import ClusterSpec

PlacementName = Literal["interleaved", "hashed"]


@dataclass(frozen=True)
class ClusterShape:
    """A cluster whose words are integers."""

    spec: ClusterSpec
    words: int
    """Of a copy: token words × input features of a tile, at most."""
    features: int
    """Input features of a tile, at most."""
    entries: int
    """Of a unit's list, at most."""
    rows: int
    """Of a unit's output bank, for one token word."""
    tokens: int = 1
    """Token words of a tile, at most."""
    streams: bool = False
    """Whether lists come in pieces, so that a unit may have to wait for slower ones."""
    placement: PlacementName = "interleaved"
    lanes: int = 1
    weight_bits: int = 8
    activation_bits: int = 8
    sum_bits: int = 32

    @property
    def bank_words(self) -> int:
        """Words of a bank."""
        return -(-self.words // self.spec.banks)

    @property
    def word_bits(self) -> int:
        """Of a word of activations."""
        return self.lanes * self.activation_bits

    @property
    def lines(self) -> int:
        """Lines of a weight bank, each of as many entries as a unit examines in a cycle."""
        return -(-self.entries // self.spec.examine_width)
