"""Tasks on every executor of this computer: the same answers, each once, whatever happens to the workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from study.executors.tasks import Base, Task, add

from simulator.errors import ConfigError, MappingError, WorkerError
from simulator.processors import processors
from simulator.study.executors import EXECUTORS, Dispatch, Executor, local
from simulator.study.executors.dispatch import Run


@pytest.fixture(params=["in_process", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """One or two workers."""
    with EXECUTORS[request.param](2, None) as made:
        yield made


def test_answers_come_in_the_order_of_the_tasks(executor: Executor) -> None:
    made: list[str] = []
    dispatch = Dispatch(executor, add, lambda key: made.append(key) or 100)  # type: ignore[func-returns-value]
    assert dispatch.answers([Task(number) for number in range(40)]) == list(range(100, 140))
    assert made == ["base"], "an input travels once"
    dispatch.answers([Task(0)])
    assert made == ["base", "base"], "what no task needed any more was forgotten"


def test_what_is_held_is_made_once(executor: Executor) -> None:
    made: list[str] = []
    dispatch = Dispatch(executor, add, lambda key: made.append(key) or 1)  # type: ignore[func-returns-value]
    with dispatch.holding("base"):
        assert [dispatch.answers([Task(number)]) for number in range(3)] == [[1], [2], [3]]
    assert made == ["base"]


def test_what_was_held_is_forgotten_though_a_task_failed(executor: Executor) -> None:
    made: list[str] = []
    dispatch = Dispatch(executor, add, lambda key: made.append(key) or 1)  # type: ignore[func-returns-value]
    with pytest.raises(MappingError), dispatch.holding("base"):
        dispatch.answers([Task(0, "fail"), *map(Task, range(1, 9))])
    with dispatch.holding("base"):
        assert dispatch.answers([Task(0)]) == [1]
    assert made == ["base", "base"]


def test_tasks_that_nobody_began_can_be_left_out() -> None:
    with local(1) as executor:
        run = Run(Dispatch(executor, add, lambda key: 0))
        run.drop(run.add([Task(number) for number in range(5)]))
        assert run.over


def test_a_worker_lets_go_of_what_is_forgotten() -> None:
    with EXECUTORS["processes"](1, None) as executor:
        for _ in range(3):
            dispatch = Dispatch(executor, add, lambda key: Base(10))
            with dispatch.holding("base"):
                assert [dispatch.answers([Task(0)]), dispatch.answers([Task(0, "held")])] == [[10], [11]]


def test_reports_arrive(executor: Executor) -> None:
    heard: list[tuple[str, float]] = []
    dispatch = Dispatch(executor, add, lambda key: 0, lambda name, fraction: heard.append((name, fraction)))
    dispatch.answers([Task(number) for number in range(3)])
    assert sorted(heard) == [("task 0", 0.5), ("task 1", 0.5), ("task 2", 0.5)]


def test_an_error_is_raised_as_it_was(executor: Executor) -> None:
    with pytest.raises(MappingError, match="does not fit"):
        Dispatch(executor, add, lambda key: 0).answers([Task(0), Task(1, "fail")])


def test_an_input_that_cannot_be_made_fails_the_tasks_that_need_it(executor: Executor) -> None:
    def make(key: str) -> int:
        if key == "none":
            raise ConfigError("there is none")
        return 5

    answers = {}
    for some in Dispatch(executor, add, make).run([Task(0), Task(1, inputs=("none",)), Task(2)]):
        answers |= dict(some)
    assert (answers[0], answers[2]) == (5, 7)
    assert isinstance(answers[1], ConfigError)


def test_a_task_that_takes_workers_down_fails_alone() -> None:
    with local(2) as executor:
        answers = dict(pair for some in Dispatch(executor, add, lambda key: 0).run([*map(Task, range(6)), Task(6, "die")]) for pair in some)
    assert [answers[number] for number in range(6)] == list(range(6))
    assert isinstance(answers[6], WorkerError)


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path) -> None:
    with local(2) as executor:
        tasks = [Task(0), Task(1, f"die_once {tmp_path / 'mark'}"), Task(2)]
        assert Dispatch(executor, add, lambda key: 0).answers(tasks) == [0, 1, 2]
    assert (tmp_path / "mark").exists()


def test_a_task_that_keeps_dying_ends_with_advice() -> None:
    with local(2) as executor, pytest.raises(WorkerError, match=r"a worker process died, .*; try again with one process \(-j 1\)"):
        Dispatch(executor, add, lambda key: 0).answers([Task(0, "die")])


def test_a_task_does_not_wait_behind_a_long_one_while_a_worker_is_free() -> None:
    with local(2) as executor:
        ended: list[int] = []
        tasks = [Task(0, "wait 1.5"), Task(1, "wait 0.6"), Task(2, "wait 0.1")]
        for some in Dispatch(executor, add, lambda key: 0).run(tasks):
            ended += [number for number, _ in some]
    assert ended == [1, 2, 0]


def test_one_worker_is_this_process() -> None:
    with local(1) as executor:
        assert executor.workers == 1
        assert executor.share("what") == "what"


def test_processors_are_those_that_this_process_may_use() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("the system has no affinity")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert processors() == 1
    finally:
        os.sched_setaffinity(0, before)
