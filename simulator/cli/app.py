"""The application and its verbs: a table of what `--help` says of each, of which only the one that is called is loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from simulator.cli.saying import echo


class Verb(NamedTuple):
    """What is known of a verb before it is called."""

    module: str
    """Of `simulator.cli`; its function is `NAME_command`."""
    short_help: str
    epilog: str

    def command(self, name: str) -> Callable[..., Any]:
        """The function, whose parameters are the options."""
        command: Callable[..., Any] = getattr(import_module(f"simulator.cli.{self.module}"), f"{name}_command")
        return command


VERBS = {
    "list": Verb(
        "list_",
        "Files that ship: machines, workloads, sweeps, studies.",
        "Example: sparsim list machines",
    ),
    "where": Verb(
        "where",
        "Folders of files that ship, and of results.",
        "Example: sparsim where crossbar",
    ),
    "new": Verb(
        "new",
        "A file of your own, from one that ships.",
        "Example: sparsim new machine mine --from crossbar",
    ),
    "run": Verb(
        "run",
        "One machine on a workload: table, plots.",
        "Example: sparsim run crossbar -w tinygpt --set fabric.window=32",
    ),
    "compare": Verb(
        "compare",
        "Several machines on a workload: verdict, table, plots.",
        "Example: sparsim compare crossbar replication systolic -w tinygpt --equal area",
    ),
    "sweep": Verb(
        "sweep",
        "Many machines and workloads: front, effects, plots.",
        "Example: sparsim sweep replicas --workers 8",
    ),
    "study": Verb(
        "studies",
        "A question answered: sentence, table, picture.",
        "Example: sparsim study locality",
    ),
    "breakeven": Verb(
        "breakeven",
        "Where one machine becomes better than another.",
        "Example: sparsim breakeven --axis workload.density --between crossbar,systolic -w tinygpt-uniform -m energy_pj",
    ),
    "results": Verb(
        "results",
        "What sweeps have stored: list, filter, export, compare.",
        "Example: sparsim results replicas --where 'fabric_area_mm2 < 7' --export small.csv",
    ),
    "plot": Verb(
        "plot",
        "Plots of a result folder, drawn again.",
        "Example: sparsim plot reports/sweep-replicas",
    ),
    "inspect": Verb(
        "inspect",
        "A workload or a machine before it runs.",
        "Example: sparsim inspect tinygpt -o tinygpt.png",
    ),
    "trace": Verb(
        "trace",
        "A whole model as a trace: forward pass, training step.",
        "Example: sparsim trace ws-4x --tokens 64 -o short.yaml",
    ),
    "training": Verb(
        "training",
        "A training step by phases: gains, their cap, new masks.",
        "Example: sparsim training crossbar -w ws-4x-train --set fabric.lane_tree=true --every 10",
    ),
    "import": Verb(
        "import_",
        "Matrices, checkpoints, topologies to a trace.",
        "Example: sparsim import model.safetensors -t '*.weight' --prune magnitude --density 0.1 -o traces/model",
    ),
    "network": Verb(
        "network",
        "A network alone: throughput, latency.",
        "Example: sparsim network crossbar --traffic uniform --load 0.1:1.0:10",
    ),
    "rtl": Verb(
        "rtl",
        "A machine as hardware: Verilog of a cluster or an array.",
        "Example: sparsim rtl crossbar --set fabric.units=8 --set fabric.banks=16 -o verilog",
    ),
    "cosim": Verb(
        "cosim",
        "Hardware beside both engines, cycle by cycle.",
        "Example: sparsim cosim crossbar -w tinygpt --tiles 2 --vcd tile.vcd",
    ),
    "synth": Verb(
        "synth",
        "Pieces of a machine, synthesised, beside the cost models.",
        "Example: sparsim synth crossbar --set fabric.units=8 --set fabric.banks=8 --liberty cells.lib -o synth",
    ),
    "validate": Verb(
        "validate",
        "The cost models beside published figures.",
        "Example: sparsim validate --figures configs/validation/networks.yaml -o networks",
    ),
    "price": Verb(
        "price",
        "Saved results in another technology.",
        "Example: sparsim price reports/compare-tinygpt --set energy_scale=0.156",
    ),
    "sensitivity": Verb(
        "sensitivity",
        "Which constants decide, and at which value.",
        "Example: sparsim sensitivity reports/compare-tinygpt --between crossbar,replication --metric energy_pj",
    ),
    "explain": Verb(
        "explain",
        "What a metric means.",
        "Example: sparsim explain bank_conflict",
    ),
    "schema": Verb(
        "schema",
        "JSON schema of the files.",
        "Example: sparsim schema machine > machine.schema.json",
    ),
}


def application(arguments: Sequence[str]) -> typer.Typer:
    """What runs these arguments: every verb has its name and its line in `--help`, the one that is called has its options too."""
    app = typer.Typer(
        name="sparsim",
        cls=_Verbs,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Cycle-level simulator of sparse-matrix accelerators: crossbar against replication against systolic array.",
        epilog="Example: sparsim compare crossbar systolic -w tinygpt",
    )
    app.callback()(_options)
    typed = _to_complete(os.environ) if _COMPLETION in os.environ else arguments
    called = next((argument for argument in typed if not argument.startswith("-")), None)
    if called in VERBS:
        _hush_matplotlib()
    for name, verb in VERBS.items():
        app.command(name, short_help=verb.short_help, epilog=verb.epilog)(verb.command(name) if name == called else _not_called)
    return app


def _hush_matplotlib() -> None:
    """Keep what Matplotlib logs from stderr, such as where it keeps fonts where it has no folder: commands have words of their own."""
    import logging

    logging.getLogger("matplotlib").setLevel(logging.ERROR)


class _Verbs(TyperGroup):
    """The group of verbs, in whose complaints a misspelt choice has the nearest beside it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb that was typed."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            found = _CHOICE.search(error.message)
            if found is not None:
                error.message = _choice_message(found[1], _QUOTED.findall(found[2]))
            elif (number := _number_message(error.__cause__)) is not None:
                error.message = number
            raise


_CHOICE = re.compile(r"'([^']*)' is not one of (.*)\.$")
_QUOTED = re.compile(r"'([^']*)'")


def _choice_message(found: str, allowed: Sequence[str]) -> str:
    from simulator.specs import nearest_hint

    return f"found {found}; allowed: {', '.join(allowed)}{nearest_hint(found, allowed)}"


_NUMBERS = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "float_parsing": "a number",
    "finite_number": "a finite number",
}
"""What is allowed, by the name of pydantic's complaint."""


def _number_message(cause: BaseException | None) -> str | None:
    """What was found and is allowed where pydantic judged a number, as it does within typer; None for other complaints."""
    from pydantic import ValidationError

    if not isinstance(cause, ValidationError):
        return None
    first = cause.errors(include_url=False)[0]
    if first["type"] not in _NUMBERS:
        return None
    found = str(first["input"])[:40]
    bounds = {name: f"{bound:.12g}" if isinstance(bound, float) else bound for name, bound in first.get("ctx", {}).items()}
    kind = "finite_number" if found.lower().lstrip("+-") == "nan" else first["type"]
    return f"found {found}; allowed: {_NUMBERS[kind].format(**bounds)}"


_COMPLETION = "_SPARSIM_COMPLETE"
"""Set by a shell that asks what may come next, beside the line so far."""


def _to_complete(environment: Mapping[str, str]) -> Sequence[str]:
    """The words after `sparsim` of the line that a shell wants completed."""
    line = environment.get("_TYPER_COMPLETE_ARGS") or environment.get("COMP_WORDS", "")
    return line.split()[1:]


def _not_called() -> None:
    """Stands for a verb whose options nobody asks for."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from simulator.version import package_version

        echo(f"sparsim {package_version()}")
        raise typer.Exit


def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")] = False,
) -> None:
    """Options of `sparsim` itself."""
