"""`sparsim breakeven`: where one machine becomes better than another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import ForceOption, JsonOption, OutputOption, WorkloadOption
from simulator.cli.running import Running, with_running_options
from simulator.cli.sweeping import SOME_FAILED, Talk, told

if TYPE_CHECKING:
    from simulator.explore.analysis.crossing_bands import CrossingBand
    from simulator.explore.analysis.crossings import Scale
    from simulator.explore.breakeven import BreakEven, Curve

_DENSITY = "0.0009765625:1"


@with_running_options
def breakeven_command(
    axis: Annotated[str, typer.Option("--axis", metavar="KEY", help="Key path, as in a sweep: workload.density, fabric.replicas.")],
    between: Annotated[str, typer.Option("--between", metavar="A,B", help="Two machine files, or names in configs/machines/.")],
    running: Running,
    workload: WorkloadOption = "spmm-1024",
    metric: Annotated[list[str] | None, typer.Option("--metric", "-m", metavar="METRIC", help="Less is better; repeatable.")] = None,
    ends: Annotated[
        str | None, typer.Option("--range", metavar="LOW:HIGH", help="Of the axis; default for a density: 1/1024 to 1.")
    ] = None,
    linear: Annotated[bool, typer.Option("--linear", help="Divide the axis evenly instead of by ratios.")] = False,
    points: Annotated[int, typer.Option("--points", min=2, max=1000, help="Values of the coarse scan.")] = 11,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=1e-6, max=1.0, help="Width of an answer: 0.02 is 2 % (with --linear: of the range).")
    ] = 0.02,
    settings: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="KEY=VALUE", help="Key of both machines, or workload.KEY; repeatable.")
    ] = None,
    equal_area: Annotated[
        bool, typer.Option("--equal-area", help="Scale machines by their size alone to the fabric area of the first one.")
    ] = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Find where the better one of two machines changes along an axis: every crossing that a coarse scan brackets."""
    import json

    from simulator.cli.provenance import Provenance
    from simulator.errors import ConfigError
    from simulator.explore.breakeven import Question, find_break_even
    from simulator.explore.folder import write_break_even
    from simulator.explore.store import Store
    from simulator.report.folder import check_free

    names = [name.strip() for name in between.split(",")]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        raise ConfigError(f"--between {between}: allowed: two different machines, as crossbar,systolic")
    metrics = tuple(dict.fromkeys(metric or ["seconds", "energy_pj"]))
    scale = _scale(axis, ends, linear)
    question = Question(axis, (names[0], names[1]), workload, metrics, scale, points, tolerance, equal_area, tuple(settings or ()))
    folder = output or Path("reports") / "-".join(["breakeven", *(Path(name).stem for name in names), axis.split(".")[-1]])
    if output is not None or not as_json:
        check_free(folder, force=force)
    provenance = Provenance()
    talk = Talk.quiet if running.quiet or as_json else Talk.bar
    with Store(running.store) as base, told(talk, "breakeven", metrics[0], "min") as listener:
        answer = find_break_even(question, base, running.options(), listener)
    if output is not None or not as_json:
        write_break_even(folder, answer, provenance.record(), force=force)
    if as_json:
        typer.echo(json.dumps(answer.to_dict(), allow_nan=False))
    else:
        typer.echo("\n".join(sentences(answer)))
        typer.echo(f"results in {folder}/")
    raise typer.Exit(SOME_FAILED if answer.failures else 0)


def sentences(answer: BreakEven) -> list[str]:
    """The answer in words, a line a metric and crossing."""
    from simulator.report.glossary import term
    from simulator.report.numbers import significant

    lines = []
    first, second = answer.names
    for curve in answer.curves:
        label = term(curve.metric, "metric").label
        if not curve.values:
            lines.append(f"{label}: no figures")
            continue
        span = f"{significant(curve.values[0])} to {significant(curve.values[-1])}"
        if not curve.crossings:
            better = first if curve.first[0] < curve.second[0] else second
            lines.append(f"{label}: no break-even from {span}; {better} is better at every value that was looked at{_held(curve)}")
        for index, crossing in enumerate(curve.crossings):
            below, above = (first, second) if crossing.first_below else (second, first)
            between = f"{significant(crossing.low, 4)} to {significant(crossing.high, 4)}"
            lines.append(f"{label}: break-even at {answer.axis} {significant(crossing.value)} ({between}); {below} below, {above} above")
            if curve.bands:
                lines.append(f"  over the bands of the constants {_band(curve.bands[index])}")
    lines += [f"no figures at {point}: {reason}" for point, reason in answer.failures.items()]
    return lines


def _held(curve: Curve) -> str:
    """Whether the band of the ratio keeps that winner at every value."""
    from simulator.report.numbers import significant

    if not curve.low:
        return ""
    open_at = [value for value, low, high in zip(curve.values, curve.low, curve.high, strict=True) if low < 1 <= high]
    if not open_at:
        return ", also over the bands of the constants"
    return f"; over the bands of the constants the other may be from {significant(open_at[0])} to {significant(open_at[-1])}"


def _band(band: CrossingBand) -> str:
    """`0.01 to 0.03; cluster_wire_sides alone moves it from 0.012 to 0.02`."""
    from simulator.report.numbers import significant

    def shown(low: float | None, high: float | None) -> str:
        return f"{'below the range' if low is None else significant(low)} to {'above the range' if high is None else significant(high)}"

    mover = f"; {band.mover} alone moves it from {shown(band.mover_low, band.mover_high)}" if band.mover else ""
    return f"{shown(band.low, band.high)}{mover}"


def _scale(axis: str, ends: str | None, linear: bool) -> Scale:
    from simulator.errors import ConfigError
    from simulator.explore.analysis.crossings import Scale

    if ends is None and not axis.endswith("density"):
        raise ConfigError(f"--axis {axis}: needs --range LOW:HIGH; only a density has a default, {_DENSITY}")
    text = ends or _DENSITY
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise ConfigError(f"--range {text}: allowed: LOW:HIGH, two numbers, as 0.001:1") from error
    if not low < high < float("inf") or (not linear and low <= 0):
        raise ConfigError(f"--range {text}: allowed: LOW below HIGH{'' if linear else ', both above 0 (or --linear)'}")
    return Scale(low, high, logarithmic=not linear)
