"""Kernels that searches for schedules call: without them schedules are bounded and played in Python."""

import pytest

from simulator.engine.compiled.system.engine import SYSTEM_KERNEL
from simulator.kinds.systolic.compiled import KERNELS


@pytest.fixture(scope="session", autouse=True)
def _kernels() -> None:
    for kernel in (*KERNELS, SYSTEM_KERNEL):
        kernel.warm_up()
