"""What a fabric's network moves: words to units where they are gathered, sums to banks where they are scattered."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.activity import Counts, Ideal
from simulator.machine import Elaborated, Machine
from simulator.result import bandwidths
from simulator.result.bandwidth import Bandwidth

GATHERED, SCATTERED = Counts(requests=200, replies=200), Counts(requests=300)


def of(machine: Machine, counts: Counts, ideal: Ideal = "none") -> Bandwidth:
    return bandwidths(Elaborated(machine, 1, 1, 100.0, 100, 64), counts, 100, ideal)["network"]


def machine(dataflow: str, **network: Any) -> Machine:
    """Two clusters of 4 units and 8 banks: 8 ports at the narrower side; words of 8 bytes, sums of 16. A run takes 100 cycles."""
    fabric = {"kind": "gather", "units": 8, "lanes": 4, "replicas": 2, "banks": 8, "network": network}
    return Machine.model_validate({"name": "m", "clock_ghz": 2.0, "fabric": fabric, "mapping": {"dataflow": dataflow}})


def test_gather_delivers_words() -> None:
    level = of(machine("gather"), GATHERED)
    # 200 words of 8 bytes in 100 cycles at 2 GHz; 8 ports of 8 bytes
    assert (level.used, level.available) == (32.0, 128.0)


def test_scatter_delivers_sums() -> None:
    level = of(machine("scatter"), SCATTERED)
    # 300 sums of 16 bytes; a link is as wide as a word, so that a sum takes two cycles of its port
    assert (level.used, level.available) == (96.0, 128.0)
    assert level.share == 0.75


@pytest.mark.parametrize(("dataflow", "link_bits", "available"), [("gather", 32, 64.0), ("scatter", 128, 256.0), ("scatter", 32, 64.0)])
def test_a_network_is_as_fast_as_its_links(dataflow: str, link_bits: int, available: float) -> None:
    """A word of 8 bytes takes two flits of 32 bits; a sum of 16 bytes takes four, or one of 128."""
    counts = GATHERED if dataflow == "gather" else SCATTERED
    assert of(machine(dataflow, link_bits=link_bits), counts).available == available


@pytest.mark.parametrize(("link_bits", "available"), [("auto", 128.0), (128, 256.0), (32, 64.0)])
def test_a_machine_of_both_moves_either(link_bits: int | str, available: float) -> None:
    """It has a network for words and one for sums, and an operation uses one: the rate is that of the quicker."""
    level = of(machine("both", link_bits=link_bits), GATHERED + SCATTERED)
    assert (level.used, level.available) == (32.0 + 96.0, available)


def test_a_combined_word_reaches_every_unit_in_one_cycle() -> None:
    """Four units and one bank, which gives a word a cycle: to all four."""
    fabric = {"kind": "gather", "units": 4, "lanes": 4, "banks": 1, "multicast": True}
    shared = Machine.model_validate({"name": "m", "clock_ghz": 1.0, "fabric": fabric, "mapping": {"placement": "interleaved"}})
    assert of(shared, Counts(requests=400, replies=400, x_bank_reads=100)).to_dict() == {"used": 32.0, "available": 32.0}


def test_banks_of_sums_add_a_sum_a_port_and_cycle() -> None:
    """16 ports of 16 bytes at 2 GHz. A sum is two words of reads, and what is drained meanwhile comes from the other half."""
    counts = Counts(requests=1600, bank_additions=1600, x_bank_reads=2 * 1600 + 64)
    for dataflow in ("scatter", "both"):
        level = bandwidths(Elaborated(machine(dataflow), 1, 1, 100.0, 100, 64), counts, 100)["banks"]
        assert (level.used, level.available) == (512.0, 512.0)
    gathered = bandwidths(Elaborated(machine("both"), 1, 1, 100.0, 100, 64), Counts(replies=1600, x_bank_reads=1600), 100)["banks"]
    assert (gathered.used, gathered.available) == (256.0, 512.0)


def test_an_ideal_network_is_unlimited() -> None:
    assert of(machine("scatter"), SCATTERED, "network").to_dict() == {"used": 96.0, "available": None}
