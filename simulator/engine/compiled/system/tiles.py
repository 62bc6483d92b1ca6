"""The fabric runs tiles, and stands still where something is late; what it waits for then."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.system.events import after, follow, happened, mark, reached
from simulator.engine.compiled.system.layout import WANT, WRITE, WRITTEN, Stream, System, Tile

NEXT_TILE, X_HERE, LEFT, W_HERE, Y_GONE, NEXT_MOMENT, HAPPENS, WANTED, WRITABLE, ENDED = range(10)
"""Steps of the fabric."""


@part
def waited_for(system: System, stream: Stream, count: int) -> None:
    """By what was waited for until the first so many transfers were here (`Ways`)."""
    begun, end = system.waits_since, system.now
    while begun < end:
        way = stream.transfers[stream.passed]
        reached_at = min(way.here, end)
        free, asked, left = min(way.free, reached_at), min(way.asked, reached_at), min(way.left_dram, reached_at)
        if begun < free:
            system.waited_dependence += free - begun
            begun = free
        if begun < asked:
            system.waited_write_back += asked - begun
            begun = asked
        if begun < left:
            system.waited_dram += left - begun
            begun = left
        if begun < reached_at:
            system.waited_trunk += reached_at - begun
            begun = reached_at
        if stream.passed + 1 == count:
            return
        stream.passed += 1


@inline
def happens(system: System, tile: Tile) -> bool:
    """What happens at the moment at hand; whether the fabric need not wait for it."""
    moment, fabric = system.moments[system.moment], system.fabric
    system.waits_since = system.now
    if moment.what == WANT:
        fabric.step = WANTED
        return reached(system, system.w_here, tile.w_first + moment.part + 1, fabric)
    number = tile.y_first + moment.part
    if moment.what == WRITE:
        fabric.step = WRITABLE
        return reached(system, system.y_gone, number - system.y_parts[number].behind, fabric)
    fabric.step = WRITABLE
    if moment.what == WRITTEN:
        mark(system, system.y_written, number, number + 1)
    elif tile.last_of_w:
        number = tile.w_first + moment.part
        mark(system, system.w_taken, number, number + 1)
    return True


@inline
def end_tile(system: System, tile: Tile) -> None:
    """A tile is through: what is not used again is let go, its rows may leave."""
    system.through = system.now
    if tile.last_of_x:
        follow(system, system.x.transfers[tile.x].released.event)
    if tile.w_taken:
        mark(system, system.w_taken, tile.w_first, tile.w_taken)
    if tile.last_of_y:
        system.drains[tile.y].computed = system.now
        if tile.y_written:
            mark(system, system.y_written, tile.y_first, tile.y_written)


@part
def run_tiles(system: System) -> None:
    """Tile after tile."""
    fabric = system.fabric
    while system.tile < system.tile_count:
        tile = system.tiles[system.tile]
        if fabric.step == NEXT_TILE:
            fabric.step = X_HERE
            system.waits_since = system.now
            if not happened(system.x.transfers[tile.x].arrived, fabric):
                return
        if fabric.step == X_HERE:
            waited_for(system, system.x, tile.x + 1)
            system.waits_since = system.now
            fabric.step = LEFT
            if not reached(system, system.y_gone, tile.awaits, fabric):
                return
        if fabric.step == LEFT:
            system.waited_dependence += system.now - system.waits_since
            system.waits_since = system.now
            fabric.step = W_HERE
            if not reached(system, system.w_here, tile.w_needed, fabric):
                return
        if fabric.step == W_HERE:
            waited_for(system, system.w, tile.w_needed)
            system.waits_since = system.now
            fabric.step = Y_GONE
            if not reached(system, system.y_gone, tile.y_needed, fabric):
                return
        if fabric.step == Y_GONE:
            system.waited_write_back += system.now - system.waits_since
            if tile.operation.start < 0:
                tile.operation.start = system.now
            system.moment = tile.first_moment
            system.at = 0
            fabric.step = NEXT_MOMENT
        if not moments_passed(system, tile):
            return
        end_tile(system, tile)
        system.tile += 1
        fabric.step = NEXT_TILE


@part
def moments_passed(system: System, tile: Tile) -> bool:
    """Go on with a tile: whether it is through."""
    fabric = system.fabric
    while fabric.step != ENDED:
        if fabric.step == NEXT_MOMENT:
            ended = system.moment == tile.end_moment
            cycle = tile.cycles if ended else system.moments[system.moment].cycle
            fabric.step = ENDED if ended else HAPPENS
            if ended or cycle > system.at:
                after(system, cycle - system.at, fabric.event)
                system.at = cycle
                return False
        if fabric.step == HAPPENS and not happens(system, tile):
            return False
        if fabric.step == WANTED:
            waited_for(system, system.w, tile.w_first + system.moments[system.moment].part + 1)
        else:
            system.waited_write_back += system.now - system.waits_since
        system.moment += 1
        fabric.step = NEXT_MOMENT
    return True
