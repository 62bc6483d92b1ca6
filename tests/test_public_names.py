"""The public names of the package, and that importing it costs nothing."""

import subprocess
import sys

import simulator

PUBLIC = [
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


def test_the_public_names_are_these_and_all_are_there() -> None:
    assert simulator.__all__ == PUBLIC
    assert dir(simulator) == PUBLIC
    assert all(getattr(simulator, name) is not None for name in PUBLIC)


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "matplotlib", "pandas", "pydantic", "simpy", "yaml", "rich")
    code = (
        "import sys; from simulator.cli.app import VERBS; [verb.command(name) for name, verb in VERBS.items()];"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_what_simulates_loads_nothing_that_draws_or_prints_tables() -> None:
    heavy = ("matplotlib", "numba", "pandas", "rich", "scipy", "simulator.report.verdict", "simulator.study.uncertainty")
    heavy += ("simulator.study.measured", "simulator.workload.readers", "simulator.workload.stats", "simulator.specs.explain")
    code = f"import sys, simulator.cli.study, simulator.workload.build; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
