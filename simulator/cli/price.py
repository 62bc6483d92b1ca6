"""`sparsim price`: cost saved results again, without simulating."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import ConstantOption, ForceOption, JsonOption, parse_constants
from simulator.cli.saying import echo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.report.priced import PricedFile
    from simulator.result import Result


def price_command(
    results: Annotated[list[Path], typer.Argument(metavar="RESULT", help="Result files, or folders that hold some, at any depth.")],
    technology: Annotated[
        str | None, typer.Option("--technology", "-t", metavar="NAME", help="Technology, or a file of one; default: each result's own.")
    ] = None,
    constants: ConstantOption = None,
    hold_latency: Annotated[
        bool, typer.Option("--hold-latency", help="Keep the latencies that were simulated where `auto` would settle on others.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for whole results and summary.csv; NAME.csv: the table alone."),
    ] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Price saved results in another technology or with other constants: a row each. What cannot be priced is named, with exit code 2."""

    from simulator.cli.running import Provenance
    from simulator.errors import ConfigError, OutputError
    from simulator.report.folder import check_apart, check_free
    from simulator.report.priced import PricedFile
    from simulator.repricing import PriceList
    from simulator.result.saved import read_runs

    provenance, overrides = Provenance(), parse_constants(constants or [])
    if output is not None and output.suffix != ".csv":
        check_free(output, force=force)
    names = _names(results)
    if output is not None:
        check_apart(output, names)
    prices = PriceList(technology, overrides, hold_latency=hold_latency)
    priced: list[PricedFile] = []
    refused: list[str] = []
    for file, run in zip(names, read_runs(names), strict=True):
        if isinstance(run, OutputError):
            refused.append(str(run))
            continue
        try:
            priced.append(PricedFile(str(file), prices.price(run)))
        except ConfigError as error:
            refused.append(f"{file}: {error}")
    if not priced:
        raise OutputError("\n".join(_first(refused)))
    if output is not None:
        repriced = ((names[Path(entry.file)], _whole(entry.file, technology, overrides, hold_latency)) for entry in priced)
        _write(output, priced, repriced, provenance.record(), force=force)
    _show(priced, refused, output, as_json=as_json)
    if refused:
        for line in _first(refused):
            echo(f"Not priced: {line}", err=True)
        raise typer.Exit(2)


_REFUSALS_SHOWN = 20


def _first(refused: list[str]) -> list[str]:
    """The first refusals, and how many more there are; --json has all."""
    more = len(refused) - _REFUSALS_SHOWN
    return [*refused[:_REFUSALS_SHOWN], *([f"… and {more:,} more (--json lists all)"] if more > 0 else [])]


def _names(results: list[Path]) -> dict[Path, str]:
    """Each file once, with its name in a folder of priced results: under the name of the folder it came from where several were named."""
    from simulator.result.saved import result_files

    names: dict[Path, str] = {}
    for place in results:
        for file in result_files(place):
            inner = file.relative_to(place) if place.is_dir() else Path(file.name)
            above = place.resolve().name if place.is_dir() else place.resolve().parent.name
            names.setdefault(file, str(inner) if len(results) == 1 else str(Path(above) / inner))
    return names


def _whole(file: str, technology: str | None, overrides: dict[str, float], hold_latency: bool) -> Result:
    from simulator.repricing import reprice
    from simulator.result import Result

    return reprice(Result.load(file), technology, overrides, hold_latency=hold_latency)


def _write(output: Path, priced: list[PricedFile], whole: Iterator[tuple[str, Result]], made: dict[str, Any], *, force: bool) -> None:
    from simulator.report.folder import new_file
    from simulator.report.priced import priced_csv, write_priced

    table = priced_csv(priced)
    if output.suffix == ".csv":
        new_file(output, table.encode(), force=force)
    else:
        write_priced(output, whole, table, made, force=force)


def _show(priced: list[PricedFile], refused: list[str], output: Path | None, *, as_json: bool) -> None:
    import json
    import sys

    from rich.text import Text

    from simulator.report.console import Console
    from simulator.report.priced import priced_sentences, priced_table

    if as_json:
        sys.stdout.write(json.dumps({"results": [entry.row() for entry in priced], "refused": refused}, allow_nan=False) + "\n")
        return
    console = Console(markup=False, highlight=False)
    sentences = priced_sentences(priced)
    for place, sentence in enumerate(sentences):
        console.print(Text(sentence, style="" if place else "bold"))
    if sentences:
        console.print()
    console.print(priced_table(priced), crop=False)
    if output is not None:
        console.print(f"results in {output}{'' if output.suffix == '.csv' else '/'}", soft_wrap=True)
