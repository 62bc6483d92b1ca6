"""The paths that bound a machine's clock: how deep, how long, how many cycles, and which key that sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.cost.delay import TimingPath
from simulator.cost.technology import Technology
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.report.numbers import significant

if TYPE_CHECKING:
    from rich.console import RenderableType


def paths_record(elaborated: Elaborated, technology: Technology) -> list[dict[str, Any]]:
    """Every path as JSON values; `cycles` are those that it has, `asked` those that the delay model asks for."""
    clock_ghz = elaborated.machine.clock_ghz
    return [
        {
            "path": path.name,
            "fo4": path.delay.fo4,
            "wire_mm": path.delay.wire_mm,
            "ns": path.delay.ns(technology),
            "cycles": path.cycles(technology, clock_ghz),
            "asked": path.least(technology, clock_ghz),
            "sets": path.key,
        }
        for path in kind_of(elaborated.machine).paths(elaborated, technology)
    ]


def deepest_path(elaborated: Elaborated, technology: Technology) -> str:
    """The path that fills the most of its cycles, in words: how much of them, and what sets their number."""
    clock_ghz = elaborated.machine.clock_ghz
    room = technology.crossbar_stage_fill / clock_ghz
    paths = [path for path in kind_of(elaborated.machine).paths(elaborated, technology) if path.cycles(technology, clock_ghz)]
    if not paths:
        return "no path fills a cycle"
    fill = {path: path.delay.ns(technology) / (room * path.cycles(technology, clock_ghz)) for path in paths}
    fullest = max(paths, key=lambda path: fill[path])
    cycles = fullest.cycles(technology, clock_ghz)
    room_of = "1 cycle has" if cycles == 1 else f"{cycles} cycles have"
    setting = f"; set by {_sets(fullest, technology, clock_ghz)}" if fullest.key else ""
    return f"the fullest path is the {fullest.name}, {fill[fullest]:.0%} of what {room_of} room for{setting}"


def paths_table(elaborated: Elaborated, technology: Technology) -> RenderableType:
    """The same as a table, and what a cycle has room for."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from simulator.report.layout import Stacked

    clock_ghz = elaborated.machine.clock_ghz
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("path", "FO4", "wire mm", "ns", "cycles", "sets"):
        words = heading in ("path", "sets")  # which wrap where the terminal is narrow; figures do not
        table.add_column(heading, justify="left" if words else "right", no_wrap=not words)
    for path in kind_of(elaborated.machine).paths(elaborated, technology):
        figures = (path.delay.fo4, path.delay.wire_mm, path.delay.ns(technology))
        cycles = path.cycles(technology, clock_ghz)
        table.add_row(path.name, *(significant(figure) for figure in figures), str(cycles), _sets(path, technology, clock_ghz))
    room = technology.crossbar_stage_fill / clock_ghz
    note = (
        f"a cycle of {significant(1 / clock_ghz)} ns has room for {significant(room)} ns, "
        f"{significant(room / technology.fo4_delay_ps * 1e3)} FO4 of {significant(technology.fo4_delay_ps)} ps; wires "
        f"{significant(technology.wire_delay_ns_per_mm)} ns/mm; 0 cycles: within those of the addition"
    )
    return Group(Stacked(table), Text(note, style="dim"))


def _sets(path: TimingPath, technology: Technology, clock_ghz: float) -> str:
    """The key, and whether its own number stands there."""
    if not path.key:
        return "must fit into one"
    asked = path.least(technology, clock_ghz)
    given = path.given is not None and path.given != asked
    return f"{path.key} (given; the model asks for {asked})" if given else path.key
