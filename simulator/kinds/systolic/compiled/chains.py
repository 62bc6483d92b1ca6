"""The tiles of fused operations by turns, and what the array takes for them."""

from __future__ import annotations

from simulator.engine.compiled.bits import part
from simulator.engine.compiled.intrinsics import onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.layout import OF_CYCLES, OF_DELAY, OF_FIRST, OF_FOLDS, OF_LAST, TILE, CutRecord
from simulator.kinds.systolic.compiled.tiles import lead, run_tile, streamed, tail

ROWS_OF_TILES = len(TILE)


@part
def one_tile(
    cut: CutRecord, left: Numbers, right: Numbers, wanted: Numbers, common: Numbers, block: int, n: int, of_tile: Numbers, tiles: int
) -> None:
    """Cycles, folds and the rest of a tile, as if it were in the midst of others; they stand so many numbers apart."""
    cycles, folds, first, last = run_tile(cut, left, right, wanted, common, block, 0, 0, n)
    of_tile[OF_CYCLES * tiles] = cycles
    of_tile[OF_FOLDS * tiles] = folds
    of_tile[OF_FIRST * tiles] = first
    of_tile[OF_LAST * tiles] = last
    of_tile[OF_DELAY * tiles] = max(0, tail(cut, streamed(cut, 0, 0, n)))


@part
def chain_cycles(cut: CutRecord, rows: Numbers, turns: Numbers, times: Numbers, operations: int, ahead: int, tiles: int) -> int:
    """Cycles of all tiles, and of the way from one operation to the next what no tile hides."""
    turn_count, last_run, total = operations * tiles, -1, 0
    cycles, delays = times, onward(times, turn_count)
    for turn in range(turn_count):
        of_tile = onward(rows, turns[turn] * ROWS_OF_TILES * tiles + turns[turn_count + turn])
        cycles[turn] = of_tile[OF_CYCLES * tiles]
        if of_tile[OF_FOLDS * tiles]:
            if last_run < 0:
                cycles[turn] += lead(cut, of_tile[OF_FIRST * tiles])
            last_run, delays[turn] = turn, of_tile[OF_DELAY * tiles]
        else:  # where no fold is run, those of the tile before are awaited
            delays[turn] = delays[turn - 1] if last_run >= 0 else 0
    if last_run >= 0:
        of_tile = onward(rows, turns[last_run] * ROWS_OF_TILES * tiles + turns[turn_count + last_run])
        cycles[last_run] += tail(cut, of_tile[OF_LAST * tiles])
        for turn in range(last_run, turn_count):
            delays[turn] = 0
    for turn in range(turn_count):
        total += cycles[turn]
        if ahead and turns[turn] == 1:  # beside the tile of the first operation that has the same number
            rows[ROWS_OF_TILES * tiles + turns[turn_count + turn]] = cycles[turn]
    for turn in range(turn_count):
        operation = turns[turn]
        hidden = rows[ROWS_OF_TILES * tiles + turns[turn_count + turn]] if ahead else 0
        if operation == 0:
            total += max(0, delays[turn] - hidden)
        elif operation < operations - 1:
            total += delays[turn]
    return total
