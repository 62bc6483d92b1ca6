"""Pieces of work that ask the workers for much, several at once: the same answers, each piece with a worker of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest
from study.executors.tasks import Task, add

from simulator.errors import MappingError
from simulator.study.executors import EXECUTORS, Dispatch, Executor
from simulator.study.executors.together import Ask, Piece, Tell, together


@pytest.fixture(params=["in_process", "processes"])
def dispatch(request: pytest.FixtureRequest) -> Iterator[Dispatch]:
    """One or two workers."""
    with EXECUTORS[request.param](2, None) as executor:
        yield Dispatch(executor, add, lambda key: 100)


def silent(news: Any) -> None:
    """Nobody hears."""


def counting(first: int, questions: int = 3) -> Piece[list[int]]:
    """Asks for two numbers at a time, and tells the thread that it runs in."""

    def piece(ask: Ask, tell: Tell) -> list[int]:
        tell((first, threading.get_ident()))
        return [answer for number in range(questions) for answer in ask([Task(first + number), Task(first + number)])]

    return piece


def test_each_piece_has_what_it_asked_for_and_is_heard_in_one_thread(dispatch: Dispatch) -> None:
    heard: list[tuple[int, int]] = []
    threads = set()

    def hear(news: Any) -> None:
        heard.append(news)
        threads.add(threading.get_ident())

    found = dict(together(dispatch, [counting(1), counting(10), counting(20)], hear))
    assert found == {number: [100 + first + at // 2 for at in range(6)] for number, first in enumerate((1, 10, 20))}
    assert sorted(first for first, _ in heard) == [1, 10, 20]
    assert threads == {threading.get_ident()}


def test_what_a_piece_raises_is_its_outcome(dispatch: Dispatch) -> None:
    def failing(ask: Ask, tell: Tell) -> list[int]:
        return ask([Task(0), Task(1, "fail"), Task(2)])

    found = dict(together(dispatch, [failing, counting(1)], silent))
    assert isinstance(found[0], MappingError)
    assert found[1] == [101, 101, 102, 102, 103, 103]


def test_nothing_asked_is_nothing_answered(dispatch: Dispatch) -> None:
    assert sorted(together(dispatch, [lambda ask, tell: ask([]), lambda ask, tell: ask([])], silent)) == [(0, []), (1, [])]


def processes_of(executor: Executor, *pieces: Callable[[Ask], list[int]]) -> list[set[int]]:
    """Those that each piece was answered by."""
    dispatch = Dispatch(executor, add, lambda key: 0)
    works = [lambda ask, tell, piece=piece: piece(ask) for piece in pieces]
    found = dict(together(dispatch, works, silent))
    return [set(found[number]) for number in range(len(pieces))]  # type: ignore[arg-type]


def test_a_piece_has_a_worker_for_itself_and_who_is_through_helps() -> None:
    both = threading.Barrier(2)

    def patient(ask: Ask) -> list[int]:
        found = [answer for _ in range(4) for answer in ask([Task(0, "process"), Task(0, "process")])]
        both.wait(5)
        return found

    def left_alone(ask: Ask) -> list[int]:
        ask([Task(0, "wait 0.2")])
        return [answer for answer in ask([Task(0, what) for what in ("process", "wait 0.1", "wait 0.1", "process")]) if answer]

    with EXECUTORS["processes"](2, None) as executor:
        first, second = processes_of(executor, patient, patient)
        assert len(first) == len(second) == 1
        assert first != second
        (_, helped) = processes_of(executor, lambda ask: ask([Task(0)]), left_alone)
        assert len(helped) == 2


def test_a_worker_that_dies_is_replaced_for_all(tmp_path: Path) -> None:
    def dying(ask: Ask, tell: Tell) -> list[int]:
        return ask([Task(0), Task(1, f"die_once {tmp_path / 'mark'}"), Task(2)])

    with EXECUTORS["processes"](2, None) as executor:
        found = dict(together(Dispatch(executor, add, lambda key: 0), [dying, counting(5)], silent))
    assert found == {0: [0, 1, 2], 1: [5, 5, 6, 6, 7, 7]}
    assert (tmp_path / "mark").exists()


def test_pieces_end_when_nobody_wants_their_outcomes() -> None:
    ended: list[type[BaseException]] = []
    both = threading.Barrier(3)

    def endless(ask: Ask, tell: Tell) -> None:
        try:
            while True:
                ask([Task(0)])
                tell("more")
        except BaseException as error:
            ended.append(type(error))
            raise
        finally:
            both.wait(5)

    def interrupted(news: Any) -> None:
        raise KeyboardInterrupt

    with EXECUTORS["processes"](2, None) as executor:
        with pytest.raises(KeyboardInterrupt):
            list(together(Dispatch(executor, add, lambda key: 0), [endless, endless], interrupted))
        both.wait(5)
    assert ended == [CancelledError, CancelledError]
