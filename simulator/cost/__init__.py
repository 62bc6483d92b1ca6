"""Area, energy and power: components and their laws, technologies, and the pricer that multiplies them with what was counted.

A component is a class of `registers.py`, `arithmetic.py`, `mac.py`, `router.py`, `wires.py`, `sram.py`, `buffers.py`, `presence.py`,
`decoder.py` or `dram.py`, whose docstring is its formula. What a machine has around its fabric is in `around.py`; what its fabric is
made of, and which counter pays for what, is said by its kind. Start at `pricer.py`.
"""

from simulator.cost.constants import DramDevice
from simulator.cost.hardware import Hardware, Instance
from simulator.cost.pricer import Counted, Pricer, Rates
from simulator.cost.technology import Technology, load_technology
from simulator.cost.types import ComponentCost, Cost, Power

__all__ = [
    "ComponentCost",
    "Cost",
    "Counted",
    "DramDevice",
    "Hardware",
    "Instance",
    "Power",
    "Pricer",
    "Rates",
    "Technology",
    "load_technology",
]
