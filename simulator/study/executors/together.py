"""Several pieces of work at once, each of which asks the workers for much, one question after another.

Each is a thread of this process and has a worker for itself, which remembers what it was asked before; who is through helps the others.
So no worker waits for another between two questions, and none does what its neighbour has done already.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from simulator.study.executors.dispatch import Dispatch, Run, Task, error_of

T = TypeVar("T")
Ask = Callable[[Sequence[Task]], list[Any]]
"""Tasks → their results, in order; the first error is raised."""
Tell = Callable[[Any], None]
"""Hears how far a piece of work is."""
Piece = Callable[[Ask, Tell], T]


def together(dispatch: Dispatch, pieces: Sequence[Piece[T]], hear: Tell) -> Iterator[tuple[int, T | Exception]]:
    """Yield the number of each piece and what it returned or raised, as they end.

    Pieces run in threads where there are several workers; what they tell is heard in this one.
    """
    if dispatch.executor.workers == 1 or len(pieces) == 1:
        for number, piece in enumerate(pieces):
            yield number, _outcome(piece, dispatch.answers, hear)
    else:
        yield from _Together(dispatch, pieces, hear).outcomes()


def _outcome(piece: Piece[T], ask: Ask, tell: Tell) -> T | Exception:
    try:
        return piece(ask, tell)
    except Exception as error:
        return error


class _Question:
    """Tasks that a piece waits for."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.answer: Future[list[Any]] = Future()
        self.numbers = range(0)
        self._found: dict[int, Any] = {}

    def numbered(self, numbers: range) -> None:
        """Take the numbers that its tasks have in the run."""
        self.numbers = numbers
        self._answer_if_known()

    def learn(self, number: int, answer: Any) -> None:
        """Take in the answer of a task."""
        error = error_of(answer)
        if error is not None:
            self.fail(error)
        else:
            self._found[number] = answer
            self._answer_if_known()

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless there was one before."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def _answer_if_known(self) -> None:
        if len(self._found) == len(self.numbers):
            self.answer.set_result([self._found[number] for number in self.numbers])


class _Together(Generic[T]):
    """State of pieces that run at once. Threads of theirs leave messages; all else is done in the thread that wants the outcomes."""

    def __init__(self, dispatch: Dispatch, pieces: Sequence[Piece[T]], hear: Tell) -> None:
        self.hear = hear
        self.run = Run(dispatch)
        self.waiting = deque(enumerate(pieces))
        self.free = deque(range(dispatch.executor.workers))
        """Workers that no piece has for itself."""
        self.live = 0
        """Pieces that have begun and not ended."""
        self.asked: dict[int, _Question] = {}
        """By the number of each task that has no answer yet."""
        self.ended: list[tuple[int, T | Exception]] = []
        """Outcomes that nobody has yet."""
        self._messages: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._bell: Future[None] = Future()
        """Rings with the next message."""
        self._open: set[_Question] = set()
        """Questions that pieces wait for."""
        self._closed = False
        self._lock = threading.Lock()

    def outcomes(self) -> Iterator[tuple[int, T | Exception]]:
        """Of all pieces, as they end."""
        try:
            while self.waiting or self.live:
                while self.waiting and self.free:
                    self._begin(*self.waiting.popleft(), self.free.popleft())
                with self._lock:
                    bell = self._bell = Future()
                self._read_messages()
                while self.ended:
                    yield self.ended.pop()
                if self.live:
                    for number, answer in self.run.round(bell):
                        self._learn(number, answer)
        finally:
            self._close()

    def _begin(self, number: int, piece: Piece[T], worker: int) -> None:
        self.live += 1
        self.run.keep_to_its_own(worker, does=True)
        threading.Thread(target=self._through, args=(number, piece, worker), daemon=True).start()

    def _through(self, number: int, piece: Piece[T], worker: int) -> None:
        """In a thread of its own."""
        outcome = _outcome(piece, lambda tasks: self._ask(tasks, worker), lambda news: self._leave(lambda: self.hear(news)))
        with suppress(CancelledError):
            self._leave(lambda: self._end(number, worker, outcome))

    def _ask(self, tasks: Sequence[Task], worker: int) -> list[Any]:
        """In the thread of a piece: wait for answers."""
        question = _Question(tasks)
        self._open.add(question)
        try:
            self._leave(lambda: self._take(question, worker))
            return question.answer.result()
        finally:
            self._open.discard(question)

    def _leave(self, message: Callable[[], None]) -> None:
        """In the thread of a piece: have something done in the other."""
        with self._lock:
            if self._closed:
                raise CancelledError
            self._messages.put(message)
            if not self._bell.done():
                self._bell.set_result(None)

    def _read_messages(self) -> None:
        while not self._messages.empty():
            self._messages.get()()

    def _take(self, question: _Question, worker: int) -> None:
        question.numbered(self.run.add(question.tasks, worker))
        self.asked |= dict.fromkeys(question.numbers, question)

    def _learn(self, number: int, answer: Any) -> None:
        question = self.asked.pop(number)
        question.learn(number, answer)
        if error_of(answer) is not None:  # the others are for nobody
            self.run.drop(question.numbers)

    def _end(self, number: int, worker: int, outcome: T | Exception) -> None:
        self.live -= 1
        self.run.keep_to_its_own(worker, does=False)
        self.free.append(worker)
        self.ended.append((number, outcome))

    def _close(self) -> None:
        """Pieces that go on, because this thread was interrupted, end when they ask or tell."""
        with self._lock:
            self._closed = True
        for question in tuple(self._open):
            question.fail(CancelledError())
