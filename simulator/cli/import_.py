"""`sparsim import`: files that people already have to a trace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import MOST_COLUMNS, ForceOption, JsonOption
from simulator.cli.saying import echo

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


class StoredLayout(StrEnum):
    """Axes of stored weights; W[M,K] is out-in."""

    auto = "auto"
    out_in = "out-in"
    in_out = "in-out"


_RATIO = re.compile(r"([0-9]{1,6}):([0-9]{1,6})")
_SHARD = re.compile(r"(.+)-([0-9]{5})-of-([0-9]{5})\.safetensors")
"""A file of a checkpoint of several."""
_SHOWN = 8
"""Tensors that a message names one by one."""
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
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Matrices (.mtx, .smtx, .npz, .npy, .tsv, .tns), checkpoints, topologies."),
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
    block: Annotated[int | None, typer.Option("--block", min=1, max=MOST_COLUMNS, help="Side of a block, for --prune block.")] = None,
    layout: Annotated[
        StoredLayout,
        typer.Option("--layout", help="How weights are stored; auto: as a checkpoint's own names and biases tell, else out-in."),
    ] = StoredLayout.auto,
    tokens: Annotated[
        int, typer.Option("--tokens", "-n", min=1, max=MOST_COLUMNS, help="N of products whose source does not tell it.")
    ] = 256,
    name: Annotated[str | None, typer.Option("--name", help="Name of the workload; default: the folder's.")] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Write a trace that `sparsim run` takes from matrices, a checkpoint or a topology; prune on the way."""
    import json

    from simulator.errors import ConfigError, OperandError, SparsimError
    from simulator.report.folder import MARKER, check_apart, check_free, new_folder, write_json
    from simulator.specs import as_yaml, load_yaml_model
    from simulator.version import package_version
    from simulator.workload.importing import has_tensors, nonzeros, prune_sources, read_sources, trace_spec, write_matrices
    from simulator.workload.spec import WorkloadSpec

    pruning = _pruning(rule, density, ratio, block)
    if tensors and not any(has_tensors(path) for path in sources):
        raise ConfigError(f"--tensor {tensors[0]}: means nothing without a checkpoint among the sources (.safetensors)")
    check_free(output, force=force)
    check_apart(output, sources)
    read = [read_sources(path, tensors or (), layout.value) for path in sources]
    found = [source for imported in read for source in imported.sources]
    unread = {name: reason for imported in read for name, reason in imported.left_out.items()} | _other_files(sources)
    if pruning is not None:
        found, empty = prune_sources(found, pruning)
        unread |= dict.fromkeys(empty, "pruning leaves no nonzero of it")
    spec = trace_spec(name or output.resolve().name, found, tokens, ", ".join(path.name for path in sources))
    with new_folder(output, force=force) as draft:
        write_matrices(found, draft)
        (draft / "workload.yaml").write_text(as_yaml(spec, flow=None), encoding="utf-8")
        try:
            # the operands are at hand, and sound: they are not read again to see that
            load_yaml_model(draft / "workload.yaml", WorkloadSpec)
        except SparsimError as error:
            raise OperandError(str(error).replace(str(draft), str(output))) from error
        write_json(draft / MARKER, {"sources": [str(path) for path in sources], "sparsim_version": package_version()})
    weights = sum(map(nonzeros, found))
    turned = [source.name for source in found if source.turned]
    unpacked = {source.name: source.packing for source in found if source.packing}
    record = {
        "file": str(output / "workload.yaml"),
        "operations": len(found),
        "weight_nonzeros": weights,
        "left_out": list(unread),
        "turned": turned,
        "unpacked": unpacked,
    }
    if as_json:
        echo(json.dumps(record))
    else:
        echo(f"{len(found)} operation{'' if len(found) == 1 else 's'} with {weights:,} nonzero weights in {output / 'workload.yaml'}")
        if turned:
            echo(f"{turned_words(turned)}; --layout out-in takes all as they are")
        if unpacked:
            echo(unpacked_words(unpacked))
    tell_left_out(unread)


def _other_files(sources: Sequence[Path]) -> dict[str, str]:
    """Files of a checkpoint of which only some are named."""
    named: dict[tuple[Path, str, int], set[int]] = {}
    for path in sources:
        shard = _SHARD.fullmatch(path.name)
        if shard is not None:
            named.setdefault((path.parent, shard[1], int(shard[3])), set()).add(int(shard[2]))
    return {
        f"{total - len(numbers)} of the {total} files of {stem}": f"they are not named; {stem}.safetensors.index.json takes them all"
        for (_, stem, total), numbers in named.items()
        if len(numbers) < total
    }


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name.replace("\n", "\\n") for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def turned_words(names: Sequence[str]) -> str:
    """That tensors were stored the other way round."""
    return f"stored [in, out], and turned to [out, in]: {_some(names)}"


def unpacked_words(packings: Mapping[str, str]) -> str:
    """That several tensors were put together, and how each had been packed."""
    names = {packing: [name for name, how in packings.items() if how == packing] for packing in packings.values()}
    return f"unpacked: {'; '.join(f'{packing}: {_some(whose)}' for packing, whose in names.items())}"


def tell_left_out(unread: Mapping[str, str]) -> None:
    """A line for each reason, on stderr."""
    for reason in dict.fromkeys(unread.values()):
        echo(f"left out: {_some([name for name, why in unread.items() if why == reason])}: {reason}", err=True)


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
    of = _RATIO.fullmatch(ratio or "1:1")
    n, m = (int(of[1]), int(of[2])) if of else (0, 0)
    if not 1 <= n <= m:
        raise ConfigError(f"--n-m: found {(ratio or '')[:40]}; allowed: N:M with N from 1 to M, such as 2:4")
    if rule is PruneRule.none:
        return None
    return Pruning(rule.value, 1.0 if density is None else density, n, m, block or 1)
