"""Area, energy and power of a run: a pure function of what was counted, the machine and a technology."""

from simulator.cost.constants import DramDevice, load_dram
from simulator.cost.elaborate import elaborate
from simulator.cost.instance import Instance
from simulator.cost.inventory import inventory
from simulator.cost.price import price, price_instances
from simulator.cost.rates import Rates, events, rates
from simulator.cost.technology import Technology, load_technology
from simulator.cost.types import ComponentCost, Cost, Power

__all__ = [
    "ComponentCost",
    "Cost",
    "DramDevice",
    "Instance",
    "Power",
    "Rates",
    "Technology",
    "elaborate",
    "events",
    "inventory",
    "load_dram",
    "load_technology",
    "price",
    "price_instances",
    "rates",
]
