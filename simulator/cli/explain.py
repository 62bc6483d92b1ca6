"""`sparsim explain`: what a metric means."""

from __future__ import annotations

from typing import Annotated

import typer


def explain_command(
    metric: Annotated[list[str] | None, typer.Argument(metavar="METRIC", help="A name or a label of a table; none lists all.")] = None,
) -> None:
    """Say what a metric, a cause, a bound, a component or a counter means."""
    from rich.console import Console
    from rich.text import Text

    from simulator.report.glossary import all_terms, terms
    from simulator.terms import SECTIONS, Term

    console = Console(markup=False, highlight=False)

    def show(entry: Term) -> None:
        unit = f" [{entry.unit}]" if entry.unit else ""
        console.print(Text.assemble((entry.name, "bold"), f" – {entry.label}{unit}: {entry.short}."), soft_wrap=True)

    if metric:
        for entry in terms(" ".join(metric)):
            show(entry)
            if entry.more:
                console.print(entry.more, soft_wrap=True, markup=False)
        return
    for section, heading in SECTIONS.items():
        console.print(Text(heading, style="bold underline"))
        for entry in all_terms():
            if entry.section == section:
                show(entry)
        console.print()
