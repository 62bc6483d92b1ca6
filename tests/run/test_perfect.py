"""What a perfect part may do: a perfect network may carry an operation unhindered, or hold it back as the real one does."""

import numpy as np

from simulator.activity import Activity
from simulator.engine.engines import ENGINES
from tests.kinds.units.laws import UnitsCase, case
from tests.strategies import operation, run, sparse, workload

HELD, MIXED = 96, 99
"""Cases of one operation that a perfect network holds back, and of two of which it holds back one."""


def runs(seed: int) -> tuple[Activity, Activity]:
    plain, perfect = case(seed).runs("network")
    return plain.activity, perfect.activity


def test_what_is_held_back_ends_with_the_real_network_and_waits_on_the_way() -> None:
    plain, perfect = runs(HELD)
    (real,), (held,) = plain.operations, perfect.operations
    assert held.details["perfect_network"] == "held back"
    assert held.compute_cycles == real.compute_cycles
    assert real.unit_cycles["network_contention"] > 0
    assert held.unit_cycles["network_contention"] == 0
    assert held.unit_cycles["latency"] == real.unit_cycles["latency"] + real.unit_cycles["network_contention"]


def test_what_is_held_back_passes_no_router() -> None:
    plain, perfect = runs(HELD)
    assert plain.counts.request_hops > 0
    assert (perfect.counts.request_hops, perfect.counts.reply_hops, perfect.bounds.network_cycles) == (0, 0, 0)


def test_each_operation_is_carried_as_is_quicker_for_it() -> None:
    plain, perfect = runs(MIXED)
    assert [part.details["perfect_network"] for part in perfect.operations] == ["held back", "unhindered"]
    assert [other.compute_cycles - one.compute_cycles < 0 for one, other in zip(plain.operations, perfect.operations, strict=True)] == [
        False,
        True,
    ]
    assert all("perfect_network" not in part.details for part in plain.operations)


def test_without_a_network_there_is_nothing_to_carry() -> None:
    """One unit a copy."""
    random = np.random.default_rng(0)
    of = UnitsCase({"fabric": {"replicas": 4}}, workload(operation(sparse(random, 9, 9, 0.4), np.ones((9, 4)))), 1)
    plain, perfect = of.runs("network")
    assert plain.activity == perfect.activity
    assert "perfect_network" not in perfect.activity.operations[0].details


def test_progress_is_told_of_all_runs_together() -> None:
    told: list[float] = []
    of = case(MIXED)
    run(of.machine, of.workload, ideal="network", engine=ENGINES["compiled"], progress=lambda _, fraction: told.append(fraction))
    assert told == sorted(told)
    assert len(told) == 2 * len(of.workload.operations)
    assert 0.5 in told
