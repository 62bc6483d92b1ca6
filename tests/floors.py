"""Whether a run keeps to its floors: those of a machine, and those of its trial on the way."""

from __future__ import annotations

from simulator.engine.engines import ENGINES, EngineName
from simulator.machine.model import Machine
from simulator.run.floor import Floor, Least
from simulator.run.run import Timing
from simulator.run.trial import Trial
from simulator.workload.types import Workload
from tests.strategies import elaborated


def check_floors(of: Machine, what: Workload, timing: Timing, engine: EngineName = "reference") -> Timing:
    """A trial ends as the run does, and no bound on its way is above that, in cycles or in any counter; returns the trial's run."""
    seen: list[Least] = []

    def note(least: Least) -> bool:
        seen.append(least)
        return False

    floor, spec = Floor(what), elaborated(of)
    trial = Trial(spec, floor, ENGINES[engine])
    assert trial.schedule(note)
    again = trial.run(note)
    assert again is not None
    assert (again.activity.cycles, again.activity.counts) == (timing.activity.cycles, timing.activity.counts)
    for least in [floor.least(spec), *seen]:
        assert least.cycles <= timing.activity.cycles
        assert all(a <= b for a, b in zip(least.counts.values(), timing.activity.counts.values(), strict=True))
    return again
