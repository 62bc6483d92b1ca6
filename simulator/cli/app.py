"""The application and its verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator.cli.breakeven import breakeven_command
from simulator.cli.compare import compare_command
from simulator.cli.explain import explain_command
from simulator.cli.import_ import import_command
from simulator.cli.inspect import inspect_command
from simulator.cli.network import network_command
from simulator.cli.plot import plot_command
from simulator.cli.price import price_command
from simulator.cli.results import results_command
from simulator.cli.run import run_command
from simulator.cli.schema import schema_command
from simulator.cli.sensitivity import sensitivity_command
from simulator.cli.studies import study_command
from simulator.cli.sweep import sweep_command
from simulator.cli.trace import trace_command
from simulator.cli.training import training_command
from simulator.cli.validate import validate_command

app = typer.Typer(
    name="sparsim",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Cycle-level simulator of sparse-matrix accelerators: crossbar against replication against systolic array.",
    epilog="Example: sparsim compare configs/machines/*.yaml -w workloads/tinygpt.yaml",
)
app.command(
    "run",
    short_help="One machine on a workload: table, plots.",
    epilog="Example: sparsim run configs/machines/crossbar.yaml -w workloads/tinygpt.yaml --set fabric.window=32",
)(run_command)
app.command(
    "compare",
    short_help="Several machines on a workload: verdict, table, plots.",
    epilog="Example: sparsim compare configs/machines/{crossbar,replication}.yaml -w workloads/tinygpt.yaml --equal area --ideal network",
)(compare_command)
app.command(
    "sweep",
    short_help="Many machines and workloads: front, effects, plots.",
    epilog="Example: sparsim sweep configs/sweeps/replicas.yaml --workers 8",
)(sweep_command)
app.command(
    "study",
    short_help="A question answered: sentence, table, picture.",
    epilog="Example: sparsim study locality",
)(study_command)
app.command(
    "breakeven",
    short_help="Where one machine becomes better than another.",
    epilog="Example: sparsim breakeven --axis workload.density --between crossbar,systolic -w tinygpt-uniform -m energy_pj",
)(breakeven_command)
app.command(
    "results",
    short_help="What sweeps have stored: list, filter, export, compare.",
    epilog="Example: sparsim results replicas --where 'fabric_area_mm2 < 7' --export small.csv",
)(results_command)
app.command(
    "plot",
    short_help="Plots of a result folder, drawn again.",
    epilog="Example: sparsim plot reports/sweep-replicas",
)(plot_command)
app.command(
    "inspect",
    short_help="A workload or a machine before it runs.",
    epilog="Example: sparsim inspect workloads/tinygpt.yaml -o tinygpt.png",
)(inspect_command)
app.command(
    "trace",
    short_help="A whole model as a trace: forward pass, training step.",
    epilog="Example: sparsim trace ws-4x --tokens 64 -o short.yaml",
)(trace_command)
app.command(
    "training",
    short_help="A training step by phases: gains, their cap, new masks.",
    epilog="Example: sparsim training crossbar -w ws-4x-train --set fabric.lane_tree=true --every 10",
)(training_command)
app.command(
    "import",
    short_help="Matrices, checkpoints, topologies to a trace.",
    epilog="Example: sparsim import model.safetensors -t '*.weight' --prune magnitude --density 0.1 -o traces/model",
)(import_command)
app.command(
    "network",
    short_help="A network alone: throughput, latency.",
    epilog="Example: sparsim network configs/machines/crossbar.yaml --traffic uniform --load 0.1:1.0:10",
)(network_command)
app.command(
    "validate",
    short_help="The cost models beside published figures.",
    epilog="Example: sparsim validate --figures configs/validation/networks.yaml -o networks",
)(validate_command)
app.command(
    "price",
    short_help="Saved results in another technology.",
    epilog="Example: sparsim price reports/compare-tinygpt --set energy_scale=0.156",
)(price_command)
app.command(
    "sensitivity",
    short_help="Which constants decide, and at which value.",
    epilog="Example: sparsim sensitivity reports/compare-tinygpt --between crossbar,replication --metric energy_pj",
)(sensitivity_command)
app.command("explain", short_help="What a metric means.", epilog="Example: sparsim explain bank_conflict")(explain_command)
app.command("schema", short_help="JSON schema of the files.", epilog="Example: sparsim schema machine > machine.schema.json")(
    schema_command
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from simulator.version import package_version

        typer.echo(f"sparsim {package_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")] = False,
) -> None:
    """Options of `sparsim` itself."""
