"""What the halves of the buffers hold over the tiles of a schedule, and what is moved for it (`systolic.contents`)."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.intrinsics import onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.layout import (
    COVERED,
    COVERS,
    FIRST,
    FOLDS,
    HELD,
    MET,
    OUTPUTS,
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
    CutRecord,
    X,
)
from simulator.kinds.systolic.compiled.tiles import piece, pieces

NOTHING = -1


@inline
def steps_scanned(cut: CutRecord, k: int) -> int:
    """Presence bits of each line of a K tile."""
    size = piece(cut.k, cut.k_tile, k)
    return size if cut.skips_steps else cut.skips_folds * pieces(size, cut.k_fold)


@part
def presence(cut: CutRecord, side: int, of: int) -> int:
    """Presence bits of a part of X (0), whose lines are those of N, or of W (1), whose lines are those of M."""
    if not (cut.has_left and cut.flow != X_STAYS if side else cut.has_right and cut.flow != W_STAYS):
        return 0
    ks = pieces(cut.k, cut.k_tile)
    extent, tile, fold = (cut.m, cut.m_tile, cut.m_fold) if side else (cut.n, cut.n_tile, cut.n_fold)
    return pieces(piece(extent, tile, of // ks % pieces(extent, tile)), fold) * steps_scanned(cut, of % ks)


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
def bring_in(cut: CutRecord, side: int, of_parts: Numbers, table: Numbers, work: Numbers, totals: Numbers, width: int, tiles: int) -> None:
    """Contents of X (0) or of W (1). `of_parts`: bytes of each part, then the cycles of the fullest bank."""
    others = pieces(cut.n, cut.n_tile) if side else pieces(cut.m, cut.m_tile)
    first, covered, held = onward(work, FIRST * width), onward(work, COVERED * width), onward(work, HELD * width)
    size, banks = onward(table, (X_BYTES + 2 * side) * width), onward(table, (X_BANKS + 2 * side) * width)
    contents = number_contents(onward(work, (X_PARTS + side) * width), onward(table, (X + side) * width), work, width, tiles)
    parts, moved = tiles // others, 0
    for content in range(contents):
        size[content] = banks[content] = 0
        if still_lies(work, width, content):
            continue
        bits = 0
        for place in range(first[content], first[content + 1]):
            bits += presence(cut, side, covered[place])
        size[content] = pieces(bits, 8)
        if held[content] != NOTHING:
            size[content] += of_parts[held[content]]
            banks[content] = of_parts[parts + held[content]]
        moved += size[content]
    totals[X_CONTENTS + side], totals[X_MOVED + side] = contents, moved


@part
def take_out(cut: CutRecord, of_parts: Numbers, table: Numbers, work: Numbers, totals: Numbers, width: int, tiles: int) -> None:
    """Outputs, in the order in which they leave, each after its K tiles. `of_parts`: bytes of each."""
    ks, ns = pieces(cut.k, cut.k_tile), pieces(cut.n, cut.n_tile)
    size = onward(table, Y_BYTES * width)
    x_parts, w_parts = onward(work, X_PARTS * width), onward(work, W_PARTS * width)
    totals[OUTPUTS], totals[Y_MOVED] = tiles // ks, 0
    for output in range(tiles // ks):
        tile = output * ks
        row_tile, n = w_parts[tile] // ks, x_parts[tile] // ks % ns
        size[output] = of_parts[row_tile * ns + n]
        totals[Y_MOVED] += size[output]
