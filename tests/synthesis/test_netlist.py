"""Areas and longest paths of netlists, by hand."""

from pathlib import Path
from typing import Any

import pytest

from simulator.errors import CheckError
from simulator.synthesis.library import Library
from simulator.synthesis.netlist import Netlist

LIBRARY = Library.load([Path(__file__).with_name("tiny.lib")])


def netlist(*cells: tuple[str, dict[str, int | str]]) -> Netlist:
    placed: dict[str, Any] = {
        str(number): {"type": kind, "connections": {pin: [net] for pin, net in nets.items()}} for number, (kind, nets) in enumerate(cells)
    }
    return Netlist.of_json(LIBRARY, {"cells": placed})


def test_a_chain_of_two_inverters_between_registers() -> None:
    """Slews: 13 from the register; 5 + 2 · 1 behind the first. Delays: 10 + 2 · 1 + 13 / 10, then 10 + 2 · 1 + 7 / 10."""
    chain = netlist(
        ("DFF", {"CK": 9, "D": 3, "Q": 1}),
        ("INV", {"A": 1, "Y": 2}),
        ("INV", {"A": 2, "Y": 3}),
    )
    path = chain.longest_path()
    assert (path.delay, path.cells) == (pytest.approx(13.3 + 12.7), 2)
    assert (chain.area, chain.register_area, dict(chain.counts)) == (14.0, 12.0, {"DFF": 1, "INV": 2})


def test_the_longer_of_two_ways_counts_and_a_constant_none() -> None:
    """A NAND2 with a load of 1 takes 20 + 2, whatever the slew: after one inverter of 13.3, and not straight from the port."""
    joined = netlist(("INV", {"A": 1, "Y": 2}), ("NAND2", {"A": 2, "B": 1, "Y": 3}), ("DFF", {"D": 3, "CK": 8, "Q": 4}))
    assert joined.longest_path().delay == pytest.approx(10 + 2 + 1.3 + 22)
    assert netlist(("NAND2", {"A": "0", "B": 1, "Y": 2})).longest_path().delay == pytest.approx(20.0)
    assert netlist(("DFF", {"D": 1, "CK": 2, "Q": 3})).longest_path().delay == 0.0


def test_who_drives_many_does_it_by_a_tree_of_buffers() -> None:
    """Ten inputs need 2 buffers, eight none; 65 need 9 and, since these are more than 8, 2 more. Nobody counts a clock."""
    inverters = [("INV", {"A": 1, "Y": 100 + number}) for number in range(65)]
    clocked = [("DFF", {"CK": 9, "D": 2, "Q": 200 + number}) for number in range(8)]
    assert [netlist(*inverters[:count], *clocked).buffers for count in (8, 10, 65)] == [0, 2, 11]
    assert netlist(*inverters).buffer_area == 11 * LIBRARY.cell("BUF").area
    assert netlist(("INV", {"A": "1", "Y": 2})).buffers == 0


def test_a_loop_and_a_cell_of_no_library_are_refused() -> None:
    with pytest.raises(CheckError, match="combinational loop"):
        netlist(("INV", {"A": 1, "Y": 2}), ("INV", {"A": 2, "Y": 1})).longest_path()
    with pytest.raises(CheckError, match=r"synthesis left \$mem_v2"):
        netlist(("$mem_v2", {"A": 1}))
