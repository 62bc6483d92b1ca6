"""DRAM devices of configs/technologies/dram.yaml."""

from __future__ import annotations

from simulator.cost import DramDevice
from simulator.cost.constants import choose_dram, load_dram_devices


def shipped_dram(kind: str) -> DramDevice:
    """A device by its kind; ConfigError for an unknown one."""
    return choose_dram(load_dram_devices(), kind)
