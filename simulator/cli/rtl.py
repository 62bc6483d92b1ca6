"""`sparsim rtl`: a machine as hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import ForceOption, MachineArgument, SetOption
from simulator.cli.saying import echo


def rtl_command(
    machine: MachineArgument,
    overrides: SetOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write; default: one in reports/.")] = None,
    force: ForceOption = False,
) -> None:
    """Write the part of a machine that repeats (a cluster, an array) as Verilog; needs the extra rtl."""
    from simulator.cli.machines import read_machine
    from simulator.cli.progress import busy
    from simulator.cosim import designs_of
    from simulator.report.folder import default_folder, new_file, set_in_name
    from simulator.rtl.verilog import verilog

    model = read_machine(machine, overrides or [])
    folder = output or default_folder(Path("reports") / f"rtl-{model.name}{set_in_name(overrides or ())}", force=force)
    for design in designs_of(model):
        file = folder / f"{design.name}.v"
        with busy(f"{design.name}: written as Verilog"):
            text = verilog(design)
        new_file(file, text.encode(), force=force)
        echo(f"{design.about}\n{text.count('endmodule')} modules in {file}")
