"""What a fabric's network moves: words to units where they are gathered, sums to banks where they are scattered."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.activity import Counts
from simulator.machine import Elaborated, Machine
from simulator.result import bandwidths
from simulator.result.bandwidth import Bandwidth

GATHERED, SCATTERED = Counts(requests=200, replies=200), Counts(requests=300)


def of(machine: Machine, counts: Counts, ideal: str = "none") -> Bandwidth:
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


@pytest.mark.parametrize(("link_bits", "available"), [(128, 256.0), (32, 64.0)])
def test_a_scatter_network_is_as_fast_as_its_links(link_bits: int, available: float) -> None:
    assert of(machine("scatter", link_bits=link_bits), SCATTERED).available == available


def test_a_machine_of_both_moves_either() -> None:
    level = of(machine("both"), GATHERED + SCATTERED)
    # a network for words and one for sums, side by side
    assert (level.used, level.available) == (32.0 + 96.0, 128.0 + 128.0)
    assert of(machine("both", link_bits=128), GATHERED + SCATTERED).available == 128.0 + 256.0


def test_an_ideal_network_is_unlimited() -> None:
    assert of(machine("scatter"), SCATTERED, "network").to_dict() == {"used": 96.0, "available": None}
