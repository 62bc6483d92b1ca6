"""`sparsim network`: a machine's request network by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from simulator.cli.options import (
    EngineChoice,
    EngineOption,
    ForceOption,
    FormatChoice,
    FormatOption,
    FullOption,
    JsonOption,
    MachineArgument,
    OutputOption,
    SetOption,
    StyleChoice,
    StyleOption,
)
from simulator.cli.saying import echo


class TrafficChoice(StrEnum):
    """What the sources send."""

    uniform = "uniform"
    transpose = "transpose"
    hotspot = "hotspot"
    trace = "trace"


def network_command(
    machine: MachineArgument,
    traffic: Annotated[TrafficChoice, typer.Option("--traffic", help="What the sources send; trace: the requests of -w.")] = (
        TrafficChoice.uniform
    ),
    load: Annotated[str, typer.Option("--load", metavar="LOAD", help="Offered loads: one, or FIRST:LAST:COUNT.")] = "0.05:1.0:20",
    workload: Annotated[str | None, typer.Option("--workload", "-w", metavar="WORKLOAD", help="For --traffic trace.")] = None,
    overrides: SetOption = None,
    cycles: Annotated[int, typer.Option("--cycles", min=100, max=10_000_000, help="Measured cycles of each load.")] = 4000,
    warmup: Annotated[int, typer.Option("--warmup", min=0, max=10_000_000, help="Cycles before measuring.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the traffic.")] = 0,
    saturation: Annotated[
        bool, typer.Option("--saturation/--no-saturation", help="Look for the most that it accepts under any load, with 13 loads more.")
    ] = True,
    engine: EngineOption = EngineChoice.compiled,
    full: FullOption = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    picture_format: FormatOption = FormatChoice.png,
    style: StyleOption = StyleChoice.screen,
) -> None:
    """Drive the request network of one cluster with traffic: throughput, latency, and theory beside them."""
    import json

    from simulator.cli.machines import read_machine
    from simulator.cli.progress import progress_bars
    from simulator.cli.running import Provenance, ensure_kernels, files_of, result_folder
    from simulator.engine.compiled.switch.engine import SWITCH_KERNEL
    from simulator.errors import ConfigError
    from simulator.report.folder import set_in_name
    from simulator.report.numbers import counted
    from simulator.report.pictures import in_style
    from simulator.study.load_latency import measure_network

    loads = parse_loads(load)
    if workload is not None and traffic is not TrafficChoice.trace:
        raise ConfigError(f"-w {workload}: {traffic.value} traffic replays no workload; allowed: with --traffic trace")
    model = read_machine(machine, overrides or [])
    trace = None
    if workload is not None:
        from simulator.workload import load_workload

        trace = load_workload(workload)
    name = f"network-{model.name}-{traffic.value}{set_in_name(overrides or ())}"
    folder = result_folder(output, name, as_json=as_json, force=force, read=files_of([machine], workload))
    provenance = Provenance()
    with progress_bars() as report:
        curve = measure_network(
            model,
            traffic=traffic.value,
            loads=loads,
            workload=trace,
            cycles=cycles,
            warmup=warmup,
            seed=seed,
            engine=engine.value,
            saturation=saturation,
            prepare=(lambda: ensure_kernels([SWITCH_KERNEL])) if engine is EngineChoice.compiled else None,
            progress=lambda done: report(f"{model.name}: {counted(len(loads), 'load')}", done),
        )
    if as_json:
        echo(json.dumps(curve.to_dict(), indent=1))
    if folder is not None:
        from simulator.report.network import FEW, network_summary, network_table, write_network

        with in_style(style.value):
            write_network(curve, folder, provenance.record(), picture_format.formats, force=force)
        if not as_json:
            from simulator.report.console import Console

            console = Console(markup=False, highlight=False)
            console.print(network_table(curve) if full else network_summary(curve))
            more = "" if full or len(loads) <= FEW else "; every load: --full, or network.csv there"
            console.print(f"\nresults in {folder}/{more}", style="dim", soft_wrap=True)


def parse_loads(text: str) -> list[float]:
    """Loads from `0.5` or `0.05:1.0:20`. Raises ConfigError for anything else."""
    from simulator.errors import ConfigError

    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and 0 < numbers[0] <= 1:
        return numbers
    if len(numbers) == 3 and 0 < numbers[0] <= numbers[1] <= 1 and numbers[2] == int(numbers[2]) and 2 <= numbers[2] <= 1000:
        step = (numbers[1] - numbers[0]) / (int(numbers[2]) - 1)
        return [round(numbers[0] + step * place, 9) for place in range(int(numbers[2]))]
    raise ConfigError(f"--load {text}: allowed: one load above 0 and up to 1, or FIRST:LAST:COUNT of 2 to 1000 such, as 0.05:1.0:20")
