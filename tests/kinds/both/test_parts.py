"""A machine of both dataflows: what it has more than either, and which operations pay for what."""

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts, OperationActivity, Shape
from simulator.cost import Cost, Technology
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Machine
from simulator.pricing import elaborate, price


def activity(**by_flow: Counts) -> Activity:
    operations = tuple(
        OperationActivity(flow, "SpMM", Shape(1, 1, 1), 0, 0, 0, 0, 1, counts, {}, Bounds(), {"dataflow": flow})
        for flow, counts in by_flow.items()
    )
    return Activity(0, 64, sum(by_flow.values(), Counts()), {}, Bounds(), operations)


def priced(machine: Machine, technology: Technology, ran: Activity) -> Cost:
    return price(ran, elaborate(machine, technology), technology)


def both(machine: Machine) -> Machine:
    return machine.model_copy(update={"mapping": machine.mapping.model_copy(update={"dataflow": "both"})})


def test_it_is_larger_than_either_and_smaller_than_two(seven: Technology, machines: Any) -> None:
    machine = machines.gather()
    nothing = Activity(0, 64, Counts(), {}, Bounds(), ())
    areas = [
        priced(kind, seven, nothing).fabric_area_mm2
        for kind in (machine, UnitsMachine.of(machine).in_dataflow("scatter").machine, both(machine))
    ]
    assert max(areas[:2]) < areas[2] < areas[0] + areas[1]


def test_an_operation_pays_for_the_hardware_of_its_dataflow(seven: Technology, machines: Any) -> None:
    machine = both(machines.gather())
    counts = Counts(requests=100, request_hops=100, x_bank_reads=100, replies=100, reply_hops=100, accumulator_updates=100)
    gathered = priced(machine, seven, activity(gather=counts)).energy_pj_by_component()
    scattered = priced(machine, seven, activity(scatter=counts)).energy_pj_by_component()
    alone = priced(UnitsMachine.of(machine).in_dataflow("gather").machine, seven, activity(gather=counts)).energy_pj_by_component()
    assert gathered["request_network"] == pytest.approx(alone["request_network"])
    assert gathered["accumulators"] == pytest.approx(alone["accumulators"])
    assert gathered["accumulators"] > 0
    assert scattered["accumulators"] == 0
    assert scattered["request_network"] > gathered["request_network"]
    assert gathered["x_banks"] > alone["x_banks"]


def test_the_two_add_up(seven: Technology, machines: Any) -> None:
    machine = both(machines.gather())
    one, other = Counts(requests=70, x_bank_reads=30, drain_bytes=64), Counts(requests=20, bank_additions=20, dram_read_bytes=640)
    together = priced(machine, seven, activity(gather=one, scatter=other)).energy_pj
    apart = priced(machine, seven, activity(gather=one)).energy_pj + priced(machine, seven, activity(scatter=other)).energy_pj
    assert together == pytest.approx(apart)
