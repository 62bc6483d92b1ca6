"""Importing: files that people already have to a trace that `sparsim run` takes.

Start at `sources`, which names the reader of each file ending; `checkpoints` and `scalesim` are two of them. `prune` chooses
which values stay, and `trace` writes the workload file and its matrices.
"""

from simulator.workload.importing.prune import Pruning, prune_sources
from simulator.workload.importing.sources import Imported, Source, has_tensors, read_sources
from simulator.workload.importing.trace import nonzeros, trace_spec, write_matrices

__all__ = ["Imported", "Pruning", "Source", "has_tensors", "nonzeros", "prune_sources", "read_sources", "trace_spec", "write_matrices"]
