"""Tasks to an executor and answers back: batches, shared inputs, and what to do when a worker dies."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextlib import contextmanager
from typing import Any, Protocol

from msgspec import Struct, field

from simulator.errors import SparsimError, WorkerError
from simulator.study.executors.executor import Batch, Executor, Report, Work, silent

DIED = "its worker process died while it ran (killed, or out of memory)"
_DEATHS = 2
"""A task that was alone in so many workers that died is what killed them."""
_BATCH_SECONDS = 0.5
"""What a batch should take: long beside the overhead of sending it, short beside what a kill may lose."""
_LARGEST_BATCH = 64
_MOMENT_S = 0.1
"""What workers report is handed on that often."""
_FORGET = 0.3
"""Weight of the newest batch in the mean time of a task."""


class Task(Protocol):
    """What is sent to a worker."""

    @property
    def inputs(self) -> Sequence[str]:
        """Keys of the shared inputs that it needs."""


Answer = tuple[int, Any]
"""Number of a task, and its result; or the exception that it ended with: WorkerError where it took its worker down."""


class _Sent(Struct, frozen=True):
    """Tasks that are with a worker, by number."""

    worker: int
    numbers: tuple[int, ...]
    suspect: bool
    """It was with a worker that died, and now runs with nothing else on its worker."""


class Dispatch(Struct):
    """Runs tasks on an executor, one run after another.

    Tasks that have much in common should be neighbours: a worker goes through neighbours as long as it can, and remembers.

    Dispatch(executor, work, make).answers(tasks)
    """

    executor: Executor
    work: Work
    make: Callable[[str], object]
    """A shared input by its key; called once for each input, and again only after it has been forgotten."""
    listen: Report = silent
    """Hears what tasks report."""
    _shared: dict[str, Any] = field(default_factory=dict)
    _uses: Counter[str] = field(default_factory=Counter)
    _seconds: float = 0.0
    """That a task takes, as far as it is known."""

    def answers(self, tasks: Sequence[Task]) -> list[Any]:
        """The results of all tasks in their order; the first error is raised. Raises WorkerError for a task that takes workers down."""
        found: dict[int, Any] = {}
        for some in self.run(tasks):
            for number, answer in some:
                error = error_of(answer)
                if error is not None:
                    raise error
                found[number] = answer
        return [found[number] for number in range(len(tasks))]

    def run(self, tasks: Sequence[Task]) -> Iterator[list[Answer]]:
        """Yield the answers of batches in the order in which they end."""
        run = Run(self)
        run.add(tasks)
        while not run.over:
            answers = run.round()
            if answers:
                yield answers

    @contextmanager
    def holding(self, *keys: str) -> Iterator[None]:
        """Keep these inputs where the workers are, whether tasks need them or not."""
        self._uses.update(keys)
        try:
            yield
        finally:  # whoever counts on them still, after an error, is heard by nobody
            for key in keys:
                self._uses.pop(key, None)
                self._forget(key)

    def share(self, keys: Sequence[str]) -> dict[str, Any]:
        """What stands for these inputs; they are made where they have not been."""
        for key in keys:
            if key not in self._shared:
                self._shared[key] = self.executor.share(self.make(key))
        return {key: self._shared[key] for key in keys}

    def expect(self, keys: Sequence[str]) -> None:
        """Count tasks to come that need these inputs."""
        self._uses.update(keys)

    def release(self, keys: Sequence[str]) -> None:
        """Count down, and forget inputs that no task needs any more."""
        for key in keys:
            self._uses[key] -= 1
            if self._uses[key] <= 0:
                self._forget(key)

    def _forget(self, key: str) -> None:
        if key in self._shared:
            self.executor.forget(self._shared.pop(key))

    def batch_size(self, waiting: int) -> int:
        """As many as take half a second, but no more than leaves every worker some."""
        if not self._seconds:
            return 1
        fair = math.ceil(waiting / (self.executor.workers * self.executor.queued))
        return max(1, min(_LARGEST_BATCH, int(_BATCH_SECONDS / self._seconds), fair))

    @property
    def ahead(self) -> int:
        """Batches to keep with each worker: long tasks wait for a worker that is free rather than behind one another."""
        return self.executor.queued if 0 < self._seconds < _BATCH_SECONDS else 1

    def learn(self, seconds: float) -> None:
        """Take in how long a task of the newest batch took."""
        self._seconds = seconds if not self._seconds else (1 - _FORGET) * self._seconds + _FORGET * seconds


def error_of(answer: Any) -> Exception | None:
    """What to raise for an answer; None for a result."""
    if isinstance(answer, WorkerError):
        error = WorkerError("a worker process died, perhaps for want of memory; try again with one process (-j 1)")
        error.__cause__ = answer
        return error
    return answer if isinstance(answer, Exception) else None


class _Shares(Struct, frozen=True, eq=False):
    """What no worker has begun, by number: neighbours for each, and those who are through help whoever has most left.

    >>> shares = _Shares.of(2)
    >>> shares.spread(range(10))
    >>> shares.taken(0, 4), shares.taken(0, 4), shares.taken(0, 2), shares.taken(1, 4), shares.left
    ([0, 1, 2, 3], [4], [8, 9], [5, 6, 7], 0)

    A worker that keeps to its own helps nobody; others help it.

    >>> shares.own.add(0)
    >>> shares.give(range(2), 1)
    >>> shares.has_for(0), shares.has_for(1), shares.left
    (False, True, 2)
    """

    waiting: Sequence[deque[int]]
    """[workers] in order."""
    own: set[int]
    """Workers that keep to their own."""

    @classmethod
    def of(cls, workers: int) -> _Shares:
        """Nothing yet."""
        return cls([deque() for _ in range(workers)], set())

    def spread(self, numbers: range) -> None:
        """As many for each worker as for another."""
        workers = len(self.waiting)
        for worker, waiting in enumerate(self.waiting):
            waiting.extend(numbers[len(numbers) * worker // workers : len(numbers) * (worker + 1) // workers])

    def give(self, numbers: range, worker: int) -> None:
        """All for one worker."""
        self.waiting[worker].extend(numbers)

    @property
    def left(self) -> int:
        """How many there are."""
        return sum(map(len, self.waiting))

    def has_for(self, worker: int) -> bool:
        """Whether `taken` has any for a worker."""
        return bool(self.waiting[worker]) or (worker not in self.own and self.left > 0)

    def taken(self, worker: int, most: int) -> list[int]:
        """The next of a worker's own, so many at most; where it has none, the last of the largest share, half of it at most."""
        own = self.waiting[worker]
        if own:
            return [own.popleft() for _ in range(min(most, len(own)))]
        largest = max(self.waiting, key=len)
        return [largest.pop() for _ in range(min(most, -(-len(largest) // 2)))][::-1]


class Run:
    """State of one run. Tasks may be added as long as it goes on.

    run = Run(dispatch)
    run.add(tasks)
    while not run.over:
        run.round()  # [(number of a task, its answer), …]
    """

    def __init__(self, dispatch: Dispatch) -> None:
        self.dispatch = dispatch
        self.executor = dispatch.executor
        self.tasks: list[Task] = []
        self.shares = _Shares.of(dispatch.executor.workers)
        self.suspects: deque[int] = deque()
        self.running: dict[Future[Batch], _Sent] = {}
        self.deaths: Counter[int] = Counter()

    def add(self, tasks: Sequence[Task], worker: int | None = None) -> range:
        """Take in tasks, for one worker or for all; their numbers."""
        numbers = range(len(self.tasks), len(self.tasks) + len(tasks))
        self.tasks += tasks
        self.dispatch.expect([key for task in tasks for key in task.inputs])
        if worker is None:
            self.shares.spread(numbers)
        else:
            self.shares.give(numbers, worker)
        return numbers

    def drop(self, numbers: range) -> None:
        """Leave out those of some tasks that no worker has begun."""
        for waiting in (*self.shares.waiting, self.suspects):
            for number in [number for number in waiting if number in numbers]:
                waiting.remove(number)
                self.dispatch.release(self.tasks[number].inputs)

    def keep_to_its_own(self, worker: int, *, does: bool) -> None:
        """Whether a worker waits for tasks of its own where it has none, rather than help others."""
        (self.shares.own.add if does else self.shares.own.discard)(worker)

    @property
    def over(self) -> bool:
        """Whether all tasks have their answers."""
        return not (self.shares.left or self.suspects or self.running)

    def round(self, *bells: Future[None]) -> list[Answer]:
        """Hand out tasks, and wait a moment for answers, or for a bell to ring."""
        impossible = self._fill()
        if impossible:
            return impossible
        awaited: list[Future[Any]] = [*self.running, *bells]
        wait(awaited, timeout=_MOMENT_S, return_when=FIRST_COMPLETED)
        self.executor.hand_on()
        done = [future for future in self.running if future.done()]
        return [answer for future in done for answer in self._answers(future, self.running.pop(future))]

    def _fill(self) -> list[Answer]:
        """Submit until every worker has enough; suspects first, each alone on its worker. Return tasks whose inputs cannot be made."""
        impossible: list[Answer] = []
        while self.shares.left or self.suspects:
            careful = bool(self.suspects) or any(sent.suspect for sent in self.running.values())
            busy = Counter(sent.worker for sent in self.running.values())
            free = [worker for worker in range(self.executor.workers) if busy[worker] < (1 if careful else self.dispatch.ahead)]
            worker = min(filter(self._has_for, free), key=busy.__getitem__, default=None)
            if worker is None:
                break
            if self.suspects:
                impossible += self._send(worker, [self.suspects.popleft()], suspect=True)
            else:
                impossible += self._send(worker, self.shares.taken(worker, self.dispatch.batch_size(self.shares.left)), suspect=False)
        return impossible

    def _has_for(self, worker: int) -> bool:
        """Whether there is anything that a worker may do."""
        return bool(self.suspects) or self.shares.has_for(worker)

    def _send(self, worker: int, numbers: Sequence[int], *, suspect: bool) -> list[Answer]:
        """Submit the tasks whose inputs can be had; return the others with the reason."""
        ready: list[int] = []
        shared: dict[str, Any] = {}
        impossible: list[Answer] = []
        for number in numbers:
            try:
                shared |= self.dispatch.share(self.tasks[number].inputs)
                ready.append(number)
            except (SparsimError, MemoryError) as error:
                impossible.append((number, error))
                self.dispatch.release(self.tasks[number].inputs)
        if ready:
            tasks = tuple(self.tasks[number] for number in ready)
            future = self.executor.submit(worker, self.dispatch.work, tasks, shared, self.dispatch.listen)
            self.running[future] = _Sent(worker, tuple(ready), suspect)
        return impossible

    def _answers(self, future: Future[Batch], sent: _Sent) -> list[Answer]:
        """What a batch gave; nothing where its worker died and its tasks are to be run again."""
        crashes: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError, *self.executor.crashes)
        try:
            results, seconds = future.result()
        except crashes:
            answers = self._after_death(sent)
        except Exception as error:
            answers = [(number, error) for number in sent.numbers]
        else:
            self.dispatch.learn(seconds / len(sent.numbers))
            answers = list(zip(sent.numbers, results, strict=True))
        for number, _ in answers:
            self.dispatch.release(self.tasks[number].inputs)
        return answers

    def _after_death(self, sent: _Sent) -> list[Answer]:
        """Run the tasks again one by one; the one that was alone with too many deaths is what killed them."""
        if len(sent.numbers) == 1:
            (number,) = sent.numbers
            self.deaths[number] += 1
            if self.deaths[number] >= _DEATHS:
                return [(number, WorkerError(DIED))]
        self.suspects.extend(sent.numbers)
        return []
