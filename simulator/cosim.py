"""Runs a workload's operations, each by itself, through the hardware of a machine and both engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulator.engine.engines import ENGINES, RunOptions
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.pricing import elaborate, technology_of
from simulator.rtl.design import Agreement, CosimOptions, Design, require_amaranth
from simulator.specs import nearest_hint, some_of
from simulator.workload.types import Workload


def designs_of(machine: Machine) -> Sequence[Design]:
    """The hardware of a machine, apart for operations that are not done by one and the same.

    Raises ConfigError, by name, for what is not elaborated, and without the extra.
    """
    require_amaranth()
    return kind_of(machine).designs(elaborate(machine, technology_of(machine)))


def cosimulate(machine: Machine, workload: Workload, how: CosimOptions, only: str | None = None) -> Iterator[Agreement]:
    """Tiles of the operations in their order, or of the `only` one that is named, up to and with the first that differs.

    Raises ConfigError as `designs_of`, and for an operation that is none; MappingError where the machine cannot hold the workload.
    """
    require_amaranth()
    elaborated = elaborate(machine, technology_of(machine))
    kind, workload = kind_of(machine), replace(workload, fuse=())
    homes = kind.residency(machine, workload)
    names = [operation.name for operation in workload.operations]
    if only is not None and only not in names:
        raise ConfigError(
            f"--operation {only}: {workload.name} has no such operation; allowed: {some_of(names)}{nearest_hint(only, names)}"
        )
    for operation, residency in zip(workload.operations, homes, strict=True):
        if only not in (None, operation.name):
            continue
        of = kind.of_operation(machine, operation)
        for agreement in of.cosimulate(elaborated, operation, residency, RunOptions(ENGINES["compiled"]), how):
            yield agreement
            if agreement.difference is not None:
                return
