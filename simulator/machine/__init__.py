"""The machine: what its file may say, and how it is read."""

from simulator.machine.elaborated import Elaborated
from simulator.machine.load import load_machine
from simulator.machine.model import GatherFabric, Machine, SystolicFabric

__all__ = ["Elaborated", "GatherFabric", "Machine", "SystolicFabric", "load_machine"]
