"""Every shipped machine loads, and those of the comparison are what their names promise."""

import pytest

from simulator.machine import Machine, load_machine
from simulator.specs import config_names
from simulator.study.sizing.scale import own_area_mm2
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.spec import EqualSpec

BEST = ("crossbar", "hybrid", "replication", "partition", "systolic", "systolic-naive")


@pytest.mark.parametrize("name", config_names("machines"))
def test_loads_under_its_own_name(name: str) -> None:
    assert load_machine(name).name == name


def test_the_compared_machines_share_all_that_is_not_the_fabric_and_its_trunks() -> None:
    def common(machine: Machine) -> dict[str, object]:
        return machine.model_dump(exclude={"name", "fabric", "trunks", "mapping", "weight_decoder", "activation_format"})

    machines = [load_machine(name) for name in BEST]
    assert all(common(machine) == common(machines[0]) for machine in machines)
    assert machines[0].dram.share == 0.03125
    assert {machine.multipliers for machine in machines} == {2048}


@pytest.mark.parametrize("name", BEST)
def test_the_compared_machines_keep_to_the_area_within_which_they_are_searched_for(name: str) -> None:
    spec = load_sweep("best").spec
    assert isinstance(spec.equal, EqualSpec)
    assert isinstance(spec.equal.area, float)
    assert own_area_mm2(load_machine(name)) <= spec.equal.area


@pytest.mark.parametrize(
    ("name", "sizes", "units_per_cluster", "network"),
    [
        ("crossbar", (1, 1, 32, 4), 32, True),
        ("hybrid", (1, 2, 32, 2), 32, True),
        ("replication", (1, 32, 8, 4), 1, False),
        ("partition", (2, 2, 16, 4), 16, True),
        ("crossbar-64", (1, 1, 64, 4), 64, True),
    ],
)
def test_places_on_the_axes(name: str, sizes: tuple[int, int, int, float], units_per_cluster: int, network: bool) -> None:
    fabric = load_machine(name).fabric
    assert (fabric.token_groups, fabric.replicas, fabric.banks_per_copy, fabric.bank_kib) == sizes
    assert (fabric.units_per_cluster, fabric.has_network) == (units_per_cluster, network)


def test_the_strong_array_has_every_option_for_sparse_work_and_the_naive_one_none() -> None:
    strong, naive = load_machine("systolic"), load_machine("systolic-naive")
    options = {"skip_zero_tiles", "column_skip", "n_m"}
    assert strong.fabric.model_dump(include=options) == {"skip_zero_tiles": True, "column_skip": True, "n_m": "2:4"}
    assert naive.fabric.model_dump(include=options) == {"skip_zero_tiles": False, "column_skip": False, "n_m": "none"}
    assert (strong.weight_decoder, naive.weight_decoder) == (True, False)
    assert (strong.fabric.weight_load, strong.fabric.gate_zeros) == (naive.fabric.weight_load, True) == ("overlapped", True)


def test_one_key_moves_a_machine_along_an_axis() -> None:
    machine = load_machine("crossbar-64", ["fabric.replicas=8", "fabric.banks=auto"])
    assert (machine.fabric.units_per_cluster, machine.fabric.banks_per_copy) == (8, 8)
