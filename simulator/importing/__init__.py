"""Importing: files that people already have to a trace that `sparsim run` takes."""

from simulator.importing.prune import Pruning, prune_sources
from simulator.importing.sources import Source, read_sources
from simulator.importing.trace import trace_spec, write_matrices

__all__ = ["Pruning", "Source", "prune_sources", "read_sources", "trace_spec", "write_matrices"]
