"""What travels on a network: where it came from, where it goes, the slot of the unit's window that it belongs to, and what it carries."""

from __future__ import annotations

from amaranth.hdl import Signal
from amaranth.lib.data import StructLayout, View

from simulator.network import NetworkSpec
from simulator.rtl.bits import index_bits


def flit_layout(spec: NetworkSpec, window: int, carried_bits: int) -> StructLayout:
    """Of one network: a request carries the line of its bank, a reply the word."""
    return StructLayout(
        {
            "source": index_bits(spec.sources),
            "sink": index_bits(spec.sinks),
            "tag": index_bits(window),
            "carried": max(1, carried_bits),
        }
    )


class Leaving:
    """What leaves a unit for its network in a cycle, or may."""

    def __init__(self, layout: StructLayout, queues: int, name: str) -> None:
        self.valid = Signal(name=name)
        self.flit: View = Signal(layout, name=f"{name}_flit")
        self.into = Signal(index_bits(queues), name=f"{name}_into")
        """Number of the queue at the network that takes it."""
