"""What the halves of the buffers hold over the tiles of a schedule, and what is moved for it (`systolic.contents`)."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.intrinsics import onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.layout import (
    COVERED,
    COVERS,
    FIRST,
    FLOW,
    FOLDS,
    HAS_LEFT,
    HAS_RIGHT,
    HELD,
    K_FOLD,
    K_TILE,
    M_FOLD,
    M_TILE,
    MET,
    N_TILE,
    OUTPUTS,
    SKIPS_FOLDS,
    SKIPS_STEPS,
    W_PARTS,
    W_STAYS,
    X_BANKS,
    X_BYTES,
    X_CONTENTS,
    X_MOVED,
    X_PARTS,
    X_STAYS,
    Y_BYTES,
    Y_MOVED,
    K,
    M,
    N,
    X,
)
from simulator.kinds.systolic.compiled.tiles import piece, pieces

NOTHING = -1
TILES, FOLDED = M_TILE - M, M_FOLD - M
"""How far behind the extent of an axis its tiles, and its folds, stand in `Cut`."""


@inline
def steps_scanned(cut: Numbers, k: int) -> int:
    """Presence bits of each line of a K tile."""
    size = piece(cut[K], cut[K_TILE], k)
    return size if cut[SKIPS_STEPS] else cut[SKIPS_FOLDS] * pieces(size, cut[K_FOLD])


@part
def presence(cut: Numbers, axis: int, of: int) -> int:
    """Presence bits of a part of X, whose lines are those of N, or of W, whose lines are those of M."""
    if not (cut[HAS_RIGHT] and cut[FLOW] != W_STAYS if axis == N else cut[HAS_LEFT] and cut[FLOW] != X_STAYS):
        return 0
    ks, extent, tile = pieces(cut[K], cut[K_TILE]), cut[axis], cut[axis + TILES]
    lines = pieces(piece(extent, tile, of // ks % pieces(extent, tile)), cut[axis + FOLDED])
    return lines * steps_scanned(cut, of % ks)


@part
def number_contents(parts: Numbers, indices: Numbers, work: Numbers, width: int, tiles: int) -> int:
    """Number the contents that tiles need, and list what each covers; how many there are."""
    folds, held = onward(work, FOLDS * width), onward(work, HELD * width)
    first, covered, met = onward(work, FIRST * width), onward(work, COVERED * width), onward(work, MET * width)
    lies = NOTHING
    for tile in range(tiles):
        met[parts[tile]] = NOTHING
        if lies == NOTHING and folds[tile]:
            lies = parts[tile]
    contents, pairs = 0, 0
    for tile in range(tiles):
        if folds[tile]:
            lies = parts[tile]
        if tile == 0 or lies != held[contents - 1]:
            held[contents], first[contents] = lies, pairs
            contents += 1
        indices[tile] = contents - 1
        if met[parts[tile]] != contents - 1:
            met[parts[tile]] = contents - 1
            covered[pairs] = parts[tile]
            pairs += 1
    first[contents] = pairs
    for tile in range(tiles):
        met[parts[tile]] = NOTHING
    return contents


@part
def still_lies(work: Numbers, width: int, content: int) -> bool:
    """Whether what a content needs lies in its half, with presence bits of all that it must cover."""
    held, first = onward(work, HELD * width), onward(work, FIRST * width)
    covered, covers, met = onward(work, COVERED * width), onward(work, COVERS * width), onward(work, MET * width)
    covers[content] = content
    if content < 2 or held[content] != held[content - 2]:
        return False
    there = covers[content - 2]
    for place in range(first[there], first[there + 1]):
        met[covered[place]] = content
    for place in range(first[content], first[content + 1]):
        if met[covered[place]] != content:
            return False
    covers[content] = there
    return True


@part
def bring_in(cut: Numbers, side: int, of_parts: Numbers, table: Numbers, work: Numbers, totals: Numbers, width: int, tiles: int) -> None:
    """Contents of X (0) or of W (1). `of_parts`: bytes of each part, then the cycles of the fullest bank."""
    axis, across = (M, N) if side else (N, M)
    first, covered, held = onward(work, FIRST * width), onward(work, COVERED * width), onward(work, HELD * width)
    size, banks = onward(table, (X_BYTES + 2 * side) * width), onward(table, (X_BANKS + 2 * side) * width)
    contents = number_contents(onward(work, (X_PARTS + side) * width), onward(table, (X + side) * width), work, width, tiles)
    parts, moved = tiles // pieces(cut[across], cut[across + TILES]), 0
    for content in range(contents):
        size[content] = banks[content] = 0
        if still_lies(work, width, content):
            continue
        bits = 0
        for place in range(first[content], first[content + 1]):
            bits += presence(cut, axis, covered[place])
        size[content] = pieces(bits, 8)
        if held[content] != NOTHING:
            size[content] += of_parts[held[content]]
            banks[content] = of_parts[parts + held[content]]
        moved += size[content]
    totals[X_CONTENTS + side], totals[X_MOVED + side] = contents, moved


@part
def take_out(cut: Numbers, of_parts: Numbers, table: Numbers, work: Numbers, totals: Numbers, width: int, tiles: int) -> None:
    """Outputs, in the order in which they leave, each after its K tiles. `of_parts`: bytes of each."""
    ks, ns = pieces(cut[K], cut[K_TILE]), pieces(cut[N], cut[N_TILE])
    size = onward(table, Y_BYTES * width)
    x_parts, w_parts = onward(work, X_PARTS * width), onward(work, W_PARTS * width)
    totals[OUTPUTS], totals[Y_MOVED] = tiles // ks, 0
    for output in range(tiles // ks):
        tile = output * ks
        row_tile, n = w_parts[tile] // ks, x_parts[tile] // ks % ns
        size[output] = of_parts[row_tile * ns + n]
        totals[Y_MOVED] += size[output]
