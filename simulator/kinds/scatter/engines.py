"""The run of a scattered tile on each engine."""

from __future__ import annotations

from simulator.engine.cluster import ScatterEngine
from simulator.engine.engines import EngineName
from simulator.kinds.scatter import reference
from simulator.kinds.scatter.compiled import engine as compiled

SCATTER_RUNS: dict[EngineName, ScatterEngine] = {"compiled": compiled.run_scatter, "reference": reference.run_scatter}
