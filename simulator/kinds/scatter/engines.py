"""The run of a scattered tile on each engine."""

from __future__ import annotations

from simulator.engine.cluster import ScatterEngine
from simulator.engine.compiled import cluster as compiled
from simulator.engine.engines import EngineName
from simulator.kinds.scatter import reference

SCATTER_RUNS: dict[EngineName, ScatterEngine] = {"compiled": compiled.run_scatter, "reference": reference.run_scatter}
