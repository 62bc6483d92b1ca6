"""Tiles end to end: what is counted over all of them is what is counted in each."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from simulator.engine.batch import WorkBatch, most_of
from simulator.engine.cluster import ClusterSpec, Outcomes
from simulator.engine.work import TileWork
from simulator.errors import CheckError
from simulator.kinds.gather.bounds import cluster_bounds
from simulator.kinds.gather.compiled.engine import run_clusters
from simulator.kinds.gather.dataflow import check_clusters
from simulator.kinds.scatter.dataflow import scatter_bounds
from tests.clusters import changed
from tests.differential.cases import Case, cases
from tests.strategies import BARE, work


def of_units(tile: TileWork) -> list[list[int]]:
    """Entries of each unit."""
    return [list(range(first, last)) for first, last in zip(tile.unit_ptr, tile.unit_ptr[1:], strict=False)]


def most(values: Counter[object]) -> int:
    return max(values.values(), default=0)


def gathered(spec: ClusterSpec, tile: TileWork) -> list[int]:
    """Bounds of one gather tile, request by request."""
    words: Counter[object] = Counter()
    banks: Counter[object] = Counter()
    asked = [[(token, int(tile.word[e])) for e in unit for token in range(tile.token_words)] for unit in of_units(tile)]
    asked = [[(token, word) for token, word in unit if tile.present[token, word]] for unit in asked]
    for token, word in {one for unit in asked for one in unit}:
        times = [unit.count((token, word)) for unit in asked]
        accesses = (max(times) if spec.combines else 1) if spec.multicast else sum(times)
        words[token, word] += accesses
        banks[int(tile.bank[token * tile.words + word])] += accesses
    requests, entries = max(map(len, asked)), max(map(len, of_units(tile))) * tile.token_words
    word, port = -(-most(words) // spec.bank_ports), -(-most(banks) // spec.bank_ports)
    return [max(requests, -(-entries // spec.examine_width)), word, port, max(requests, port) if spec.network == "routed" else 0]


def scattered(spec: ClusterSpec, tile: TileWork) -> list[int]:
    """Bounds of one scatter tile, product by product."""
    sent = [
        [token * tile.words + int(tile.word[e]) for e in unit for token in range(tile.token_words) if tile.present[token, tile.own[e]]]
        for unit in of_units(tile)
    ]
    words, banks = Counter(word for unit in sent for word in unit), Counter(int(tile.bank[word]) for unit in sent for word in unit)
    products, entries = max(map(len, sent)), max(map(len, of_units(tile))) * tile.token_words
    word = 1 + (most(words) - 1) * spec.accumulate_latency if words else 0
    port = -(-most(banks) // spec.bank_ports)
    network = max(products, port) * spec.requests.flits if spec.network == "routed" else 0
    return [max(products, -(-entries // spec.examine_width)), word, port, network]


@settings(max_examples=100)
@given(cases())
def test_bounds_are_those_of_each_tile(case: Case) -> None:
    tiles = [case.gather(), case.other().gather()]
    tiles.append(tiles[0])
    batch = WorkBatch(tiles)
    assert cluster_bounds(case.spec, batch, batch.wanted(batch.word)).tolist() == [gathered(case.spec, tile) for tile in tiles]
    tiles, spec = [case.other().scatter(), case.scatter()], changed(case.spec, multicast=False)
    batch = WorkBatch(tiles)
    assert scatter_bounds(spec, batch, batch.wanted(batch.own)).tolist() == [scattered(spec, tile) for tile in tiles]


@settings(max_examples=60)
@given(cases())
def test_flags_and_pieces_are_those_of_each_tile(case: Case) -> None:
    tiles = [case.other().gather(), case.gather(), case.other().gather()]
    batch = WorkBatch(tiles)
    assert batch.ends_row.tolist() == [flag for tile in tiles for flag in tile.ends_row().tolist()]
    assert batch.piece_readers().tolist() == [units for tile in tiles for units in tile.piece_readers().tolist()]
    assert batch.entries.tolist() == [tile.entries for tile in tiles]


def test_empty_runs_have_nothing() -> None:
    assert most_of(np.array([3, 1, 2]), np.array([0, 0, 2, 2, 3, 3])).tolist() == [0, 3, 0, 2, 0]
    assert most_of(np.zeros(0, dtype=np.int64), np.array([0, 0])).tolist() == [0]


def test_tiles_that_hold_the_same_words_share_them() -> None:
    tile = work([[(0, 0)], [(0, 1)]], banks=2)
    batch = WorkBatch([tile, work([[(0, 1)], []], banks=2), tile])
    assert batch.first_bank.tolist() == [0, len(tile.bank), 0]


def test_a_broken_law_is_told_of_the_tile_that_breaks_it() -> None:
    tiles = [work([[(0, 0)], [(0, 1)]], banks=2), work([[(0, 0), (0, 1)], [(0, 1)]], banks=2)]
    batch, spec = WorkBatch(tiles), changed(BARE, units=2)
    outcomes = run_clusters(spec, batch, [None] * 2)
    check_clusters(spec, batch, batch.wanted(batch.word), outcomes)
    lost = Outcomes(outcomes.cycles, outcomes.clocked - np.array([[0], [1]]), outcomes.unit_cycles, outcomes.milestones)
    with pytest.raises(CheckError, match="2 entries examined of 3"):
        check_clusters(spec, batch, batch.wanted(batch.word), lost)
