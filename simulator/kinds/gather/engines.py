"""The run of a gathered tile on each engine; sampled products run on the same units."""

from __future__ import annotations

from simulator.engine.cluster import GatherEngine
from simulator.engine.engines import EngineName
from simulator.kinds.gather import reference
from simulator.kinds.gather.compiled import engine as compiled

CLUSTER_RUNS: dict[EngineName, GatherEngine] = {"compiled": compiled.run_cluster, "reference": reference.run_cluster}
