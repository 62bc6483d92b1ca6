"""The requests of an operation as traffic: which bank ports each unit asks for, in list order."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.engine.work import TileWork
from simulator.kinds.gather.schedule import schedule_gather
from simulator.kinds.units.lists import CopiedWords, cluster_work, slice_lists
from simulator.kinds.units.loops import Pace
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.present import present_words
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


def requested_ports(machine: UnitsMachine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
    """[units of a cluster] bank ports that each unit of the first cluster asks for in the first tile, as a gathering machine would."""
    schedule = schedule_gather(machine, operation, residency, _unhurried(machine))
    lists = slice_lists(schedule, 0, 0, machine.fabric.units_per_group)
    copied = CopiedWords.of(machine, schedule, 0, schedule.group_tokens(0, 0), present_words(machine, operation))
    work = cluster_work(schedule, lists, copied, 0, machine.fabric.replicas)
    return [_ports(work, unit, machine.fabric.bank_ports) for unit in range(work.units)]


def _unhurried(machine: UnitsMachine) -> Pace:
    """Memory in no one's way: what is asked for is the network's own question."""
    trunks = machine.trunks
    rates = trunks.x_bytes_per_cycle, trunks.w_bytes_per_cycle, trunks.drain_bytes_per_cycle
    return Pace(SystemSpec(math.inf, 0, 1, *rates, dma_slots=1), unloaded_cycles=0)


def _ports(work: TileWork, unit: int, bank_ports: int) -> NDArray[np.int32]:
    """Ports of one unit's requests; the ports of a bank take turns."""
    words = work.word[work.unit_ptr[unit] : work.unit_ptr[unit + 1]]
    token, entry = np.nonzero(work.present[:, words])
    banks = work.bank[token * work.words + words[entry]]
    ports: NDArray[np.int32] = (banks * bank_ports + np.arange(len(banks)) % bank_ports).astype(np.int32)
    return ports
