"""What all tests share: settings of hypothesis, technologies, and builders of machines for what a machine is made of.

Hypothesis draws the same examples in every run, and none fails for being slow on a loaded machine.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from simulator.cost import Technology, load_technology
from simulator.machine.model import Machine

_SLOW = [HealthCheck.too_slow]
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("search", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("repeatable")
OBJECTS_BEFORE_COLLECTION = 100_000


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and thousands of tests are no garbage; looking for some among them takes a third of the time to collect them.

    Nor is it worth looking often while they run: commands do not either.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
        gc.enable()


NODE_45 = {
    "gate_area_um2": 0.798,
    "sram_cell_um2": 0.346,
    "energy_scale": 1.0,
    "sram_energy_scale": 1.0,
    "wire_pj_per_bit_mm": 0.121 * (45 / 40) ** 0.35,
    "crossbar_wire_pitch_um": 0.246,
    "sram_leakage_mw_per_kib": 0.226,
    "fo4_delay_ps": 18.0,
    "fp_synthesis_factor": 1.0,
}
"""45 nm, at which the energies were fitted."""


GATES_BY_HAND = {
    "fp_synthesis_factor": 1.0,
    "crossbar_arbiter_ge": 14.0,
    "crossbar_scheduler_ge": 39.0,
    "crossbar_iteration_ge": 28.0,
    "combiner_ge_per_bit": 3.5,
}
SEVEN_BY_HAND = {
    "energy_scale": 7 / 45,
    "sram_energy_scale": 7 / 45,
    "sram_subbank_kib": 4.0,
    "logic_leakage_mw_per_mm2": 30.0 * 2 ** (15 / 22.5),
}
"""Constants at which components are worked out by hand: such tests hold formulas, the list of published figures holds constants."""


@pytest.fixture(scope="session")
def seven() -> Technology:
    return load_technology("7nm").model_copy(update=GATES_BY_HAND | SEVEN_BY_HAND)


@pytest.fixture(scope="session")
def twenty_eight() -> Technology:
    return load_technology("28nm").model_copy(update=GATES_BY_HAND)


@pytest.fixture(scope="session")
def forty_five() -> Technology:
    return load_technology("28nm", NODE_45)


class Machines:
    """Small builders of machines, every key of the fabric open to change: all but crossings quick, and 4 partial sums a row."""

    @staticmethod
    def gather(machine: dict[str, Any] | None = None, **fabric: Any) -> Machine:
        quick = {"feed_latency": 1, "read_latency": 1, "multiply_latency": 0, "accumulate_latency": 4}
        network = {"allocation": 1, **fabric.pop("network", {})}
        values = {"kind": "gather", "units": 64, "lanes": 16, "banks": 64, "bank_kib": 4, **quick, "network": network, **fabric}
        return Machine.model_validate({"name": "gather", "fabric": values, **(machine or {})})

    @staticmethod
    def systolic(machine: dict[str, Any] | None = None, **fabric: Any) -> Machine:
        return Machine.model_validate(
            {"name": "systolic", "fabric": {"kind": "systolic", "read_latency": 1, "multiply_latency": 0, **fabric}, **(machine or {})}
        )

    @classmethod
    def replication(cls) -> Machine:
        return cls.gather(replicas=64, banks=8)


@pytest.fixture(scope="session")
def machines() -> type[Machines]:
    return Machines


@pytest.fixture
def handlers() -> Iterator[None]:
    """`main` handles signals for its process; here it has them for one test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
