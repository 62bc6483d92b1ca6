"""The order of an array's tiles, what is brought in for them, and the system that a schedule is chosen for."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.systolic.array_product import product_of
from simulator.kinds.systolic.contents import NOTHING, contents
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.program import array_program
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.search import plan_systolic
from simulator.machine import Machine
from simulator.system.program import LoopOrder, joined, spans
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.system.system import System
from simulator.system.tensors import Residency
from tests.kinds.systolic.laws import case
from tests.strategies import elaborated, machine, operation, run, workload

DRAM = Residency("dram", "dram")
ARRAY = machine({"kind": "systolic", "rows": 2, "cols": 2})


def plan(shape: tuple[int, int, int], tile: tuple[int, int, int], order: LoopOrder) -> SystolicSchedule:
    m, k, n = shape
    product = product_of(operation(np.ones((m, k)), np.ones((k, n))))
    m_tiles, k_tiles, n_tiles = (spans(extent, size) for extent, size in zip(shape, tile, strict=True))
    return SystolicSchedule(ArrayMachine.of(ARRAY).fabric, product, "ws", m_tiles, k_tiles, n_tiles, order)


@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    order=st.sampled_from(["m_rounds", "rounds_m"]),
)
def test_the_serpentine_meets_every_tile_once_and_moves_along_one_dimension_at_a_time(
    shape: tuple[int, int, int], order: LoopOrder
) -> None:
    positions = plan(shape, (1, 1, 1), order).positions
    m, k, n = shape
    assert sorted(positions) == [(0, i, j, p) for i in range(m) for j in range(n) for p in range(k)]
    steps = np.abs(np.diff(np.array(positions), axis=0))
    assert (steps.sum(axis=1) == 1).all()
    sums = [position[:3] for position in positions]
    assert all(sums.count(place) == k for place in set(sums))
    assert len([1 for before, after in itertools.pairwise(sums) if before != after]) == m * n - 1  # K is innermost


def test_what_a_half_still_holds_is_not_brought_in_again() -> None:
    of = contents(np.array([0, 1, 0, 1, 2, 1, 0]), np.ones(7, dtype=np.bool_))
    assert of.indices.tolist() == [0, 1, 2, 3, 4, 5, 6]
    # halves: 0 and 1; both are met again; 2 takes the place of 0; 1 is met again; 0 must come back
    assert of.filled.tolist() == [0, 1, NOTHING, NOTHING, 2, NOTHING, 0]


def test_presence_bits_of_what_is_passed_over_come_with_what_stays() -> None:
    """Tiles 1 and 4 run no fold: their parts' presence bits come with the part before; a half that lacks some is filled again."""
    of = contents(np.array([0, 3, 1, 0, 2, 1, 0]), np.array([True, False, True, True, False, True, True]))
    assert of.indices.tolist() == [0, 0, 1, 2, 2, 3, 4]
    assert of.filled.tolist() == [0, 1, 0, NOTHING, NOTHING]  # content 2 covers part 2 too, which content 0 did not
    assert of.presence_bytes(np.array([8, 16, 24, 32])).tolist() == [5, 2, 4, 0, 0]


def test_two_tiles_of_weights_are_fetched_once_for_any_number_of_tokens() -> None:
    op = operation(np.ones((4, 4)), np.ones((4, 6)))
    schedule = plan((4, 4, 6), (2, 4, 2), "rounds_m")
    program = array_program(ArrayMachine.of(ARRAY), schedule, op, op, DRAM).program
    assert [fill.parts[0].bytes for fill in program.w_fills] == [16, 16, 0, 0]
    assert [fill.parts[0].bytes for fill in program.x_fills] == [16, 16, 16]


def test_a_schedule_is_chosen_for_the_system_that_it_runs_on() -> None:
    """Where DRAM answers at once, operands may be fetched again and again; where it is narrow, they are fetched once."""
    of = machine({"kind": "systolic", "rows": 8, "cols": 8, "x_buffer_kib": 4, "w_buffer_kib": 4, "y_buffer_kib": 4})
    op = operation(np.ones((64, 96)), np.ones((96, 64)))
    spec = SystemSpec.of(elaborated(of, dram_bytes_per_cycle=2.0))
    narrow, ideal = (plan_systolic(ArrayMachine.of(of), op, DRAM, each) for each in (spec, spec.made_ideal("dram")))
    assert narrow.bytes_moved[0] < ideal.bytes_moved[0]
    assert run(of, workload(op), ideal="dram").activity.cycles < run(of, workload(op)).activity.cycles


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_no_schedule_is_through_before_its_first_fills_tiles_and_last_drain(seed: int) -> None:
    """By which a search leaves schedules out unplayed."""
    of = case(seed, 5.0)
    fixed = Machine.model_validate({"name": "array", "fabric": of.fabric, **of.machine})
    spec = SystemSpec.of(elaborated(fixed)).made_ideal(of.ideal)
    (home,) = kind_of(fixed).residency(fixed, workload(of.operation))
    try:
        planned = plan_systolic(ArrayMachine.of(fixed), of.operation, home, spec)
    except MappingError:
        return
    alone = joined([planned.program], ((),))
    assert planned.least_cycles(spec) <= earliest_end(spec, alone) <= System(spec, alone).run().cycles
