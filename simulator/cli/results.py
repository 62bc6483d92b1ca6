"""`sparsim results`: what a store holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import DEFAULT_STORE, ForceOption, JsonOption, StoreOption
from simulator.cli.running import tell_damaged
from simulator.cli.saying import echo

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simulator.study.sweep.catalogue import Differences
    from simulator.study.sweep.store import Store
    from simulator.study.sweep.study import Row

_DEFAULT_METRICS = ("cycles", "seconds", "energy_pj", "fabric_area_mm2")


def results_command(
    sweep: Annotated[
        str | None, typer.Argument(metavar="SWEEP", help="Name of a sweep (the last of it), or an id; none lists all.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="CONDITION", help="Only points for which it holds: 'energy_pj < 1e8 and fabric.replicas > 1'."),
    ] = None,
    metric: Annotated[list[str] | None, typer.Option("--metric", "-m", metavar="METRIC", help="Columns to show; repeatable.")] = None,
    against: Annotated[str | None, typer.Option("--against", metavar="SWEEP", help="Another sweep: show the points that differ.")] = None,
    export: Annotated[Path | None, typer.Option("--export", metavar="FILE", help="Write the points as .csv or .parquet.")] = None,
    prune: Annotated[
        list[str] | None,
        typer.Option("--prune", metavar="SWEEP", help="Remove a sweep and what only it needs; stale: all of other code. Repeatable."),
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """List, filter, export, compare and prune what sweeps have stored."""
    import json
    from dataclasses import asdict

    from simulator.errors import ConfigError
    from simulator.result import METRICS
    from simulator.study.sweep import catalogue
    from simulator.study.sweep.store import Store
    from simulator.study.sweep.study import flat_rows

    if not store.is_file():
        raise ConfigError(f"{store}: no such store; sparsim sweep makes one")
    metrics = _known(metric or _DEFAULT_METRICS)
    if sweep is None and (where or against or export):
        raise ConfigError("--where, --against and --export need a SWEEP")
    with Store(store) as base:
        if prune:
            gone, went = catalogue.prune(base, prune)
            echo(f"removed {len(gone)} sweeps, {went.points} points, {went.timings} timings, {went.searches} searches for sizes")
            return
        if sweep is None:
            echo(json.dumps([asdict(item) for item in base.sweeps()])) if as_json else _show(_sweeps(base))
            return
        needed = list(METRICS) if export is not None or (as_json and against is None) else metrics
        rows = catalogue.sweep_rows(base, catalogue.find_sweep(base, sweep), needed)
        others = None if against is None else catalogue.sweep_rows(base, catalogue.find_sweep(base, against), needed)
        tell_damaged(base)
    if where is not None:
        rows = catalogue.filtered(rows, where)
    if export is not None:
        _export(rows, export, force=force)
    elif others is not None:
        found = catalogue.differences(rows, others, metrics)
        echo(json.dumps(asdict(found), allow_nan=False)) if as_json else _show(_differences(found))
    elif as_json:
        echo(json.dumps(flat_rows(rows), allow_nan=False))
    else:
        _show(_rows(rows, metrics))


def _known(metrics: Sequence[str]) -> Sequence[str]:
    """The metrics as they are. Raises ConfigError where one is none."""
    from simulator.errors import ConfigError
    from simulator.result import METRICS
    from simulator.specs import nearest_hint

    for name in metrics:
        if name not in METRICS:
            raise ConfigError(f"--metric {name}: unknown; allowed: {', '.join(METRICS)}{nearest_hint(name, METRICS)}")
    return metrics


def _show(table: RenderableType) -> None:
    """Print a table: as wide as it needs where no terminal bounds it."""
    from simulator.report.console import Console

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 160)
    console.print(table)


def _export(rows: Sequence[Row], file: Path, *, force: bool) -> None:
    from simulator.errors import OutputError
    from simulator.study.sweep import catalogue

    if file.exists() and not force:
        raise OutputError(f"{file}: exists already and is not overwritten; choose another file, or replace it with --force")
    catalogue.export(rows, file)
    echo(f"{len(rows)} points in {file}")


def _sweeps(store: Store) -> RenderableType:
    from rich.table import Table

    from simulator.report.layout import Stacked
    from simulator.version import MODEL_VERSION

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "started", "points", "done", "failed", "code"):
        table.add_column(heading, justify="right" if heading in ("points", "done", "failed") else "left", no_wrap=True)
    for sweep in store.sweeps():
        code = "this" if sweep.version == str(MODEL_VERSION) else "other"
        started = sweep.started[:19].replace("T", " ")
        table.add_row(sweep.id, sweep.name, started, *(f"{count:,}" for count in (sweep.points, sweep.done, sweep.failed)), code)
    return Stacked(table)


def _rows(rows: Sequence[Row], metrics: Sequence[str]) -> RenderableType:
    from rich.table import Table

    from simulator.report.glossary import term
    from simulator.report.layout import Stacked
    from simulator.report.numbers import common_scale
    from simulator.study.sweep.keys import shown

    paths = list(dict.fromkeys(path for row in rows for path in row.assignments))
    table = Table(box=None, pad_edge=False)
    for path in paths:
        table.add_column(path, justify="right", no_wrap=True)
    scales = {}
    for name in metrics:
        scales[name] = common_scale([row.metric(name) for row in rows if row.record is not None], term(name, "metric").unit)
        table.add_column(f"{term(name, 'metric').label}{f' ({scales[name][1]})' if scales[name][1] else ''}", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for row in rows:
        values = [shown(row.assignments[path]) if path in row.assignments else "–" for path in paths]
        figures = [_figure(row, name, scales[name][0]) for name in metrics]
        reason = row.reason.splitlines()[0] if row.reason else ""
        note = f"{row.failure}: {reason}" if row.failure else "; ".join(f"breaks {text}" for text in row.broken)
        table.add_row(*values, *figures, note)
    return Stacked(table)


def _figure(row: Row, metric: str, factor: float) -> str:
    """The figure, and its band where it has one."""
    from simulator.report.numbers import significant

    if row.record is None:
        return "–"
    band = row.band(metric)
    over = f" ({significant(band[0] * factor)}–{significant(band[1] * factor)})" if band else ""
    return significant(row.metric(metric) * factor, 4) + over


def _differences(found: Differences) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from simulator.report.layout import Stacked
    from simulator.report.numbers import significant, times
    from simulator.study.sweep.keys import labelled

    table = Table(box=None, pad_edge=False)
    for heading in ("point", "metric", "here", "there", "there ÷ here"):
        table.add_column(heading, justify="left" if heading in ("point", "metric") else "right", no_wrap=heading != "point")
    for difference in found.points:
        label = labelled(difference.assignments)
        for name, (here, there) in difference.figures.items():
            cells = ["failed" if value is None else significant(value, 6) for value in (here, there)]
            table.add_row(label, name, *cells, times(there / here) if here and there is not None else "–")
    head = f"{len(found.points)} points differ, {found.same} have the same figures, {found.alone} are in one sweep only"
    return Group(Text(head, style="bold"), Stacked(table)) if found.points else Text(head)
