"""Every shipped machine loads, and the five of the comparison are what their names promise."""

import pytest

from simulator.files import config_names
from simulator.machine import Machine, load_machine

COMPARED = ("crossbar", "hybrid", "replication", "partition", "systolic")


@pytest.mark.parametrize("name", config_names("machines"))
def test_loads_under_its_own_name(name: str) -> None:
    assert load_machine(name).name == name


def test_the_compared_machines_share_all_that_is_not_the_fabric() -> None:
    def common(machine: Machine) -> dict[str, object]:
        return machine.model_dump(exclude={"name", "fabric", "mapping", "weight_decoder"})

    machines = [load_machine(name) for name in COMPARED]
    assert [machine.multipliers for machine in machines] == [1024] * 5
    assert all(common(machine) == common(machines[0]) for machine in machines)
    assert machines[0].dram.share == 0.03125


@pytest.mark.parametrize(
    ("name", "sizes", "units_per_cluster", "network"),
    [
        ("crossbar", (1, 1, 64, 4), 64, True),
        ("hybrid", (1, 8, 8, 8), 8, True),
        ("replication", (1, 64, 8, 4), 1, False),
        ("partition", (16, 1, 8, 4), 4, True),
    ],
)
def test_places_on_the_axes(name: str, sizes: tuple[int, int, int, float], units_per_cluster: int, network: bool) -> None:
    fabric = load_machine(name).gather
    assert (fabric.token_groups, fabric.replicas, fabric.banks_per_copy, fabric.bank_kib) == sizes
    assert (fabric.units_per_cluster, fabric.has_network) == (units_per_cluster, network)


def test_the_naive_array_is_the_strong_one_without_its_options() -> None:
    strong, naive = load_machine("systolic"), load_machine("systolic-naive")
    plain = {"skip_zero_tiles": False, "column_skip": False, "n_m": "none"}
    assert naive.fabric == strong.systolic.model_copy(update=plain)
    others = {"name", "fabric", "weight_decoder"}
    assert naive.model_dump(exclude=others) == strong.model_dump(exclude=others)
    assert (naive.weight_decoder, strong.weight_decoder) == (False, True)
    assert strong.systolic.model_dump(include=set(plain)) == {
        "skip_zero_tiles": True,
        "column_skip": True,
        "n_m": "2:4",
    }


@pytest.mark.parametrize("name", ["systolic", "systolic-naive"])
def test_the_systolic_array_has_the_sram_of_the_crossbar_machine(name: str) -> None:
    crossbar, array = load_machine("crossbar").gather, load_machine(name).systolic
    assert array.x_buffer_kib == crossbar.clusters * crossbar.banks_per_copy * crossbar.bank_kib
    assert array.w_buffer_kib == crossbar.units * crossbar.weight_bank_kib
    assert array.y_buffer_kib == crossbar.units * crossbar.output_bank_kib


def test_one_key_moves_a_machine_along_an_axis() -> None:
    machine = load_machine("crossbar", ["fabric.replicas=8", "fabric.banks=auto"])
    assert (machine.gather.units_per_cluster, machine.gather.banks_per_copy) == (8, 8)
