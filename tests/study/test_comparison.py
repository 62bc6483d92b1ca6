"""How many processes compare machines."""

import numpy as np
import pytest

from simulator.study import comparison
from simulator.study.comparison import processes_for
from tests.strategies import machine, operation, workload


def test_workers_are_started_only_for_work_that_outlasts_their_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "processors", lambda: 4)
    lists, array = machine(), machine({"kind": "systolic", "rows": 4, "cols": 4})
    one = operation(np.ones((8, 8)), np.ones((8, 4)))
    entries = comparison.requests_of(lists, workload(one))
    assert 0 < entries < comparison.ENTRIES_OF_A_SEARCH
    assert comparison.requests_of(array, workload(one)) == 0
    assert processes_for([lists, array], workload(one)) == 1
    monkeypatch.setattr(comparison, "SMALL_WORK", entries + comparison.ENTRIES_OF_A_SEARCH)
    assert processes_for([lists, array], workload(one)) == 4
    assert processes_for([array], workload(one)) == processes_for([lists], workload(one)) == 1
