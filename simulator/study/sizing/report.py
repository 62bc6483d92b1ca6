"""What was sized, for people: a table of changes, and a machine file to go on from."""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report.numbers import significant
from simulator.report.tables import Whole
from simulator.study.sizing.types import UNITS, SearchCounts, Sized


def sizing_table(sized: Sequence[Sized]) -> RenderableType:
    """One block a machine: what it was made equal to, every key that changed, and what was searched."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    for heading in ("machine", "key", "from", "to"):
        table.add_column(heading, no_wrap=True)
    for entry in sized:
        rows = [(change.key, f"{change.before}", f"{change.after}") for change in entry.changes] or [("nothing changed", "", "")]
        for number, row in enumerate(rows):
            table.add_row(entry.machine.name if not number else "", *row)
    lines = [Text(sentence(entry)) for entry in sized]
    return Group(Text(heading_of(sized), style="bold"), Whole(table), Text(), *lines)


def heading_of(sized: Sequence[Sized]) -> str:
    """What all machines were made equal in."""
    first = sized[0]
    how = "each design at its own best sizes" if first.search else "by size alone"
    verb = {"area": "at most", "power": "at most", "throughput": "at least", "bandwidth": "exactly"}[first.quantity]
    return f"Sized to equal {first.quantity}: {verb} {_shown(first, first.target)}, {how}"


def sentence(entry: Sized) -> str:
    """What a machine came to, what the next size would be, and what a search saw."""
    text = f"{entry.machine.name} ({entry.kind}): {_shown(entry, entry.achieved)}, {100 * entry.difference:+.1f} % of the target"
    if entry.next_size is not None:
        text += f"; the next size has {_shown(entry, entry.next_size)}"
    if entry.search is not None:
        text += f"; {_searched(entry.search)}"
    return "; ".join([text, *entry.notes])


def machine_file(entry: Sized) -> str:
    """The sized machine as a file that can be run, edited and sized again."""
    record = entry.machine.model_dump(exclude_unset=True)
    text: str = yaml.safe_dump(record, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    changed = "".join(f"#   {change.key}: {change.before} -> {change.after}\n" for change in entry.changes)
    return f"# {sentence(entry)}.\n{'# Changed:' if changed else '# Nothing changed.'}\n{changed}{text}"


def _searched(search: SearchCounts) -> str:
    kept = "exact within the grid" if not search.skipped else "cut short by the budget"
    return (
        f"of {search.designs:,} designs {search.illegal:,} are not possible, {search.over_cap:,} miss the target, "
        f"{search.pruned:,} cannot win, {search.given_up:,} were given up on the way, {search.simulated:,} were simulated ({kept})"
    )


def _shown(entry: Sized, value: float) -> str:
    return f"{significant(value, 4)} {UNITS[entry.quantity]}"
