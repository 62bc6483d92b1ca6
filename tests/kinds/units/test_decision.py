"""What is remembered of an operation in one buffer says the same in another, whatever of it was forgotten in between."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pytest
from strategies import operation, sparse, workload

from simulator.machine import load_machine
from simulator.pipeline import simulate
from simulator.recall import Recall
from simulator.result import Result
from simulator.study.sizing.runner import InTurn

random = np.random.default_rng(5)
WORK = workload(operation(sparse(random, 64, 32, 0.5), sparse(random, 32, 256, 0.9), "walked again"))
SMALL = ("fabric.units=8", "fabric.lanes=4", "fabric.banks=8", "fabric.bank_kib=0.25", "fabric.weight_bank_kib=0.25", "dram.share=0.01")
MACHINE = load_machine("crossbar", SMALL)


class _Forgetful(Recall):
    """Forgets how much room W needs, as one may that is full."""

    def forget(self) -> None:
        def is_room(key: Hashable) -> bool:
            return isinstance(key, tuple) and key[-1] == "room"

        for key in [key for key in self._results if is_room(key)]:
            del self._results[key]


@pytest.mark.parametrize("kib", [(1, 4), (4, 1)])
def test_a_larger_buffer_keeps_weights_though_the_room_that_they_need_was_forgotten(kib: tuple[int, int]) -> None:
    runner = InTurn(WORK)
    runner.recall = recall = _Forgetful(10_000_000)
    for size in kib:
        machine = MACHINE.model_copy(update={"activation_buffer_kib": float(size)})
        (found,) = runner.run([machine])
        assert isinstance(found, Result)
        assert found.activity == simulate(machine, WORK).activity
        recall.forget()
