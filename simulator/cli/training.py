"""`sparsim training`: what sparsity gains in a training step, and what caps it."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.cli.options import ForceOption, FullOption, JsonOption, MachineArgument, OutputOption, SetOption
from simulator.cli.saying import echo


def training_command(
    machine: MachineArgument,
    workload: Annotated[str, typer.Option("--workload", "-w", metavar="STEP", help="Training step with sampled dW, as ws-4x-train.")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="STEP", help="A step of your own with whole dW; default: made of STEP.")
    ] = None,
    every: Annotated[int, typer.Option("--every", min=1, help="Steps between two changes of the masks.")] = 1,
    overrides: SetOption = None,
    full: FullOption = False,
    output: OutputOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Run a training step with dW at the nonzeros and with whole dW: phases, gains, their cap, the cost of a new mask.

    A gather machine needs fabric.lane_tree for sampled products: --set fabric.lane_tree=true.
    """
    import json

    from simulator.cli.progress import progress_bars
    from simulator.cli.running import Provenance, ensure_kernels, files_of
    from simulator.machine import load_machine
    from simulator.pipeline import kernels_needed
    from simulator.report.folder import MARKER, as_text, check_apart, check_free, new_folder, write_json
    from simulator.study.training import step_summary, step_table, study_step
    from simulator.workload import load_workload
    from simulator.workload.made import whole_step

    if output is not None:
        check_free(output, force=force)
        check_apart(output, [*files_of([machine], workload), *(files_of([], against) if against else [])])
    provenance = Provenance()
    chosen = load_machine(machine, overrides or [])
    with progress_bars() as progress:
        progress("reading the steps", 0.0)
        step = load_workload(workload)
        steps = step, whole_step(step) if against is None else load_workload(against)
        needed = dict.fromkeys(kernel for step in steps for kernel in kernels_needed(chosen, step, "compiled"))
        progress("reading the steps", 1.0)
    ensure_kernels(needed)
    with progress_bars() as progress:
        study = study_step(chosen, *steps, progress=progress)
    if output is not None:
        with new_folder(output, force=force) as draft:
            write_json(draft / "training.json", study.to_dict(every))
            (draft / "table.txt").write_text(as_text(step_table(study, every), _WIDTH), encoding="utf-8")
            write_json(draft / MARKER, provenance.record())
    if as_json:
        echo(json.dumps(study.to_dict(every), allow_nan=False))
        return
    echo(as_text((step_table if full else step_summary)(study, every), _WIDTH))
    more = "" if full else "what the masks take, part by part: --full"
    echo("; ".join(filter(None, (f"results in {output}/" if output is not None else "", more))))


_WIDTH = 80
