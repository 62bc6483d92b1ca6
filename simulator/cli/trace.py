"""`sparsim trace`: the workload file of a whole model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import LARGEST_SEED, ForceOption
from simulator.cli.saying import echo


def trace_command(
    model: Annotated[str | None, typer.Argument(metavar="MODEL", help="Name of a model; none: list them.")] = None,
    tokens: Annotated[
        int | None, typer.Option("--tokens", min=1, max=1_048_576, help="Tokens of the sequence; default: the model's.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=LARGEST_SEED, help="Base of the seeds of all drawn operands.")] = 0,
    unfused: Annotated[
        bool, typer.Option("--unfused", help="Fuse no products: scores of attention are kept, and read by the backward pass.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write; default: standard output.")] = None,
    force: ForceOption = False,
) -> None:
    """Write every matrix product of a model, forward or a whole training step, as a workload file."""
    import sys

    from simulator.errors import ConfigError
    from simulator.report.folder import new_file
    from simulator.specs import nearest_hint
    from simulator.workload.models import MODELS
    from simulator.workload.models.trace import trace_text

    if model is None:
        from simulator.cli.list_ import aligned, print_lines

        print_lines(aligned({name: entry.description for name, entry in MODELS.items()}))
        return
    if model not in MODELS:
        raise ConfigError(f"no model is called {model!r}; allowed: {', '.join(MODELS)}{nearest_hint(model, MODELS)}")
    text = trace_text(model, MODELS[model], tokens, seed, fuse=not unfused)
    if output is None:
        sys.stdout.write(text)
    else:
        new_file(output, text.encode(), force=force)
        echo(f"{output}; then: sparsim run crossbar -w {output}")
