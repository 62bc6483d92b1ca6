"""The kernels of a search for an array's schedules."""

from __future__ import annotations

from simulator.engine.compiled.intrinsics import first_record, onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.chains import chain_cycles, one_tile
from simulator.kinds.systolic.compiled.contents import bring_in, take_out
from simulator.kinds.systolic.compiled.layout import CutRecord, RatesRecord
from simulator.kinds.systolic.compiled.relaxed import earliest_end
from simulator.kinds.systolic.compiled.tiles import run_tile, run_tiles
from simulator.kinds.systolic.compiled.weights import count_tiles, group

cut_in = first_record(CutRecord)
rates_in = first_record(RatesRecord)


def run_array_outline(
    cut: Numbers,
    left: Numbers,
    right: Numbers,
    wanted: Numbers,
    common: Numbers,
    x_parts: Numbers,
    w_parts: Numbers,
    y_parts: Numbers,
    table: Numbers,
    totals: Numbers,
    work: Numbers,
    tiles: int,
) -> None:
    """A schedule as the system level would see it.

    `cut`: a `Cut`; `left`, `right`, `wanted`, `common`: as `fold_tables.FoldTables` has them; `x_parts`, `w_parts`: [2, parts] bytes of
    each part and cycles of its fullest bank; `y_parts`: [parts] bytes; `table`, `totals`, `work`: rows as `layout` names them, of a number
    more than there are tiles.
    """
    width = tiles + 1
    run_tiles(cut_in(cut), left, right, wanted, common, table, work, totals, width)
    bring_in(cut_in(cut), 0, x_parts, table, work, totals, width, tiles)
    bring_in(cut_in(cut), 1, w_parts, table, work, totals, width, tiles)
    take_out(cut_in(cut), y_parts, table, work, totals, width, tiles)


def run_array_bound(rates: Numbers, table: Numbers, times: Numbers, lanes: Numbers, found: Numbers, tiles: int) -> None:
    """Cycles that no run of an outlined schedule goes below.

    `rates`: `Rates`; `times`: rows as `layout` names them; `lanes`: [3, ...] of three streams; `found`: [1]
    chunks that the staging of a stream has room for, and then the bound.
    """
    found[0] = earliest_end(rates_in(rates), table, times, lanes, tiles + 1, tiles, found[0])


def run_array_whole(cut: Numbers, left: Numbers, right: Numbers, wanted: Numbers, common: Numbers, found: Numbers, number: int) -> None:
    """Folds of a product of which no dimension is cut, block after block. `found`: how many, and their cycles."""
    found[0] = found[1] = 0
    for block in range(number):
        cycles, folds, _, _ = run_tile(cut_in(cut), left, right, wanted, common, block, 0, 0, 0)
        found[0] += folds
        found[1] += cycles


def run_array_tiles(cut: Numbers, left: Numbers, right: Numbers, wanted: Numbers, common: Numbers, rows: Numbers, tiles: int) -> None:
    """The tiles of an operation of which only tokens are cut, in order. `rows`: [rows of `layout.TILE`, tiles]."""
    tiles_of_tokens = tiles // cut_in(cut).batch
    for tile in range(tiles):
        block, n = tile // tiles_of_tokens, tile % tiles_of_tokens
        one_tile(cut_in(cut), left, right, wanted, common, block, n, onward(rows, tile), tiles)


def run_array_turns(cut: Numbers, rows: Numbers, turns: Numbers, times: Numbers, found: Numbers, tiles: int) -> None:
    """Fused operations by turns, as `chains.Outline` has them.

    `cut`: of any of them; `rows`: [operations, rows of `layout.TILE`, tiles]; `turns`: [2, tiles of all] operation and tile; `times`:
    as many cycles and delays; `found`: how many operations, and whether the first is ahead; and then the cycles of all.
    """
    found[0] = chain_cycles(cut_in(cut), rows, turns, times, found[0], found[1], tiles)


def run_array_weights(given: Numbers, rows: Numbers, cols: Numbers, counts: Numbers, found: Numbers, nonzeros: int) -> None:
    """The nonzeros of W by tiles.

    `given`: rows and columns of a block, of a tile, banks, columns of a word, and tiles of all; `rows`, `cols`: of the nonzeros, row by
    row; `counts`: [K tiles · banks] zeros; `found`: [3, tiles] zeros, then nonzeros, words with any in the bank that has most, and words.
    """
    count_tiles(given, rows, cols, counts, found, nonzeros)


def run_array_group(given: Numbers, rows: Numbers, places: Numbers, work: Numbers, by_place: Numbers, order: Numbers, height: int) -> None:
    """Rows in groups that share their places.

    `given`: places, and rows of a group; `rows`, `places`: row by row; `work`: 3 · rows + 2 · places + 2 zeros, but the number of all
    pairs at the place of the number of rows; `by_place`: [pairs] room; `order`: [rows] is filled.
    """
    group(rows, places, work, by_place, order, height, given[0], given[1])
