"""A tile's work as what the memories and settings of a cluster in hardware hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.engine.work import TileValues, TileWork
from simulator.rtl.bits import packed
from simulator.rtl.lists import entry_layout
from simulator.rtl.shape import ClusterShape


@dataclass(frozen=True, eq=False)
class Load:
    """Of one tile."""

    lines: Sequence[Sequence[int]]
    """[units] of its weight bank."""
    lengths: Sequence[int]
    """[units] entries of its list."""
    present: Sequence[Sequence[int]]
    """[units] presence bits of the words, the same for all."""
    words: Sequence[Sequence[int]]
    """[banks] of its memory."""
    settings: Mapping[str, int]


def load_of(shape: ClusterShape, work: TileWork, values: TileValues) -> Load:
    """Whole numbers, in two's complement."""
    layout, width = entry_layout(shape), shape.spec.examine_width
    lines, lengths = [], []
    for unit in range(work.units):
        span = slice(int(work.unit_ptr[unit]), int(work.unit_ptr[unit + 1]))
        own, last = work.own[span], work.ends_row()[span]
        entries = [
            layout.const({"feature": int(f), "delta": int(d), "last": int(e), "weight": int(w)}).as_value().value
            for f, d, e, w in zip(work.word[span], np.diff(own, prepend=0), last, values.weights[span], strict=True)
        ]
        lines.append([packed(entries[start : start + width], layout.size) for start in range(0, len(entries), width)])
        lengths.append(len(entries))
    present = work.present.ravel().astype(int).tolist()
    words = [packed(word, shape.activation_bits) for word in values.words.tolist()]
    banks = [[0] * shape.bank_words for _ in range(shape.spec.banks)]
    for address, bank in enumerate(work.bank.tolist()):
        banks[bank][address // shape.spec.banks] = words[address]
    settings = {
        "features": work.words,
        "last_token": work.token_words - 1,
        "piece_entries": min(work.stream.piece_entries, shape.entries),
        "fifo_pieces": min(work.stream.fifo_pieces, shape.entries + 1),
    }
    return Load(lines, lengths, [present] * work.units, banks, settings)
