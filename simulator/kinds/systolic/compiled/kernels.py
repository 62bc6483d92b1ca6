"""The kernels of a search for an array's schedules."""

from __future__ import annotations

from simulator.engine.compiled.records import Numbers
from simulator.kinds.systolic.compiled.contents import bring_in, take_out
from simulator.kinds.systolic.compiled.relaxed import earliest_end
from simulator.kinds.systolic.compiled.tiles import run_tiles


def run_array_outline(
    cut: Numbers,
    steps: Numbers,
    x_parts: Numbers,
    w_parts: Numbers,
    y_parts: Numbers,
    table: Numbers,
    totals: Numbers,
    work: Numbers,
    tiles: int,
) -> None:
    """A schedule as the system level would see it.

    `cut`: a `Cut`; `steps`: those of each fold, where they differ; `x_parts`, `w_parts`: [2, parts] bytes of each part and cycles of
    its fullest bank; `y_parts`: [parts] bytes; `table`, `totals`, `work`: rows as `layout` names them, of a number more than there are
    tiles.
    """
    width = tiles + 1
    run_tiles(cut, steps, table, work, totals, width)
    bring_in(cut, 0, x_parts, table, work, totals, width, tiles)
    bring_in(cut, 1, w_parts, table, work, totals, width, tiles)
    take_out(cut, y_parts, table, work, totals, width, tiles)


def run_array_bound(rates: Numbers, table: Numbers, times: Numbers, lanes: Numbers, found: Numbers, tiles: int) -> None:
    """Cycles that no run of an outlined schedule goes below.

    `rates`: `Rates`; `times`: rows as `layout` names them; `lanes`: [4, ...] of three streams, and one to reckon with; `found`: [1]
    chunks that the staging of a stream has room for, and then the bound.
    """
    found[0] = earliest_end(rates, table, times, lanes, tiles + 1, tiles, found[0])
