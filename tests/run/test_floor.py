"""No run is quicker than its floor, nor counts fewer events."""

from __future__ import annotations

import numpy as np
import pytest
from floors import check_floors
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import DATAFLOWS, elaborated, gather_machines, machine, mixtures, operation, run, sampled_operation, sparse, workload

from simulator.cost import load_technology
from simulator.engine.engines import ENGINES
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.pipeline import simulate
from simulator.pricing import pricer_of
from simulator.run.floor import Floor
from simulator.run.trial import Trial
from simulator.study.sizing.quantities import floor_of
from simulator.workload.storage import FormatName, StorageSpec
from simulator.workload.types import Workload


def _chain_of_two(seed: int, density: float) -> Workload:
    random = np.random.default_rng(seed)
    first = operation(sparse(random, 9, 7, density), sparse(random, 7, 5, 0.7), "first")
    return workload(first, operation(sparse(random, 6, 9, density), sparse(random, 9, 5, 0.9), "second", ("first",)))


def _scheduled(of: Machine, what: Workload) -> int:
    trial = Trial(elaborated(of), Floor(what), ENGINES["compiled"])
    assert trial.schedule()
    return trial.least().cycles


def _holds(of: Machine, what: Workload) -> None:
    try:
        timing = run(of, what)
    except MappingError:
        return
    check_floors(of, what, timing)


@settings(max_examples=25, deadline=None)
@given(st.one_of(gather_machines(), gather_machines(dataflow="scatter")), st.integers(0, 99), st.sampled_from([0.0, 0.2, 0.6, 1.0]))
def test_no_gather_run_is_below_its_floor(of: Machine, seed: int, density: float) -> None:
    _holds(of, _chain_of_two(seed, density))


def test_the_energy_floor_of_a_machine_of_both_charges_each_operation_for_its_own_hardware() -> None:
    """Below what a run takes, and nearer to it than without the fabric's events."""
    random = np.random.default_rng(4)
    first = operation(sparse(random, 48, 48, 0.5), sparse(random, 48, 32, 1.0), "first")
    second = replace(operation(sparse(random, 48, 48, 0.5), sparse(random, 48, 32, 1.0), "second"), transpose="scatter")
    of, what = machine({"bank_kib": 4}, mapping={"dataflow": "both"}), workload(first, second)
    result = simulate(of, what)
    pricer = pricer_of(result.elaborated, load_technology("7nm"))
    least = Floor(what).least(result.elaborated)
    assert set(least.counts_by_work) == {"gather", "scatter"}
    bare = floor_of("energy", replace(least, works=()), pricer)
    assert bare < floor_of("energy", least, pricer) <= result.energy_pj
    assert floor_of("energy", least, pricer) - bare > 0.2 * (result.energy_pj - bare)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(DATAFLOWS)).flatmap(mixtures), st.sampled_from([None, None, "dense", "bitmap", "csr"]))
def test_no_run_of_any_operation_is_below_its_floor(drawn: tuple[Machine, Workload], stored: FormatName | None) -> None:
    """Gathered, scattered and sampled products, on machines of one dataflow and of both, of W in the machine's form or another."""
    of, what = drawn
    if stored is not None:
        of = of.model_copy(update={"weight_decoder": True})
        what = workload(*(replace(op, storage=StorageSpec(format=stored)) for op in what.operations))
    _holds(of, what)


def test_the_floor_of_a_machine_of_both_counts_the_words_that_are_gathered() -> None:
    gathered = operation(np.ones((4, 8)), np.ones((8, 2)))
    least = {
        (dataflow, transpose): Floor(workload(replace(gathered, transpose=transpose)))
        .least(elaborated(machine(mapping={"dataflow": dataflow})))
        .counts
        for dataflow, transpose in (("gather", "none"), ("scatter", "none"), ("both", "none"), ("both", "scatter"))
    }
    assert least["both", "none"] == least["gather", "none"]
    assert least["both", "none"].replies == 32
    assert least["both", "scatter"] == least["scatter", "none"]


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(["best", "ws", "os", "is"]),
    st.sampled_from(["overlapped", "serial"]),
    st.integers(0, 99),
    st.booleans(),
    st.sampled_from(["auto", "dense", "bitmap"]),
)
def test_no_systolic_run_is_below_its_floor(
    rows: int, cols: int, dataflow: str, weight_load: str, seed: int, decoder: bool, form: str
) -> None:
    fabric = {"kind": "systolic", "rows": rows, "cols": cols, "dataflow": dataflow, "weight_load": weight_load}
    _holds(machine(fabric, weight_decoder=decoder, activation_format=form), _chain_of_two(seed, 0.5))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(
        [{"lane_tree": True, "token_groups": 2}, {"lane_tree": True, "replicas": 4}, {"kind": "systolic", "rows": 3, "cols": 2}]
    ),
    st.integers(0, 99),
    st.booleans(),
    st.sampled_from(["auto", "dense", "bitmap"]),
    st.sampled_from([0.01, 64.0]),
)
def test_no_sampled_run_is_below_its_floor(fabric: dict[str, object], seed: int, decoder: bool, form: str, buffer_kib: float) -> None:
    """The gradient of W, whose dY is the output of another product."""
    random = np.random.default_rng(seed)
    x, dy = sparse(random, 7, 9, 0.4), sparse(random, 8, 9, 0.3)
    up = operation(sparse(random, 8, 7, 0.5), x, "up")
    dw = sampled_operation(sparse(random, 8, 7, 0.2), dy, x, "dw", ("up",))
    _holds(machine(fabric, weight_decoder=decoder, activation_format=form, activation_buffer_kib=buffer_kib), workload(up, dw))


@pytest.mark.parametrize("units", [1, 2, 4])
def test_the_floor_is_near_where_nothing_is_in_the_way(units: int) -> None:
    """One dense row a unit, one copy a unit: words, one crossing, the merge; transfers come before and after."""
    what = workload(operation(np.ones((units, 8)), np.ones((8, 2))))
    of = machine({"units": units, "replicas": units, "banks": 8})
    floor, cycles = _scheduled(of, what), run(of, what).activity.cycles
    assert 0.5 * cycles <= floor <= cycles


def test_lists_that_stream_come_while_others_are_walked() -> None:
    """The W of the last operation takes longer to come than the middle one runs, and is there when that is done."""
    random = np.random.default_rng(0)
    wide = {"x_bytes_per_cycle": 4096, "w_bytes_per_cycle": 4096, "drain_bytes_per_cycle": 4096}
    banks = {"bank_kib": 64, "weight_bank_kib": 64, "output_bank_kib": 64, "accumulators": 16}
    of = machine(banks, activation_buffer_kib=4096, trunks=wide)
    what = workload(
        operation(sparse(random, 400, 40, 1.0), np.ones((40, 64)), "long"),
        operation(np.eye(40)[:4], np.ones((40, 2)), "short"),
        operation(sparse(random, 40, 400, 1.0), np.ones((400, 2)), "last"),
    )
    slow = elaborated(of, dram_bytes_per_cycle=2.0)
    timing = Trial(slow, Floor(what), ENGINES["compiled"])
    assert timing.schedule()
    ran = timing.run()
    assert ran is not None
    assert Floor(what).least(slow).cycles <= ran.activity.cycles
