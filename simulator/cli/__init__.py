"""The command line: `sparsim run`, `compare`, `inspect`, `explain`, `schema`."""

from simulator.cli.entry import main

__all__ = ["main"]
