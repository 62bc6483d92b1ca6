"""Rule 7: a tensor stays in the activation buffer if all live tensors fit when it is produced."""

import numpy as np

from simulator.kinds import kind_of
from simulator.system.tensors import Homes
from tests.strategies import machine, operation, workload

TENSOR_KIB = 8 * 4 * 2 / 1024


def homes(capacity_tensors: float, *depends_on: tuple[int, ...]) -> tuple[Homes, ...]:
    """Operations with outputs of one size; each names by number what it depends on."""
    w, x = np.ones((8, 8)), np.ones((8, 4))
    operations = [operation(w, x, str(index), tuple(str(name) for name in names)) for index, names in enumerate(depends_on)]
    of = machine(activation_buffer_kib=capacity_tensors * TENSOR_KIB)
    return kind_of(of).homes(of, workload(*operations))


def test_what_comes_from_outside_comes_from_dram() -> None:
    assert homes(9, ()) == (Homes("dram", "buffer"),)


def test_an_output_that_fits_is_read_from_the_buffer() -> None:
    assert homes(2, (), (0,)) == (Homes("dram", "buffer"), Homes("buffer", "buffer"))


def test_input_and_output_are_both_live() -> None:
    assert homes(1, (), (0,)) == (Homes("dram", "buffer"), Homes("buffer", "dram"))


def test_an_output_that_does_not_fit_lives_in_dram() -> None:
    assert homes(0.9, (), (0,)) == (Homes("dram", "dram"), Homes("dram", "dram"))


def test_a_tensor_is_live_until_its_last_use() -> None:
    chain = homes(2, (), (0,), (1,), (2,))
    assert [home.y for home in chain] == ["buffer"] * 4
    kept = homes(2, (), (0,), (1,), (0,))
    assert [home.y for home in kept] == ["buffer", "buffer", "dram", "buffer"]


def test_an_input_with_one_part_in_dram_is_read_from_dram() -> None:
    assert homes(1, (), (), (0, 1))[2].x == "dram"
    assert homes(2, (), (), (0, 1))[2].x == "buffer"
