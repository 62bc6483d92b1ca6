"""What a cluster does with a sampled product, in hardware and in the reference engine.

The engine is given lists whose every entry stands once for each token word; the hardware walks the lists as they lie in its banks.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.engine.work import WHOLE_LISTS, ListStream, TileValues, TileWork
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.gather.rtl import rows_of
from simulator.kinds.sampled.rtl.cluster import SampledCluster
from simulator.rtl.bits import packed
from simulator.rtl.cosim.loads import Load, banks_of, list_lines, settings_of
from simulator.rtl.cosim.pair import Sides
from simulator.rtl.cosim.tally import Tally
from simulator.rtl.cosim.traced import probes
from simulator.rtl.cosim.watched import Watcher
from simulator.rtl.shape import ClusterShape

ROW_PLACES = 3
"""Places of a row of the mask at most: which of them share one decides no cycle, and a tile's work does not say it."""


def token_words(work: TileWork) -> int:
    """That every entry of a list was repeated for; of a tile without entries one."""
    if not work.entries:
        return 1
    first = int(np.flatnonzero(np.diff(work.unit_ptr))[0])
    own = work.own[work.unit_ptr[first] : work.unit_ptr[first + 1]]
    return int((own == own[0]).sum())


def as_it_lies(work: TileWork) -> TileWork:
    """The tile with each entry once, and with rows of the mask that are drawn for it in the place of places."""
    times = token_words(work)
    ptr, stream = work.unit_ptr // times, work.stream
    random = np.random.default_rng(work.entries)
    begins = random.integers(0, ROW_PLACES, size=ptr[-1]) == 0
    begins[ptr[:-1][np.diff(ptr) > 0]] = False
    rows = [np.cumsum(begins[start:stop]) for start, stop in pairwise(ptr.tolist())]
    return replace(
        work,
        unit_ptr=ptr,
        word=work.word[::times],
        own=np.concatenate(rows).astype(np.int32),
        weight_index=work.weight_index[::times],
        words=work.words // times,
        token_words=times,
        present=work.present.reshape(times, -1),
        stream=stream if stream == WHOLE_LISTS else ListStream(stream.piece_entries // times, stream.fifo_pieces),
    )


def gradient_of(shape: ClusterShape, lying: TileWork) -> NDArray[np.int64]:
    """[units, token words, rows, lanes] drawn words of dY."""
    random = np.random.default_rng(lying.entries + 1)
    return random.integers(-7, 8, size=(lying.units, lying.token_words, shape.rows, shape.lanes))


def values_of(shape: ClusterShape, work: TileWork) -> TileValues:
    """Whole numbers for a tile's pattern: of each entry, once for each token word, the word of dY of its row."""
    lying = as_it_lies(work)
    words = np.random.default_rng(work.entries).integers(-7, 8, size=(work.present.size, shape.lanes)) * work.present.reshape(-1, 1)
    unit = np.repeat(np.arange(work.units), np.diff(lying.unit_ptr))
    own = gradient_of(shape, lying)[unit, :, lying.own]
    return TileValues(own.reshape(-1, shape.lanes).astype(np.float64), words.astype(np.float64))


def load_of(shape: ClusterShape, work: TileWork, values: TileValues) -> Load:
    """Lists, banks, and the units' own words. Whole numbers, in two's complement."""
    lying = as_it_lies(work)
    own = [
        [packed(word, shape.activation_bits) for word in of_unit.reshape(-1, shape.lanes).tolist()] for of_unit in gradient_of(shape, lying)
    ]
    unweighted = TileValues(np.zeros(len(lying.word)), values.words)
    contents = {"lists": list_lines(shape, lying, unweighted, lying.own), **banks_of(shape, lying, values), "own": own}
    return Load(contents, np.diff(lying.unit_ptr).tolist(), settings_of(shape, lying))


SAMPLED = Sides(
    run_cluster, lambda shape, work: Watcher(shape, rows_of(work)), SampledCluster, probes, load_of, Tally, values_of, as_it_lies
)
