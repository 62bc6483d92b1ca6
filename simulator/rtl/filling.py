"""What the rest of a machine sees of a cluster before a tile, whatever travels in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from amaranth.hdl import Signal
from amaranth.lib.memory import Memory

from simulator.rtl.lists import ListWalk, Tile
from simulator.rtl.shape import ClusterShape

if TYPE_CHECKING:
    from simulator.rtl.network import RoutedNetwork


@dataclass(frozen=True, eq=False)
class Fill:
    """A port at which a memory is filled, a word a cycle."""

    memory: Memory
    valid: Signal
    address: Signal
    word: Signal


def list_fills(walks: Iterable[ListWalk]) -> list[Fill]:
    """Of the weight banks of units."""
    return [Fill(bank.memory, bank.fill, bank.fill_line, bank.fill_entries) for bank in (walk.bank for walk in walks)]


def wires_of(fills: Mapping[str, Sequence[Fill]]) -> list[Signal]:
    """Of all ports, each once: memories that are filled side by side share their address."""
    wires = chain.from_iterable((fill.valid, fill.address, fill.word) for fill in chain.from_iterable(fills.values()))
    return list({id(wire): wire for wire in wires}.values())


class Filled(Protocol):
    """A cluster whose memories and settings are the system's to fill."""

    shape: ClusterShape
    tile: Tile

    @property
    def lengths(self) -> Sequence[Signal]:
        """[units] entries of each list."""

    @property
    def fills(self) -> Mapping[str, Sequence[Fill]]:
        """Ports of its memories, by what they hold; the memories of a name are of one size."""

    @property
    def networks(self) -> Mapping[str, RoutedNetwork]:
        """Those of routers, by what they carry."""
