"""All hardware that a list of published figures can name. A new one is a class and a line here."""

from __future__ import annotations

from simulator.cost.validation.arithmetic import (
    DatapathCell,
    FloatAdder,
    FloatMultiplier,
    IntegerAdder,
    IntegerMultiplier,
    ProcessingElements,
)
from simulator.cost.validation.hardware import Hardware
from simulator.cost.validation.memory import Dram, RegisterFile, Sram
from simulator.cost.validation.networks import BankAccess, Crossbar, Network, ReductionSwitches, VoqScheduler, Wire

HARDWARE: dict[str, type[Hardware]] = {
    "integer_adder": IntegerAdder,
    "integer_multiplier": IntegerMultiplier,
    "float_adder": FloatAdder,
    "float_multiplier": FloatMultiplier,
    "datapath_cell": DatapathCell,
    "processing_elements": ProcessingElements,
    "sram": Sram,
    "register_file": RegisterFile,
    "dram": Dram,
    "crossbar": Crossbar,
    "voq_scheduler": VoqScheduler,
    "network": Network,
    "reduction_switches": ReductionSwitches,
    "bank_access": BankAccess,
    "wire": Wire,
}
