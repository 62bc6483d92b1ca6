"""`sparsim breakeven`: where one machine becomes better than another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import (
    MOST_COLUMNS,
    ForceOption,
    JsonOption,
    OutputOption,
    Running,
    StyleChoice,
    StyleOption,
    WorkloadOption,
    with_running_options,
)
from simulator.cli.running import SOME_FAILED, Talk, tell_damaged, told
from simulator.cli.saying import echo
from simulator.study.breakeven import FINEST, MOST_POINTS

if TYPE_CHECKING:
    from simulator.study.breakeven.answer import BreakEven, Curve
    from simulator.study.breakeven.crossings import Better, Crossing, CrossingBand, Scale

_DENSITY = "0.0009765625:1"


class PruneChoice(StrEnum):
    """Rules of pruning that a density is all of."""

    magnitude = "magnitude"
    row = "row"


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
    points: Annotated[int, typer.Option("--points", min=2, max=MOST_POINTS, help="Values of the coarse scan.")] = 11,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=FINEST, max=1.0, help="Width of an answer: 0.02 is 2 % (with --linear: of the range).")
    ] = 0.02,
    settings: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="KEY=VALUE", help="Key of both machines, or workload.KEY; repeatable.")
    ] = None,
    equal_area: Annotated[
        bool, typer.Option("--equal-area", help="Scale machines by their size alone to the fabric area of the first one.")
    ] = False,
    prune: Annotated[
        PruneChoice | None,
        typer.Option("--prune", help="-w is a checkpoint, a matrix or an imported trace: prune its values anew at every density."),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            "--tokens", "-n", min=1, max=MOST_COLUMNS, help="With --prune of a checkpoint or a matrix: N of its products; default: 256."
        ),
    ] = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Find where the better one of two machines changes along an axis: every crossing that a coarse scan brackets."""
    import json

    from simulator.cli.running import Provenance, files_of, result_folder
    from simulator.errors import ConfigError
    from simulator.report.folder import set_in_name
    from simulator.report.pictures import in_style
    from simulator.study.breakeven.answer import write_break_even
    from simulator.study.breakeven.breakeven import Question, check_axis, check_question, find_break_even
    from simulator.study.sweep.store import Store

    machines = _pair(between)
    metrics = tuple(dict.fromkeys(metric or ["seconds", "energy_pj"]))
    with _workload_file(workload, prune, tokens) as file:
        check_axis(axis, machines, file)
        scale = _scale(axis, ends, linear)
        question = Question(axis, machines, file, metrics, scale, points, tolerance, equal_area, tuple(settings or ()))
        check_question(question)
        name = "-".join(["breakeven", *(Path(machine).stem for machine in machines), axis.split(".")[-1]]) + set_in_name(
            [*(settings or ()), *([f"prune={prune.value}"] if prune else [])]
        )
        read: list[str | Path] = [*files_of(machines, file), running.store, *([workload] if prune else [])]
        folder = result_folder(output, f"{name}{'-equal-area' if equal_area else ''}", as_json=as_json, force=force, read=read)
        provenance = Provenance()
        talk = Talk.quiet if running.quiet or as_json else Talk.bar
        with Store(running.store) as base, told(talk, "breakeven", metrics[0], "min") as listener:
            answer = find_break_even(question, base, running.options(), listener)
            tell_damaged(base)
    if not any(curve.values for curve in answer.curves):
        raise ConfigError("\n".join(without_figures(answer)))
    if folder is not None:
        with in_style(style.value):
            write_break_even(folder, answer, provenance.record(), force=force)
    if as_json:
        echo(json.dumps(answer.to_dict(), allow_nan=False))
    else:
        from simulator.report.console import Console

        console = Console(markup=False, highlight=False)
        for sentence in sentences(answer):
            console.print(sentence, soft_wrap=not console.is_terminal)
        console.print(f"results in {folder}/", soft_wrap=True)
    raise typer.Exit(SOME_FAILED if answer.failures else 0)


def _pair(between: str) -> tuple[str, str]:
    """The two machines of `A,B`."""
    from simulator.errors import ConfigError

    names = [name.strip() for name in between.split(",")]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        raise ConfigError(f"--between {between}: allowed: two different machines, as crossbar,systolic")
    return names[0], names[1]


@contextmanager
def _workload_file(workload: str, prune: PruneChoice | None, tokens: int | None) -> Iterator[str]:
    """The workload as it was named; with --prune one whose matrices are pruned anew at every density."""
    from simulator.errors import ConfigError

    if prune is None:
        if tokens is not None:
            raise ConfigError(f"--tokens {tokens}: is of a checkpoint or a matrix, with --prune; -s workload.*.shape.n={tokens} sets N")
        if Path(workload).is_file() and Path(workload).suffix not in (".yaml", ".yml"):
            raise ConfigError(f"{workload}: no workload file; --prune magnitude prunes what it holds at every density of --axis")
        yield workload
        return
    from simulator.cli.import_ import tell_left_out, turned_words, unpacked_words
    from simulator.study.breakeven.pruned import prunable

    with prunable(workload, prune.value, tokens) as ready:
        tell_left_out(ready.left_out)
        if ready.turned:
            echo(turned_words(ready.turned), err=True)
        if ready.unpacked:
            echo(unpacked_words(ready.unpacked), err=True)
        yield str(ready.file)


def without_figures(answer: BreakEven) -> list[str]:
    """A line for each reason that points have no figures, with the first of them and how many there are."""
    lines = []
    for reason in dict.fromkeys(answer.failures.values()):
        points = [point for point, why in answer.failures.items() if why == reason]
        where = points[0] if len(points) == 1 else f"{len(points)} points, the first {points[0]}"
        lines.append(f"no figures at {where}: {reason}")
    return lines


def sentences(answer: BreakEven) -> list[str]:
    """The answer in words, a line a metric and crossing."""
    from simulator.report.glossary import term

    lines = []
    for curve in answer.curves:
        label = term(curve.metric, "metric").label + (", at equal area" if answer.equal_area else "")
        if not curve.values:
            lines.append(f"{label}: no figures")
        elif not curve.crossings:
            lines.append(f"{label}: no break-even {_without_crossing(answer, curve)}")
        for index, crossing in enumerate(curve.crossings):
            sides = f"{answer.called(crossing.below)} below, {answer.called(crossing.above)} above"
            lines.append(f"{label}: break-even {_place(answer, crossing)}; {sides}")
            if curve.bands:
                lines.append(f"  over the bands of the constants {_band(curve.bands[index])}")
    lines += without_figures(answer)
    return lines


def _without_crossing(answer: BreakEven, curve: Curve) -> str:
    """`from 0.1 to 1.00; crossbar is better at every value that was looked at`."""
    span = f"from {_shown(answer, curve.values[0])} to {_shown(answer, curve.values[-1])}"
    better = curve.throughout
    if better is None:
        return span
    who = "they are equal" if better == "equal" else f"{answer.called(better)} is better"
    return f"{span}; {who} at every value that {'has figures' if curve.missing else 'was looked at'}{_held(curve, better)}"


def _place(answer: BreakEven, crossing: Crossing) -> str:
    """`at density 0.125 (0.1240 to 0.1260)`."""
    from simulator.report.numbers import significant
    from simulator.study.sweep.keys import short

    axis = short(answer.axis)
    if crossing.exact:
        return f"at {axis} {_shown(answer, crossing.value)}, where they are equal"
    if answer.integers:
        return f"between {axis} {_shown(answer, crossing.low)} and {_shown(answer, crossing.high)}"
    between = f"{significant(crossing.low, 4)} to {significant(crossing.high, 4)}"
    return f"at {axis} {significant(crossing.value)} ({between})"


def _shown(answer: BreakEven, value: float) -> str:
    """A value of the axis."""
    from simulator.report.numbers import significant

    return f"{value:.0f}" if answer.integers else significant(value)


def _held(curve: Curve, better: Better) -> str:
    """Whether the band of the ratio keeps what is so at every value."""
    import math

    from simulator.report.numbers import significant
    from simulator.study.breakeven.crossings import better_of

    if not curve.low:
        return ""
    bands = zip(curve.values, curve.low, curve.high, strict=True)
    open_at = [value for value, *ends in bands if any(better_of(math.log(end)) != better for end in ends)]
    if not open_at:
        return ", also over the bands of the constants"
    other = "one may be better" if better == "equal" else "the other may be"
    return f"; over the bands of the constants {other} from {significant(open_at[0])} to {significant(open_at[-1])}"


def _band(band: CrossingBand) -> str:
    """`0.01 to 0.03; cluster_wire_detour alone: 0.012 to 0.02`."""
    from simulator.report.numbers import significant

    def shown(low: float | None, high: float | None) -> str:
        if low is None and high is None:
            return "anywhere"
        return f"{'below the range' if low is None else significant(low)} to {'above the range' if high is None else significant(high)}"

    mover = f"; {band.mover} alone: {shown(band.mover_low, band.mover_high)}" if band.mover else ""
    return f"{shown(band.low, band.high)}{mover}"


def _scale(axis: str, ends: str | None, linear: bool) -> Scale:
    from simulator.errors import ConfigError
    from simulator.study.breakeven.breakeven import fault_of_range
    from simulator.study.breakeven.crossings import Scale

    if ends is None and not axis.endswith("density"):
        raise ConfigError(f"--axis {axis}: needs --range LOW:HIGH; only a density has a default, {_DENSITY}")
    text = ends or _DENSITY
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise ConfigError(f"--range {text}: allowed: LOW:HIGH, two numbers, as 0.001:1") from error
    fault = fault_of_range(axis, low, high, linear=linear)
    if fault:
        raise ConfigError(f"--range {text}: {fault.format(linear='--linear')}")
    return Scale(low, high, logarithmic=not linear)
