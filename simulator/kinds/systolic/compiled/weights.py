"""The nonzeros of W: how many lie in each tile, in how many words of each bank, and which rows have them in the same places."""

from __future__ import annotations

from simulator.engine.compiled.bits import part
from simulator.engine.compiled.intrinsics import onward
from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.tiles import pieces


@part
def count_tiles(given: Numbers, rows: Numbers, cols: Numbers, counts: Numbers, found: Numbers, nonzeros: int) -> None:
    """As `kernels.run_array_weights` has it."""
    height, width, m_tile, k_tile, banks, word_size, tiles = given[0], given[1], given[2], given[3], given[4], given[5], given[6]
    ms, ks = pieces(height, m_tile), pieces(width, k_tile)
    most, words = onward(found, tiles), onward(found, 2 * tiles)
    at = 0
    while at < nonzeros:
        block = rows[at] // height
        m = (rows[at] - block * height) // m_tile
        start, stop = block * height + m * m_tile, block * height + min((m + 1) * m_tile, height)
        first, row_before, k_before, word_before = (block * ms + m) * ks, -1, -1, -1
        while at < nonzeros and rows[at] < stop:
            column = cols[at] - block * width
            k = column // k_tile
            word = (column - k * k_tile) // word_size
            found[first + k] += 1
            if rows[at] != row_before or k != k_before or word != word_before:
                row_before, k_before, word_before = rows[at], k, word
                counts[k * banks + (row_before - start) % banks] += 1
            at += 1
        for k in range(ks):
            for bank in range(k * banks, (k + 1) * banks):
                most[first + k] = max(most[first + k], counts[bank])
                words[first + k] += counts[bank]
                counts[bank] = 0


@part
def list_by_place(rows: Numbers, places: Numbers, ends: Numbers, place_ends: Numbers, by_place: Numbers, height: int, width: int) -> None:
    """[height + 1] and [width + 1] ends of what each row and each place has, in lists by row and by place; zeros before."""
    nonzeros = ends[height]
    ends[height] = 0
    for at in range(nonzeros):
        ends[rows[at]] += 1
        place_ends[places[at]] += 1
    before = 0
    for row in range(height + 1):
        before, ends[row] = before + ends[row], before
    before = 0
    for place in range(width + 1):
        before, place_ends[place] = before + place_ends[place], before
    for at in range(nonzeros):
        by_place[place_ends[places[at]]] = rows[at]
        place_ends[places[at]] += 1
    for place in range(width, 0, -1):
        place_ends[place] = place_ends[place - 1]
    place_ends[0] = 0


@part
def group(rows: Numbers, places: Numbers, work: Numbers, by_place: Numbers, order: Numbers, height: int, width: int, size: int) -> None:
    """As `row_order.in_groups` has it."""
    ends, place_ends, rank, covered = work, onward(work, height + 1), onward(work, height + width + 2), onward(work, 2 * height + width + 2)
    remaining = onward(work, 2 * height + 2 * width + 2)
    list_by_place(rows, places, ends, place_ends, by_place, height, width)
    taken = 1 << 62
    for row in range(height):
        remaining[row] = 1
    for start in range(height):
        if start % size:
            continue
        longest = -1
        for row in range(height):
            length = ends[row + 1] - ends[row]
            rank[row] = length * width if remaining[row] else taken
            if remaining[row] and (longest < 0 or length > ends[longest + 1] - ends[longest]):
                longest = row
        for place in range(width):
            covered[place] = 0
        for place in range(start, min(start + size, height)):
            best = longest
            if place > start:
                best = 0
                for row in range(1, height):
                    best = row if rank[row] < rank[best] else best
            order[place], remaining[best], rank[best] = best, 0, taken
            for at in range(ends[best], ends[best + 1]):
                if not covered[places[at]]:
                    covered[places[at]] = 1
                    for other in range(place_ends[places[at]], place_ends[places[at] + 1]):
                        rank[by_place[other]] -= width + 1
