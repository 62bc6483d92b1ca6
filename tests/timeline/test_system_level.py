"""The system level as a timeline, on random programs: nothing changes by being watched, the format's rules hold, all is accounted for."""

from collections import Counter

import pytest

from simulator.system.system import play
from simulator.timeline.events import Timeline
from simulator.timeline.system import Recorder
from tests.system.random_programs import SystemCase
from tests.timeline.trace_rules import check, total, tracks

COUNTERS = {
    "activation buffer, read port": "buffer_read_bytes",
    "activation buffer, write port": "buffer_write_bytes",
    "X trunk": "x_trunk_bytes",
    "W trunk": "w_trunk_bytes",
    "drain bus": "drain_bytes",
}


@pytest.mark.parametrize("seed", range(40))
def test_a_watched_program_is_valid_and_all_accounted_for(seed: int) -> None:
    spec, program = SystemCase(seed).drawn()
    recorder = Recorder([f"op{index}" for index in range(len(program.depends_on))])
    outcome = play(spec, program, recorder)
    assert outcome == play(spec, program)
    events = list(Timeline([recorder.process(outcome)], {}).events())
    check(events)
    found = tracks(events)
    fabric = found.get("fabric: tiles and stops", [])
    stopped: Counter[str] = Counter()
    for each in fabric:
        stopped[each["args"].get("cause", "")] += each["args"].get("cycles", 0)
    assert {cause: stopped[cause] for cause in outcome.waited} == outcome.waited
    assert total(fabric, "fabric_cycles") == sum(tile.cycles for tile in program.tiles)
    assert total(fabric, "fabric_cycles") + sum(outcome.waited.values()) == outcome.cycles
    moved = outcome.moved_bytes
    assert total(found.get("DRAM", []), "bytes") == moved["dram_read_bytes"] + moved["dram_write_bytes"]
    for name, counter in COUNTERS.items():
        assert total(found.get(name, []), "bytes") == moved[counter]
    for name, meter in zip(COUNTERS, ("buffer_read", "buffer_write", "x_trunk", "w_trunk", "drain_bus"), strict=True):
        assert sum(each["dur"] for each in found.get(name, [])) == outcome.busy_cycles[meter]
