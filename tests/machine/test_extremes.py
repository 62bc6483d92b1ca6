"""Numbers that are valid and extreme: refused by the key, with what is allowed, before anything is built; or run."""

import pytest

from simulator.errors import ConfigError
from simulator.machine.model import Elaborated, load_machine
from simulator.pricing import elaborate, hardware_of, technology_of

_TECHNOLOGY = "technology_overrides."


def settled(*changes: str) -> Elaborated:
    machine = load_machine("crossbar-64", changes)
    return elaborate(machine, technology_of(machine))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (("fabric.network.latency=1000000000",), "found 1000000000; allowed: an integer from 1 to 4096, or auto"),
        ((f"fabric.network.latency={2**63}",), f"found {2**63}; allowed: an integer from 1 to 4096, or auto"),
        (("clock_ghz=5e-324",), "allowed: a number of at least 0.001 and of at most 20"),
        (("dram.share=1e-300",), "allowed: a number of at least 1e-06 and of at most 1"),
        (("dram.efficiency=5e-324",), "allowed: a number of at least 0.001 and of at most 1"),
        (("fabric.units=65536", "fabric.banks=1024"), "67108864 pairs; allowed: at most 4194304 for network.topology = full"),
        (
            ("fabric.network.topology=benes", "fabric.units=65536", "fabric.banks=1024"),
            "allowed: at most 1048576 for network.topology = benes",
        ),
        (("fabric.network.topology=hierarchical", "fabric.units=8192", "fabric.banks=1024"), "8388608 pairs; allowed: at most 1048576"),
        ((f"{_TECHNOLOGY}supply_voltage_v=1e200",), "found 1e+200; allowed: a number from 1e-09 to 1e+09"),
        ((f"{_TECHNOLOGY}cell_placement=5e-324",), "found 4.94066e-324; allowed: a number from 1e-09 to 1e+09"),
        ((f"{_TECHNOLOGY}sram_width_exponent=1e6",), "found 1e+06; allowed: an exponent from -8 to 8"),
        ((f"{_TECHNOLOGY}fp_multiplier_energy_exponent=-1e308",), "found -1e+308; allowed: an exponent from -8 to 8"),
        ((f"{_TECHNOLOGY}wire_delay_ns_per_mm=1e9",), "cycles of crossing in 7nm, by its delays of gates and wires; allowed: at most 4096"),
        ((f"{_TECHNOLOGY}crossbar_stage_fill=1e-9",), "allowed: at most 4096"),
        ((f"{_TECHNOLOGY}dram.hbm2e.burst_bytes=0.4",), "found 0.4; allowed: whole bytes from 1 to 65536"),
        ((f"{_TECHNOLOGY}dram.hbm2e.burst_bytes=1e6",), "found 1e+06; allowed: whole bytes from 1 to 65536"),
        ((f"{_TECHNOLOGY}dram.hbm2e.bandwidth_gb_per_s=1e308",), "allowed: a number from 1e-09 to 1e+09"),
        ((f"{_TECHNOLOGY}dram.hbm2e.bandwidth_gb_per_s=1e9",), "dram: 2.65625e+07 bytes a cycle"),
        (("dram.share=1e-6", "dram.efficiency=0.001"), "dram: 4.6e-07 bytes a cycle"),
        (("fabric.accumulators=0x" + "f" * 5000,), "a number of 5002 characters; allowed: at most 400"),
    ],
)
def test_what_is_too_extreme_is_refused_by_its_key(changes: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(*changes)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        ("technology_overrides.supply_voltage_v=1e9", "technology_overrides.fp_multiplier_energy_exponent=-8"),
        ("technology_overrides.sram_width_exponent=8", "technology_overrides.cell_placement=1e-9"),
        ("fabric.window=1024", "fabric.network.depth=4096", "fabric.bank_kib=1048576", "fabric.network.latency=4096"),
        ("clock_ghz=20", "dram.latency_ns=1e5", "activation_buffer_kib=0.001"),
    ],
)
def test_what_is_just_allowed_is_settled_and_built(changes: tuple[str, ...]) -> None:
    elaborated = settled(*changes)
    parts = hardware_of(elaborated, technology_of(elaborated.machine)).instances
    assert all(0 <= part.component.area().placed_mm2 < 1e300 for part in parts)
