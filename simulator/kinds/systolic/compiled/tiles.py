"""The tiles of a schedule in execution order, and what each of them takes of the array."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.intrinsics import onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.layout import (
    CYCLES,
    DELAYS,
    FOLDS,
    TOTAL_CYCLES,
    W_PARTS,
    W_STAYS,
    X_PARTS,
    X_STAYS,
    Y_STAYS,
    CutRecord,
    Y,
)


@inline
def pieces(extent: int, size: int) -> int:
    """How many pieces of a size cover an extent."""
    return -(-extent // size)


@inline
def piece(extent: int, size: int, place: int) -> int:
    """Size of one of them: the last takes what is left."""
    return min(size, extent - place * size)


@inline
def blocks(extent: int, tile: int, fold: int) -> int:
    """Folds along a dimension, tile by tile."""
    whole = extent // tile
    return whole * pieces(tile, fold) + pieces(extent - whole * tile, fold)


@part
def serial_cycles(cut: CutRecord) -> int:
    """Cycles of a fold beyond its steps where nothing hides behind another fold (`timing.serial_cycles`)."""
    return cut.skew + (0 if cut.flow == Y_STAYS else cut.rows)


@inline
def interval(cut: CutRecord, steps: int) -> int:
    """Cycles that a fold adds to those before it (`timing.fold_intervals`)."""
    return steps + serial_cycles(cut) if cut.serial else max(steps, cut.rows)


@part
def lead(cut: CutRecord, steps: int) -> int:
    """Cycles of the first fold beyond its interval (`timing.lead_cycles`)."""
    if cut.serial:
        return 0
    return min(0, steps - cut.rows) if cut.flow == Y_STAYS else cut.rows


@part
def tail(cut: CutRecord, steps: int) -> int:
    """Cycles of the last fold beyond its interval (`timing.tail_cycles`); of a stationary tile, all of whose folds stream alike."""
    if cut.serial:
        return 0
    return cut.skew + (cut.rows if cut.flow == Y_STAYS else min(0, steps - cut.rows))


@part
def streamed(cut: CutRecord, m: int, k: int, n: int) -> int:
    """What is streamed of a tile at a time."""
    if cut.flow == W_STAYS:
        return piece(cut.n, cut.n_tile, n)
    return piece(cut.m, cut.m_tile, m) if cut.flow == X_STAYS else piece(cut.k, cut.k_tile, k)


@inline
def between(before: Numbers, line: int, steps: int, start: int, stop: int) -> int:
    """Steps from one to another in which a line has a nonzero. `before`: [lines, steps + 1] those before each."""
    return before[line * (steps + 1) + stop] - before[line * (steps + 1) + start]


@part
def common_steps(cut: CutRecord, left: Numbers, right: Numbers, common: Numbers, i: int, j: int, place: int, start: int, stop: int) -> int:
    """Steps of a K tile (j) in which a block of W (i) and one of X (place), counted over all of the batch, both have a nonzero."""
    if cut.has_common:
        n_blocks = blocks(cut.n, cut.n_tile, cut.n_fold)
        return common[(i * pieces(cut.k, cut.k_tile) + j) * n_blocks + place % n_blocks]
    if cut.has_left:
        return between(left, i, cut.k, start, stop)
    return between(right, place, cut.k, start, stop) if cut.has_right else stop - start


@part
def run_tile(
    cut: CutRecord,
    left: Numbers,
    right: Numbers,
    wanted: Numbers,
    common: Numbers,
    block: int,
    m: int,
    k: int,
    n: int,
) -> tuple[int, int, int, int]:
    """Cycles and folds of a tile, and the steps of its first and of its last fold (`folds.fold_steps`)."""
    k_size, flow = piece(cut.k, cut.k_tile, k), cut.flow
    ms, ks, ns = (
        pieces(piece(cut.m, cut.m_tile, m), cut.m_fold),
        pieces(k_size, cut.k_fold),
        pieces(piece(cut.n, cut.n_tile, n), cut.n_fold),
    )
    alike = streamed(cut, m, k, n)
    if not (cut.skips_folds or cut.skips_steps):
        folds = ms * ks * ns
        return folds * interval(cut, alike), folds, alike, alike
    n_blocks = blocks(cut.n, cut.n_tile, cut.n_fold)
    m_first = block * blocks(cut.m, cut.m_tile, cut.m_fold) + m * pieces(cut.m_tile, cut.m_fold)
    n_first = block * n_blocks + n * pieces(cut.n_tile, cut.n_fold)
    looks_left = cut.skips_folds and cut.has_left and flow != X_STAYS
    looks_right = cut.skips_folds and cut.has_right and flow != W_STAYS
    looks_wanted = cut.skips_folds and cut.has_wanted
    cycles, run, first, last = 0, 0, 0, 0
    for i in range(m_first, m_first + ms):
        for j in range(ks):
            start = k * cut.k_tile + j * cut.k_fold
            stop = min(start + cut.k_fold, k * cut.k_tile + k_size)
            if looks_left and not between(left, i, cut.k, start, stop):
                continue
            for place in range(n_first, n_first + ns):
                if looks_right and not between(right, place, cut.k, start, stop):
                    continue
                if looks_wanted and not wanted[i * n_blocks + place % n_blocks]:
                    continue
                each = min(alike, common_steps(cut, left, right, common, i, k, place, start, stop)) if cut.skips_steps else alike
                if each:
                    cycles += interval(cut, each)
                    first = first if run else each
                    last = each
                    run += 1
    return cycles, run, first, last


@part
def run_tiles(
    cut: CutRecord,
    left: Numbers,
    right: Numbers,
    wanted: Numbers,
    common: Numbers,
    table: Numbers,
    work: Numbers,
    totals: Numbers,
    width: int,
) -> None:
    """All tiles, in the order of `SystolicSchedule.places`, as `timing.tile_times` has them."""
    cycles, delays, ys = onward(table, CYCLES * width), onward(table, DELAYS * width), onward(table, Y * width)
    folds, x_parts, w_parts = onward(work, FOLDS * width), onward(work, X_PARTS * width), onward(work, W_PARTS * width)
    ms, ks, ns = pieces(cut.m, cut.m_tile), pieces(cut.k, cut.k_tile), pieces(cut.n, cut.n_tile)
    outer, inner = (ns, ms) if cut.tokens_outermost else (ms, ns)
    tile, last_run, last_steps, output, outputs = 0, -1, 0, -1, 0
    for block in range(cut.batch):
        for first in range(outer):
            for place in range(inner):
                second = inner - 1 - place if first & 1 else place
                m, n = (second, first) if cut.tokens_outermost else (first, second)
                for at in range(ks):
                    k = ks - 1 - at if (first * inner + place) & 1 else at
                    cycles[tile], folds[tile], first_steps, steps = run_tile(cut, left, right, wanted, common, block, m, k, n)
                    if folds[tile]:
                        if last_run < 0:
                            cycles[tile] += lead(cut, first_steps)
                        last_run, last_steps = tile, steps
                        delays[tile] = max(0, tail(cut, streamed(cut, m, k, n)))
                    else:  # where no fold is run, those of the tile before are awaited
                        delays[tile] = delays[tile - 1] if last_run >= 0 else 0
                    x_parts[tile] = (block * ns + n) * ks + k
                    w_parts[tile] = (block * ms + m) * ks + k
                    if (block * ms + m) * ns + n != output:
                        output = (block * ms + m) * ns + n
                        outputs += 1
                    ys[tile] = outputs - 1
                    tile += 1
    if last_run >= 0:
        cycles[last_run] += tail(cut, last_steps)
        for after in range(last_run, tile):
            delays[after] = 0
    totals[TOTAL_CYCLES] = 0
    for each in range(tile):
        totals[TOTAL_CYCLES] += cycles[each]
