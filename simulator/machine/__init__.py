"""The machine file, and a machine with its `auto` geometry settled. Start with `model.py`; what a fabric may say stands with its kind."""

from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Fabric, Machine, Mapping, load_machine

__all__ = ["Elaborated", "Fabric", "Machine", "Mapping", "load_machine"]
