"""`sparsim study`: a question that a file asks, answered from its own sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import (
    ForceOption,
    FullOption,
    HtmlOption,
    JsonOption,
    OutputOption,
    Running,
    StyleChoice,
    StyleOption,
    shipped,
    with_running_options,
)
from simulator.cli.running import SOME_FAILED, Talk, kept_when_interrupted, page_script, results_in, tell_damaged, told
from simulator.cli.saying import echo

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import RenderableType

    from simulator.study.questions.run import Answered
    from simulator.study.questions.table import Rival
    from simulator.study.sweep.run import Listener
    from simulator.study.sweep.spec import SweepSpec


@with_running_options
def study_command(
    running: Running,
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY", help="Study file, or a name in configs/studies/; none: list them.", autocompletion=shipped("studies")
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="KEY=VALUE", help="Replace a key of the study file; repeatable.")
    ] = None,
    cut: Annotated[
        bool, typer.Option("--cut", help="Only the small part that the file names under cut: a look at it in a moment.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Put the answer into a Markdown page, where it has a place for it.")
    ] = None,
    style: StyleOption = StyleChoice.screen,
    html: HtmlOption = False,
    full: FullOption = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Answer a question from its sweeps: a sentence with figures and bands, a table, a picture, and what would overturn it.

    What the store holds is not run again; one that was interrupted goes on where it was.
    """
    import json

    from simulator.cli.running import Provenance
    from simulator.report.folder import check_apart
    from simulator.report.pictures import in_style
    from simulator.study.questions.folder import answer_record, check_study_folder, study_folder, write_study
    from simulator.study.questions.pages import update_page
    from simulator.study.questions.picture import picture_png
    from simulator.study.questions.reading import load_question
    from simulator.study.questions.run import answer_question
    from simulator.study.sweep.store import Store

    if study is None:
        _list()
        return
    question = load_question(study, overrides or (), cut=cut)
    folder = output or study_folder(question.spec.name, force=force)
    writes = output is not None or not as_json
    if writes:
        check_study_folder(folder, question.spec.name, force=force)
        check_apart(folder, [running.store])
    script = page_script(html, folder=writes)
    provenance = Provenance()
    talk = Talk.quiet if running.quiet or as_json else Talk.bar

    def heard(spec: SweepSpec) -> AbstractContextManager[Listener]:
        objective, way = next(iter(spec.objectives.items()))
        return told(talk, spec.name, objective, way)

    with kept_when_interrupted(running.store), Store(running.store) as base:
        done = answer_question(question, base, running.options(), heard)
        tell_damaged(base)
    if writes:
        made = provenance.record()
        with in_style(style.value):
            picture = picture_png(question.spec.picture, done.evidence)
        files = {} if script is None else _page(done, made, picture, script)
        write_study(folder, done, made, picture, force=force, files=files)
        if page is not None:
            update_page(page, question.spec.name, done.answer, folder)
    if as_json:
        echo(json.dumps(answer_record(done), allow_nan=False))
    else:
        _show(done, folder, full=full)
    raise typer.Exit(SOME_FAILED if done.evidence.failed else 0)


def _page(done: Answered, made: Mapping[str, Any], picture: bytes | None, script: str) -> dict[str, str]:
    from simulator.report.page import PAGE, rendered
    from simulator.study.questions.page import page_of_study

    return {PAGE: rendered(page_of_study(done, made, picture), script)}


def _list() -> None:
    """Every shipped study, by its question."""
    from simulator.specs import config_path
    from simulator.specs.documents import read_tree
    from simulator.specs.tree import child
    from simulator.study.questions.reading import FOLDER, study_names
    from simulator.study.questions.spec import QuestionSpec

    for name in study_names():
        question = child(read_tree(config_path(FOLDER, name), QuestionSpec), "question")
        echo(f"{name:<14} {question.value if question is not None else ''}")
    echo("\nsparsim study NAME answers one; each is a file of configs/studies that can be copied")


def _show(done: Answered, folder: Path, *, full: bool) -> None:
    from rich.text import Text

    from simulator.report.console import Console
    from simulator.study.questions.table import headings

    console = Console(markup=False, highlight=False)
    spec, answer = done.question.spec, done.answer
    console.print(Text(spec.question, style="bold"))
    if full or not answer.rivals:
        console.print(f"Claim: {spec.claim}")
    console.print()
    console.print(Text(answer.verdict, style="bold"))
    if spec.table is not None:
        console.print()
        console.print(_rivals(headings(spec.table, done.evidence), answer.rivals))
    if full or not answer.rivals:
        console.print(_listed(answer.sentences))
    if full:
        console.print("\nWhat would overturn it:")
        console.print(_listed(answer.overturned_by))
        for reference in done.evidence.references.values():
            console.print(f"\n{reference.sentence}")
    for sweep, row in done.evidence.failed:
        console.print(f"no figures in {sweep} at {row.label}: {row.reason}")
    stored = len(done.evidence.seen) - done.computed
    console.print(f"\n{done.computed} points run, {max(0, stored)} from the store; {results_in(folder)}", soft_wrap=True)
    if not full:
        console.print(Text("more figures, and what would overturn it: --full, or answer.md there", style="dim"), soft_wrap=True)


def _rivals(heads: Sequence[tuple[str, str]], rows: Sequence[Rival]) -> RenderableType:
    """A line each; the name of a group where it begins."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    for label, unit in heads[:-1]:
        table.add_column(Text(f"{label}\n{unit}", justify="right"), justify="right", no_wrap=True)
    label, unit = heads[-1]
    table.add_column(f"{label},\n{unit}", width=max((len(row.of_the_best) for row in rows), default=0))
    for place, row in enumerate(rows):
        begins = place == 0 or rows[place - 1].group != row.group
        table.add_row(row.group if begins else "", row.name, *row.figures, row.of_the_best)
    return table


def _listed(lines: Sequence[str]) -> RenderableType:
    """Lines that keep their place under a dash where they wrap."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    for line in lines:
        grid.add_row("-", line)
    return grid
