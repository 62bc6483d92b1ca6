"""What the units of a cluster ask its banks for, so that its request network can be driven by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.work import ClusterWork
from simulator.kinds.gather.schedule import schedule_gather
from simulator.kinds.units.lists import cluster_work, present_words, slice_lists
from simulator.machine.model import Machine
from simulator.system.residency import Homes
from simulator.workload.types import Operation


def asked_ports(machine: Machine, operation: Operation, homes: Homes) -> list[NDArray[np.int32]]:
    """[units of the first cluster][requests] bank ports, in list order, of an operation that is gathered."""
    schedule = schedule_gather(machine, operation, homes)
    present = present_words(machine, operation)
    lists = slice_lists(schedule, 0, 0, machine.gather.units_per_group)
    work = cluster_work(machine, schedule, lists, 0, schedule.group_tokens(0, 0), 0, present)
    return [_ports(work, unit, machine.gather.bank_ports) for unit in range(work.units)]


def _ports(work: ClusterWork, unit: int, bank_ports: int) -> NDArray[np.int32]:
    """Ports of one unit's requests; the ports of a bank take turns."""
    words = work.word[work.unit_ptr[unit] : work.unit_ptr[unit + 1]]
    token, entry = np.nonzero(work.present[:, words])
    banks = work.bank[token * work.k_words + words[entry]]
    ports: NDArray[np.int32] = (banks * bank_ports + np.arange(len(banks)) % bank_ports).astype(np.int32)
    return ports
