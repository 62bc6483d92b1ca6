"""Rules 1 and 2: registered credits, slots reserved on the way, order of arrival."""

from simulator.engine.reference.flit import Flit, Queue


def flit(unit: int = 0, order: int = 0) -> Flit:
    return Flit(unit, order, 0, 0, 0, 0)


def test_a_flit_takes_its_slot_when_it_is_sent() -> None:
    queue = Queue(2)
    queue.push(flit(), ready=9)
    assert queue.free(3) == 1


def test_a_slot_freed_in_a_cycle_can_be_used_in_the_next() -> None:
    queue = Queue(1)
    queue.push(flit(), ready=1)
    queue.remove(0, cycle=5)
    assert queue.free(5) == 0
    assert queue.free(6) == 1


def test_all_slots_freed_in_a_cycle_come_back_together() -> None:
    queue = Queue(3)
    for _ in range(3):
        queue.push(flit(), ready=1)
    queue.remove(0, cycle=5)
    queue.remove(0, cycle=5)
    assert [queue.free(cycle) for cycle in (5, 6)] == [0, 2]
    queue.remove(0, cycle=6)
    assert [queue.free(cycle) for cycle in (6, 7)] == [2, 3]


def test_flits_leave_in_order_of_arrival_and_equal_arrivals_by_unit() -> None:
    queue = Queue(9)
    for unit, ready in ((5, 1), (7, 2), (3, 2), (4, 2), (0, 3)):
        queue.push(flit(unit), ready)
    assert [queue.remove(0, 9).unit for _ in range(5)] == [5, 3, 4, 7, 0]


def test_requests_of_one_unit_keep_their_order() -> None:
    queue = Queue(9)
    for order in (0, 1, 2):
        queue.push(flit(2, order), ready=4)
    assert [queue.remove(0, 9).order for _ in range(3)] == [0, 1, 2]


def test_a_flit_that_came_to_the_head_in_a_cycle_was_not_there_at_its_start() -> None:
    queue = Queue(9)
    first, second = flit(), flit()
    queue.push(first, 1)
    queue.push(second, 1)
    assert queue.headed(first, cycle=4)
    assert not queue.headed(second, cycle=4)
    queue.remove(0, cycle=4)
    assert not queue.headed(second, cycle=4)
    assert queue.headed(second, cycle=5)
