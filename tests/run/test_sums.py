"""Runs whose partial sums leave between K tiles: the right numbers, as many bytes back as out, engines that agree, bounds below."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.engines import ENGINES, RunOptions
from simulator.kinds import kind_of
from simulator.kinds.gather.choice import Choice
from simulator.kinds.gather.cut import Cut
from simulator.kinds.scatter.outlook import Cut as ScatterCut
from simulator.kinds.scatter.outlook import Outlook
from simulator.kinds.units.ranges import FittedRows
from simulator.machine.model import Machine
from simulator.run.floor import Floor
from simulator.run.stints import program_of
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.workload.types import Workload
from tests.strategies import elaborated, gather_machines, machine, operation, run, sparse, workload, workloads

SMALL = {"units": 4, "banks": 4, "bank_kib": 8 * 4 / 1024, "output_bank_kib": 2 * 8 / 1024, "weight_bank_kib": 8 * 4 / 1024}


def leaving(self: Choice, most: int) -> list[tuple[Cut, FittedRows]]:
    """A candidate whose sums leave, where there is one; not the same for every operation."""
    cuts = list(self._candidates())
    leave = [cut for cut in cuts if cut.sums_home is not None] or cuts
    cut = leave[self.operation.weight.nnz % len(leave)]
    return [(cut, cut.fitted(self.machine, self.operation))]


def scattered_leaving(self: Outlook, most: int) -> list[ScatterCut]:
    """The same of scatter."""
    cuts = list(self._cuts())
    leave = [cut for cut in cuts if cut.sums_home is not None] or cuts
    return [leave[self.operation.weight.nnz % len(leave)]]


@settings(max_examples=25, deadline=None)
@given(
    of=st.one_of(gather_machines(), gather_machines(dataflow="scatter")),
    what=workloads(),
    ideal=st.sampled_from(["none", "none", "dram", "trunks"]),
)
def test_sums_that_leave_come_back(of: Machine, what: Workload, ideal: Any) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Choice, "likeliest", leaving)
        patched.setattr(Outlook, "likeliest", scattered_leaving)
        found = run(of, what, ideal=ideal)
        again = run(of, what, ideal=ideal, engine=ENGINES["compiled"])
        kind, homes = kind_of(of), kind_of(of).residency(of, what)
        planned = [(kind.of_operation(of, op), op, home) for op, home in zip(what.operations, homes, strict=True)]
        parts = [own.schedule(elaborated(of), op, home, place) for place, (own, op, home) in enumerate(planned)]
    for op in what.operations:
        assert np.array_equal(found.outputs[op.name], dense(op) @ op.activations.values())
    assert (found.activity.cycles, found.activity.counts) == (again.activity.cycles, again.activity.counts)
    assert found.activity.unit_cycles == again.activity.unit_cycles
    for part in parts:
        sums = [one.sums for drain in part.program.drains for one in drain.parts]
        assert sum(one.out_bytes for one in sums) == sum(one.back_bytes for one in sums)
    if ideal == "none":
        programs = [part.program for part in parts]
        assert earliest_end(SystemSpec.of(elaborated(of)), program_of(what, homes, programs)) <= found.activity.cycles
        assert Floor(what).least(elaborated(of)).cycles <= found.activity.cycles


def dense(op: Any) -> Any:
    whole = np.zeros(op.weight.shape)
    whole[np.repeat(np.arange(op.weight.shape[0]), np.diff(op.weight.indptr)), op.weight.indices] = op.weight.values()
    return whole


@pytest.mark.parametrize(("buffer_kib", "home"), [(64.0, "buffer"), (0.01, "dram")])
def test_where_output_banks_are_small_sums_leave_and_fewer_bytes_move(buffer_kib: float, home: str) -> None:
    random = np.random.default_rng(0)
    what = workload(operation(sparse(random, 48, 64, 0.5), np.ones((64, 8))))
    dram = {}
    for sums in ("auto", "stay"):
        found = run(machine(SMALL, mapping={"partial_sums": sums}, activation_buffer_kib=buffer_kib), what, engine=ENGINES["compiled"])
        counts, (op,) = found.activity.counts, found.activity.operations
        dram[sums] = counts.dram_read_bytes + counts.dram_write_bytes
        assert op.details["partial_sums"] == (home if sums == "auto" else "stay")
        assert (counts.drain_additions > 0) == (sums == "auto")
    assert dram["auto"] < 0.85 * dram["stay"]


@pytest.mark.parametrize(("buffer_kib", "home"), [(64.0, "buffer"), (0.01, "dram")])
def test_scatter_walks_long_lists_once_where_its_sums_leave(buffer_kib: float, home: str) -> None:
    """Own banks hold no more words than of half of the columns: lists of both halves come anew in every round, or sums leave."""
    random = np.random.default_rng(0)
    what = workload(operation(sparse(random, 96, 16, 1.0), np.ones((16, 32))))
    sizes = SMALL | {"bank_kib": 96 * 8 / 4 / 1024, "output_bank_kib": 8 / 1024, "weight_bank_kib": 1.0}
    moved = {}
    for sums in ("auto", "stay"):
        of = machine(
            sizes,
            mapping={"partial_sums": sums, "dataflow": "scatter"},
            trunks={"w_bytes_per_cycle": 1},
            activation_buffer_kib=buffer_kib,
        )
        found = run(of, what, engine=ENGINES["compiled"])
        counts, (op,) = found.activity.counts, found.activity.operations
        moved[sums] = found.activity.cycles, counts.w_trunk_bytes
        assert op.details["partial_sums"] == (home if sums == "auto" else "stay")
        assert op.details["rounds"] > 1
        assert op.details["k_tiles"] > 1
    assert moved["auto"][0] < moved["stay"][0]
    assert moved["auto"][1] < moved["stay"][1]


def test_a_plan_says_what_its_drains_come_after() -> None:
    what = workload(operation(sparse(np.random.default_rng(0), 48, 64, 1.0), np.ones((64, 8))))
    of = machine(SMALL, activation_buffer_kib=64.0)
    (home,) = kind_of(of).residency(of, what)
    done = kind_of(of).run(elaborated(of), what.operations[0], home, 0, RunOptions(ENGINES["compiled"]))
    rounds, k_tiles = done.details["rounds"], done.details["k_tiles"]
    assert done.details["m_tiles"] == 1
    assert sum(drain.after is None for drain in done.program.drains) == rounds
    assert len(done.program.drains) == rounds * k_tiles


def test_what_scatters_sums_take_of_the_buffer_w_has_not() -> None:
    random = np.random.default_rng(0)
    what = workload(operation(sparse(random, 96, 16, 1.0), np.ones((16, 32))))
    sizes = SMALL | {"bank_kib": 96 * 8 / 4 / 1024, "output_bank_kib": 8 / 1024, "weight_bank_kib": 1.0}
    of = machine(sizes, mapping={"dataflow": "scatter"}, trunks={"w_bytes_per_cycle": 4}, activation_buffer_kib=64.0)
    (op,), (home,) = what.operations, kind_of(of).residency(of, what)
    kind = kind_of(of).of_operation(of, op)
    planned = kind.planned(kind.setting(elaborated(of), RunOptions(ENGINES["compiled"])), op, home, 8)
    flows = [each.dataflow() for each in planned]
    taken = {flow.sums_home: (home.room_bytes - flow.room_bytes, flow.loops.m_size(0)) for flow in flows}
    assert taken["buffer"][0] == taken["buffer"][1] * 32 * 4
    assert taken[None][0] == 0
