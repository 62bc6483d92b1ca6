"""The run of a gathered tile on each engine; sampled products run on the same units."""

from __future__ import annotations

from simulator.engine.cluster import GatherEngine
from simulator.engine.compiled import cluster as compiled
from simulator.engine.engines import EngineName
from simulator.kinds.gather import reference

CLUSTER_RUNS: dict[EngineName, GatherEngine] = {"compiled": compiled.run_cluster, "reference": reference.run_cluster}
