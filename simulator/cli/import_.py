"""`sparsim import`: files that people already have to a trace."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import ForceOption, JsonOption

if TYPE_CHECKING:
    from simulator.workload.importing import Pruning


class PruneRule(StrEnum):
    """Rules of pruning."""

    none = "none"
    magnitude = "magnitude"
    row = "row"
    globally = "global"
    n_m = "n_m"
    block = "block"


_NEEDS = {
    PruneRule.none: (),
    PruneRule.magnitude: ("--density",),
    PruneRule.row: ("--density",),
    PruneRule.globally: ("--density",),
    PruneRule.n_m: ("--n-m",),
    PruneRule.block: ("--density", "--block"),
}
"""Options of each rule."""


def import_command(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Matrices (.mtx, .mtx.gz, .smtx, .npz, .npy), .safetensors, SCALE-Sim .csv.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the trace: workload.yaml and its matrices.")],
    tensors: Annotated[
        list[str] | None,
        typer.Option("--tensor", "-t", metavar="NAME", help="Tensor of a checkpoint, by name or glob; repeatable; default: all."),
    ] = None,
    rule: Annotated[
        PruneRule, typer.Option("--prune", help="Keep the largest of each matrix, each row, all together, N of M, or whole blocks.")
    ] = PruneRule.none,
    density: Annotated[float | None, typer.Option("--density", min=0, max=1, help="Share that pruning keeps.")] = None,
    ratio: Annotated[str | None, typer.Option("--n-m", metavar="N:M", help="For --prune n_m, such as 2:4.")] = None,
    block: Annotated[int | None, typer.Option("--block", min=1, help="Side of a block, for --prune block.")] = None,
    tokens: Annotated[int, typer.Option("--tokens", "-n", min=1, help="N of products whose source does not tell it.")] = 256,
    name: Annotated[str | None, typer.Option("--name", help="Name of the workload; default: the folder's.")] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Write a trace that `sparsim run` takes from matrices, a checkpoint or a topology; prune on the way."""
    import json

    import yaml

    from simulator.report.folder import MARKER, check_free, new_folder, write_json
    from simulator.version import package_version
    from simulator.workload import load_workload
    from simulator.workload.importing import left_out, prune_sources, read_sources, trace_spec, write_matrices

    pruning = _pruning(rule, density, ratio, block)
    check_free(output, force=force)
    found = [source for path in sources for source in read_sources(path, tensors or ())]
    unread = [tensor for path in sources for tensor in left_out(path, tensors or ())]
    if pruning is not None:
        found = prune_sources(found, pruning)
    spec = trace_spec(name or output.resolve().name, found, tokens, ", ".join(path.name for path in sources))
    with new_folder(output, force=force) as draft:
        write_matrices(found, draft)
        text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
        (draft / "workload.yaml").write_text(text, encoding="utf-8")
        workload = load_workload(draft / "workload.yaml")
        write_json(draft / MARKER, {"sources": [str(path) for path in sources], "sparsim_version": package_version()})
    nonzeros = sum(operation.weight.nnz for operation in workload.operations)
    record = {
        "file": str(output / "workload.yaml"),
        "operations": len(workload.operations),
        "weight_nonzeros": nonzeros,
        "left_out": unread,
    }
    if as_json:
        typer.echo(json.dumps(record))
    else:
        typer.echo(
            f"{len(found)} operation{'' if len(found) == 1 else 's'} with {nonzeros:,} nonzero weights in {output / 'workload.yaml'}"
        )
    for tensor in unread:
        typer.echo(f"left out, for it has more than 2 dimensions: {tensor}; --tensor takes it", err=True)


def _pruning(rule: PruneRule, density: float | None, ratio: str | None, block: int | None) -> Pruning | None:
    """The rule with its numbers; ConfigError for an option that is missing, or means nothing beside the rule."""
    from simulator.errors import ConfigError
    from simulator.workload.importing import Pruning

    needs = _NEEDS[rule]
    for option, value in {"--density": density, "--n-m": ratio, "--block": block}.items():
        if value is None and option in needs:
            raise ConfigError(f"--prune {rule.value} needs {option}")
        if value is not None and option not in needs:
            raise ConfigError(f"{option} means nothing beside --prune {rule.value}")
    n, _, m = (ratio or "1:1").partition(":")
    if not (n.isdecimal() and m.isdecimal() and 1 <= int(n) <= int(m)):
        raise ConfigError(f"--n-m: found {ratio}; allowed: N:M with N from 1 to M, such as 2:4")
    if rule is PruneRule.none:
        return None
    return Pruning(rule.value, 1.0 if density is None else density, int(n), int(m), block or 1)
