"""`sparsim cosim`: the hardware of a machine beside its engines, cycle by cycle."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import MachineArgument, SetOption, WorkloadOption

if TYPE_CHECKING:
    from rich.table import Table

    from simulator.rtl.design import Difference


class SimulatorChoice(StrEnum):
    """What runs the hardware."""

    amaranth = "amaranth"
    verilator = "verilator"


def cosim_command(
    machine: MachineArgument,
    workload: WorkloadOption,
    overrides: SetOption = None,
    tiles: Annotated[int, typer.Option("--tiles", min=1, max=1_000_000, help="Tiles of each operation, at most.")] = 1,
    only: Annotated[str | None, typer.Option("--operation", metavar="OP", help="One operation of the workload; default: each.")] = None,
    simulator: Annotated[
        SimulatorChoice,
        typer.Option("--simulator", help="Of the hardware: amaranth, in Python; verilator, compiled: for clusters of many units."),
    ] = SimulatorChoice.amaranth,
    lanes: Annotated[
        int | None, typer.Option("--lanes", min=1, help="Lanes that the hardware carries of each word; default: all of the machine's.")
    ] = None,
    vcd: Annotated[Path | None, typer.Option("--vcd", metavar="FILE", help="Waveform of the tile that differs, else of the last.")] = None,
) -> None:
    """Run tiles of a workload through a machine's hardware and both engines; exit code 1 where they differ. Needs the extra rtl."""
    from simulator.cli.machines import read_machine
    from simulator.cli.progress import each_busy
    from simulator.cosim import cosimulate
    from simulator.report.console import Console
    from simulator.report.numbers import counted
    from simulator.rtl.design import CosimOptions
    from simulator.workload import load_workload

    how = CosimOptions(tiles, vcd, simulator.value, lanes)
    console = Console(markup=False, highlight=False)
    agreements = []
    model = read_machine(machine, overrides or [])
    beside = cosimulate(model, load_workload(workload), how, only)
    for agreement in each_busy(beside, f"{model.name}: hardware beside both engines"):
        agreements.append(agreement)
        compared = ", ".join(f"{count:,} {name}" for name, count in agreement.compared.items())
        verdict = "exact" if agreement.difference is None else "DIFFERS"
        console.print(f"{agreement.name}: {agreement.cycles:,} cycles, {verdict}: {compared}; {agreement.seconds:.2f} s", soft_wrap=True)
        if agreement.difference is not None:
            console.print(f"cycle {agreement.difference.cycle}: {agreement.difference.what}", soft_wrap=True)
            console.print(_table(agreement.difference))
            raise typer.Exit(1)
    cycles = sum(agreement.cycles for agreement in agreements)
    console.print(f"{counted(len(agreements), 'tile')}, {cycles:,} cycles: hardware and both engines agree in all of it")


def _table(difference: Difference) -> Table:
    from rich.table import Table

    table = Table(box=None)
    for column in difference.columns:
        table.add_column(column)
    for row in difference.rows:
        table.add_row(*row)
    return table
