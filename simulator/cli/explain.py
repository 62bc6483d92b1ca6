"""`sparsim explain`: what a metric means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.saying import echo

if TYPE_CHECKING:
    from rich.text import Text

    from simulator.report.console import Console


def explain_command(
    metric: Annotated[
        list[str] | None, typer.Argument(metavar="METRIC", help="A name or a label of a table; none lists the names.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Without a name: say what each of all means.")] = False,
) -> None:
    """Say what a metric, a cause, a bound, a component, a counter or a constant of the cost models means."""
    from rich.text import Text

    from simulator.report.console import Console
    from simulator.report.constants import constant_words
    from simulator.report.glossary import all_terms, terms
    from simulator.terms import SECTIONS, Term

    console = Console(markup=False, highlight=False)

    def show(entry: Term) -> None:
        unit = f" [{entry.unit}]" if entry.unit else ""
        _say(console, Text.assemble((entry.name, "bold"), f" – {entry.label}{unit}: {entry.short}."))

    if metric:
        name = " ".join(metric)
        constant = constant_words(name)
        if constant is not None:
            unit, meaning = constant
            _say(console, Text.assemble((name, "bold"), f" – constant of the cost models [{unit}]: {meaning}."))
            return
        for entry in terms(name):
            show(entry)
            if entry.more:
                _say(console, Text(entry.more))
        return
    if not full:
        from simulator.cli.list_ import print_lines

        names = {heading: [entry.name for entry in all_terms() if entry.section == section] for section, heading in SECTIONS.items()}
        print_lines(f"{heading} ({len(found)}): {', '.join(found)}" for heading, found in names.items())
        echo("what one means: sparsim explain NAME; all names, and what each means: --full")
        return
    for section, heading in SECTIONS.items():
        console.print(Text(heading, style="bold underline"))
        for entry in all_terms():
            if entry.section == section:
                show(entry)
        console.print()


def _say(console: Console, text: Text) -> None:
    """A line for other programs; on a terminal as many as it takes, the later ones indented."""
    from rich.text import Text

    if not console.is_terminal:
        console.print(text, soft_wrap=True)
        return
    console.print(Text("\n  ").join(text.wrap(console, console.width - 2)))
