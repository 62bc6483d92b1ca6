"""Rule 7: a tensor stays in the activation buffer if all live tensors fit when it is produced."""

import numpy as np
from msgspec.structs import replace

from simulator.kinds import kind_of
from simulator.system.tensors import Residency
from tests.strategies import machine, operation, workload

TENSOR_KIB = 8 * 4 * 2 / 1024


def residency(capacity_tensors: float, *depends_on: tuple[int, ...]) -> tuple[Residency, ...]:
    """Operations with outputs of one size; each names by number what it depends on."""
    w, x = np.ones((8, 8)), np.ones((8, 4))
    operations = [operation(w, x, str(index), tuple(str(name) for name in names)) for index, names in enumerate(depends_on)]
    of = machine(activation_buffer_kib=capacity_tensors * TENSOR_KIB)
    return tuple(replace(home, room_bytes=0) for home in kind_of(of).residency(of, workload(*operations)))


def test_what_comes_from_outside_comes_from_dram() -> None:
    assert residency(9, ()) == (Residency("dram", "buffer"),)


def test_an_output_that_fits_is_read_from_the_buffer() -> None:
    assert residency(2, (), (0,)) == (Residency("dram", "buffer"), Residency("buffer", "buffer"))


def test_input_and_output_are_both_live() -> None:
    assert residency(1, (), (0,)) == (Residency("dram", "buffer"), Residency("buffer", "dram"))


def test_an_output_that_does_not_fit_lives_in_dram() -> None:
    assert residency(0.9, (), (0,)) == (Residency("dram", "dram"), Residency("dram", "dram"))


def test_a_tensor_is_live_until_its_last_use() -> None:
    chain = residency(2, (), (0,), (1,), (2,))
    assert [home.y for home in chain] == ["buffer"] * 4
    kept = residency(2, (), (0,), (1,), (0,))
    assert [home.y for home in kept] == ["buffer", "buffer", "dram", "buffer"]


def test_an_input_with_one_part_in_dram_is_read_from_dram() -> None:
    assert residency(1, (), (), (0, 1))[2].x == "dram"
    assert residency(2, (), (), (0, 1))[2].x == "buffer"


def test_what_no_tensor_takes_is_room_for_weights() -> None:
    of = machine(activation_buffer_kib=3 * TENSOR_KIB)
    chain = [operation(np.ones((8, 8)), np.ones((8, 4)), str(index), (str(index - 1),) if index else ()) for index in range(3)]
    assert [home.room_bytes for home in kind_of(of).residency(of, workload(*chain))] == [2 * 64, 64, 64]
