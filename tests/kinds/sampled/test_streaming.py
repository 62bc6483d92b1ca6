"""Lists of sampled products that come, and sums that leave, while a tile runs; and sums that go out between rounds and come back."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.engines import ENGINES, RunOptions
from simulator.engine.work import WHOLE_LISTS, ListStream
from simulator.errors import MappingError
from simulator.kinds.sampled.dataflow import SampledDataflow
from simulator.kinds.sampled.kind import SAMPLED
from simulator.kinds.sampled.outlook import Cut, Outlook
from simulator.kinds.sampled.schedule import cut_sampled, repeated
from simulator.kinds.units.machine import UnitsMachine
from simulator.run.run import Timing
from simulator.system.spec import SystemSpec
from simulator.system.system import System
from simulator.system.tensors import Residency
from tests.strategies import elaborated, machine, run, sampled_operation, sparse, workload

COMPILED = ENGINES["compiled"]


def of_bank(entries: int, fabric: dict[str, Any] | None = None, **keys: Any) -> Any:
    """A machine of units whose weight banks hold so many entries a half."""
    plain = machine({"lane_tree": True, **(fabric or {})}, **keys)
    bits = UnitsMachine.of(plain).sampled_entry_bits
    return machine({"lane_tree": True, "weight_bank_kib": entries * bits / 8192, **(fabric or {})}, **keys)


def product(m: int = 3, k: int = 40, n: int = 2, density: float = 1.0) -> Any:
    random = np.random.default_rng(m + k + n)
    return sampled_operation(sparse(random, m, k, density) if density < 1 else np.ones((m, k)), np.ones((m, n)), np.ones((k, n)))


def both_engines(of: Any, op: Any) -> Timing:
    """Held against each other and against NumPy."""
    one, other = run(of, workload(op)), run(of, workload(op), engine=COMPILED)
    assert (one.activity.cycles, one.activity.counts, one.activity.unit_cycles) == (
        other.activity.cycles,
        other.activity.counts,
        other.activity.unit_cycles,
    )
    assert np.array_equal(one.outputs["op"], (op.weight.to_dense() != 0) * (op.gradient.values() @ op.activations.values().T))
    return one


def test_where_all_tokens_are_in_a_tile_lists_are_as_long_as_they_like() -> None:
    """Rows of 40 places pass banks that hold four a half, and are cut nowhere."""
    (op,) = both_engines(of_bank(4), product()).activity.operations
    assert (op.details["m_tiles"], op.details["k_tiles"], op.details["rounds"]) == (1, 1, 1)
    assert op.counts.weight_bits_filled == 3 * 40 * UnitsMachine.of(of_bank(4)).sampled_entry_bits


def test_a_sum_without_a_place_stops_the_clock() -> None:
    """A bus of a byte a cycle takes two cycles for each of 120 sums, of which three units make one a cycle and keep eight, or 800, each."""
    few, many = (both_engines(of_bank(entries, trunks={"drain_bytes_per_cycle": 1}), product()) for entries in (4, 400))
    assert few.activity.cycles == pytest.approx(many.activity.cycles, rel=0.1)
    assert many.activity.cycles >= 2 * 3 * 40
    placed = [leaving(of_bank(entries), product(n=12), "buffer", 1)[1].output_places(1) for entries in (4, 400)]
    assert placed == [8, 800]
    # with few places units are still at work when most sums have left
    through = [fabric_is_through(of_bank(entries, trunks={"drain_bytes_per_cycle": 1}), product()) for entries in (4, 400)]
    assert through[0] >= 2 * (120 - 3 * 8) > 1.5 * through[1]


def fabric_is_through(of: Any, op: Any) -> int:
    """With its last tile, where operands come from the buffer."""
    machine_with = elaborated(of)
    done = SAMPLED.run(machine_with, op, Residency("buffer", "buffer"), 0, RunOptions(COMPILED))
    system = System(SystemSpec.of(machine_with), done.program.by_itself())
    system.run()
    return system.through


def leaving(of: Any, op: Any, home: Any, tile: int) -> tuple[Any, Any]:
    """A schedule in which sums leave, and what its dataflow makes of it."""
    setting = SAMPLED.setting(elaborated(of), RunOptions(COMPILED))
    residency = Residency("dram", "dram", room_bytes=1 << 20)
    outlook = Outlook(setting, op, residency)
    ways = dict(outlook._cuts())
    cut = next(cut for cut in ways if cut.sums_home == home and cut.token_words == tile and cut.k_tile == op.shape[1])
    schedule = cut_sampled(setting.machine, op, residency, cut, ways[cut])
    return schedule, SampledDataflow(setting.machine, schedule, "")


@pytest.mark.parametrize("groups", [1, 2])
def test_sums_that_leave_by_hand(groups: int) -> None:
    """120 places, three rounds: in the first, sums of four bytes go out; in the second, out and back; in the third, values of two."""
    of = of_bank(4, {"token_groups": groups}, mapping={"tokens_per_tile": 1})
    schedule, dataflow = leaving(of, product(n=6 * groups), "buffer", 1)
    assert schedule.streams
    assert schedule.positions() == [(0, r, 0) for r in range(3)]
    parts = [dataflow.y_parts(position)[0] for position in schedule.positions()]
    assert [part.bytes for part in parts] == [0, 0, 240]
    assert [(part.sums.out_bytes, part.sums.back_bytes, part.sums.bus_bytes) for part in parts] == [
        (480, 0, 480 * groups),
        (480, 480, 480 * groups),
        (0, 480, 0),
    ]
    assert parts[2].extra_bus_bytes == 480 * groups - 240
    # 120 sums are 60 words of two lanes; those of the second group and those that come back are added
    counts = [dataflow.y_counts([position]) for position in schedule.positions()]
    assert [each.drain_additions for each in counts] == [60 * (groups - 1), 60 * groups, 60 * groups]


def test_the_room_of_sums_in_the_buffer_is_lost_to_w() -> None:
    of = of_bank(4)
    schedule, _ = leaving(of, product(n=12), "buffer", 1)
    assert schedule.residency.room_bytes == (1 << 20) - 4 * 120
    assert Cut(4, 1, 3, "dram").sums_bytes(UnitsMachine.of(of), product()) == 0


def test_where_banks_are_small_sums_leave_and_the_run_is_sooner() -> None:
    """Copies of four words: with sums that stay X and dY come anew for every few places."""
    sizes = {"bank_kib": 16 / 1024, "output_bank_kib": 64 / 1024}
    op = product(m=16, k=16, n=24, density=0.3)
    auto, stay = (
        both_engines(of_bank(6, sizes, mapping={"partial_sums": sums}, activation_buffer_kib=0.01), op) for sums in ("auto", "stay")
    )
    assert auto.activity.operations[0].details["partial_sums"] == "dram"
    assert stay.activity.operations[0].details["partial_sums"] == "stay"
    assert auto.activity.cycles < stay.activity.cycles


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_engines_agree_and_g_is_numpys(seed: int) -> None:
    """On one or two groups, whose lists, and sums, pass banks of four to nine entries, in any number of rounds."""
    random = np.random.default_rng(seed)
    m, k, n = (int(random.integers(1, most)) for most in (12, 20, 30))
    mask, gradient, x = sparse(random, m, k, 0.6), sparse(random, m, n, 0.7), sparse(random, k, n, 0.5)
    fabric = {
        "units": 4,
        "token_groups": int(random.integers(1, 3)),
        "replicas": int(random.integers(1, 3)),
        "bank_kib": int(random.choice([16, 32, 64])) / 1024,
        "output_bank_kib": int(random.choice([16, 64])) / 1024,
    }
    of = of_bank(int(random.integers(4, 10)), fabric, activation_buffer_kib=float(random.choice([0.01, 64.0])))
    both_engines(of, sampled_operation(mask, gradient, x))


def test_pieces_are_of_places_and_not_of_their_words() -> None:
    assert repeated(ListStream(3, 4), 5) == ListStream(15, 4)
    of = of_bank(4)
    setting = SAMPLED.setting(elaborated(of), RunOptions(COMPILED))
    op, residency = product(n=6), Residency("dram", "dram")
    ways = dict(Outlook(setting, op, residency)._cuts())
    for cut, rows in ways.items():
        schedule = cut_sampled(setting.machine, op, residency, cut, rows)
        assert (schedule.stream == WHOLE_LISTS) == (not cut.streams)


def test_rows_that_no_bank_holds_are_refused_where_sums_must_stay() -> None:
    """A bank for one entry of a weight holds none with a sum."""
    plain = machine({"lane_tree": True})
    kib = UnitsMachine.of(plain).weight_entry_bits(dense=False) / 8192
    of = machine({"lane_tree": True, "weight_bank_kib": kib}, mapping={"partial_sums": "stay", "tokens_per_tile": 2})
    with pytest.raises(MappingError, match=r"half of a weight bank holds, 0; raise fabric\.weight_bank_kib, or set mapping\.partial_sums"):
        run(of, workload(product(n=12)))
