"""A tile's work as what the memories and settings of a cluster in hardware hold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.work import TileValues, TileWork
from simulator.rtl.bits import packed
from simulator.rtl.lists import entry_layout
from simulator.rtl.shape import ClusterShape


@dataclass(frozen=True, eq=False)
class Load:
    """Of one tile."""

    contents: Mapping[str, Sequence[Sequence[int]]]
    """[memories][addresses], by what a cluster's ports are called; of one memory where all are alike."""
    lengths: Sequence[int]
    """[units] entries of its list."""
    settings: Mapping[str, int]


def load_of(shape: ClusterShape, work: TileWork, values: TileValues) -> Load:
    """Of units that ask for words. Whole numbers, in two's complement."""
    contents = {"lists": list_lines(shape, work, values, work.own), **banks_of(shape, work, values)}
    return Load(contents, np.diff(work.unit_ptr).tolist(), settings_of(shape, work))


def banks_of(shape: ClusterShape, work: TileWork, values: TileValues) -> dict[str, list[list[int]]]:
    """Presence bits and words, by what a cluster's ports are called."""
    words = [packed(word, shape.activation_bits) for word in values.words.tolist()]
    banks = [[0] * shape.bank_words for _ in range(shape.spec.banks)]
    for address, bank in enumerate(work.bank.tolist()):
        banks[bank][address // shape.spec.banks] = words[address]
    return {"present": [work.present.ravel().astype(int).tolist()], "banks": banks}


def list_lines(shape: ClusterShape, work: TileWork, values: TileValues, own: NDArray[np.integer]) -> list[list[int]]:
    """[units][lines] of a weight bank. `own`: [entries] the number in the unit's own memory, which a list tells by its steps."""
    layout, width, last = entry_layout(shape), shape.spec.examine_width, work.ends_row()
    lines = []
    for start, stop in itertools.pairwise(work.unit_ptr.tolist()):
        span = slice(start, stop)
        entries = [
            layout.const({"feature": int(f), "delta": int(d), "last": int(e), "weight": int(w)}).as_value().value
            for f, d, e, w in zip(work.word[span], np.diff(own[span], prepend=0), last[span], values.weights[span], strict=True)
        ]
        lines.append([packed(entries[place : place + width], layout.size) for place in range(0, len(entries), width)])
    return lines


def settings_of(shape: ClusterShape, work: TileWork) -> dict[str, int]:
    """What all units are told."""
    return {
        "features": work.words,
        "last_token": work.token_words - 1,
        "piece_entries": min(work.stream.piece_entries, shape.entries),
        "fifo_pieces": min(work.stream.fifo_pieces, shape.entries + 1),
    }
