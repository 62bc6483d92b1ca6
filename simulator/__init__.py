"""sparsim: what does unstructured sparsity cost on a crossbar, on replicated memories, on a systolic array?

    import sparsim as sim
    result = sim.simulate("crossbar", "tinygpt")
    result.cycles, result.energy_pj, result.area_mm2

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.errors import CheckError, ConfigError, MappingError, OperandError, OutputError, SparsimError
    from simulator.machine import Machine, load_machine
    from simulator.result import Result
    from simulator.scripting import answer, breakeven, compare, simulate, sweep
    from simulator.study.comparison import Comparison
    from simulator.study.sizing import Sized, equalise
    from simulator.workload import Workload, load_workload

_HOMES = {
    "CheckError": "simulator.errors",
    "Comparison": "simulator.study.comparison",
    "ConfigError": "simulator.errors",
    "Machine": "simulator.machine",
    "MappingError": "simulator.errors",
    "OperandError": "simulator.errors",
    "OutputError": "simulator.errors",
    "Result": "simulator.result",
    "Sized": "simulator.study.sizing",
    "SparsimError": "simulator.errors",
    "Workload": "simulator.workload",
    "answer": "simulator.scripting",
    "breakeven": "simulator.scripting",
    "compare": "simulator.scripting",
    "equalise": "simulator.study.sizing",
    "load_machine": "simulator.machine",
    "load_workload": "simulator.workload",
    "simulate": "simulator.scripting",
    "sweep": "simulator.scripting",
}

__all__ = [
    "CheckError",
    "Comparison",
    "ConfigError",
    "Machine",
    "MappingError",
    "OperandError",
    "OutputError",
    "Result",
    "Sized",
    "SparsimError",
    "Workload",
    "__version__",
    "answer",
    "breakeven",
    "compare",
    "equalise",
    "load_machine",
    "load_workload",
    "simulate",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("simulator.version").package_version()
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'simulator' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
