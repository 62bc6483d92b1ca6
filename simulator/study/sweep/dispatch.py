"""Jobs to an executor and outcomes to the store: batches, shared inputs, and what to do when a worker dies."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field

from simulator.errors import SparsimError
from simulator.study.sweep.executors import Backend
from simulator.study.sweep.job import Done, Job, Run, failed, why

_BATCH_SECONDS = 0.5
"""What a batch should take: long beside the overhead of sending it, short beside what a kill may lose."""
_LARGEST_BATCH = 64
_FORGET = 0.3
"""Weight of the newest batch in the mean time of a job."""


@dataclass(frozen=True)
class Batch:
    """Jobs that are sent together."""

    jobs: tuple[Job, ...]
    suspect: bool = False
    """It was with a worker that died, and now runs with nothing else on its worker."""


@dataclass
class Dispatch:
    """Runs jobs on a backend; `run(jobs)` yields what each gave, as soon as it is there."""

    backend: Backend
    function: Run
    make: Callable[[str], object]
    """A shared input by its key; called once for each input, and again only after it has been forgotten."""
    _handles: dict[str, object] = field(default_factory=dict)
    _uses: Counter[str] = field(default_factory=Counter)
    _deaths: Counter[str] = field(default_factory=Counter)
    _seconds: float = 0.0

    @property
    def _death(self) -> tuple[type[BaseException], ...]:
        return (BrokenExecutor, CancelledError, *self.backend.crashes)

    def run(self, jobs: Sequence[Job]) -> Iterator[list[Done]]:
        """Yield the results of batches in the order in which they end."""
        queue = deque(jobs)
        suspects: deque[Job] = deque()
        running: dict[Future[list[Done]], Batch] = {}
        self._uses.update(key for job in jobs for key in _inputs(job))
        while queue or suspects or running:
            impossible = self._fill(queue, suspects, running)
            if impossible:
                yield impossible
            done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                results = self._results(future, batch, suspects)
                if results:
                    yield results

    def _fill(self, queue: deque[Job], suspects: deque[Job], running: dict[Future[list[Done]], Batch]) -> list[Done]:
        """Submit until every worker has enough; suspects first, each alone on its worker. Return jobs whose inputs cannot be made."""
        impossible: list[Done] = []
        while queue or suspects:
            careful = bool(suspects) or any(batch.suspect for batch in running.values())
            if len(running) >= self.backend.workers * (1 if careful else self.backend.queued):
                break
            if suspects:
                batch = Batch((suspects.popleft(),), suspect=True)
            else:
                batch = Batch(tuple(queue.popleft() for _ in range(self._batch_size(len(queue)))))
            ready, failures = self._with_inputs(batch.jobs)
            impossible += failures
            if ready:
                shared = {key: self._handles[key] for job in ready for key in _inputs(job)}
                running[self.backend.executor.submit(self.function, ready, shared)] = Batch(ready, batch.suspect)
        return impossible

    def _with_inputs(self, jobs: Sequence[Job]) -> tuple[tuple[Job, ...], list[Done]]:
        """Jobs whose inputs are where the workers are, and those whose inputs cannot be made, failed."""
        ready, failures = [], []
        for job in jobs:
            try:
                for key in _inputs(job):
                    if key not in self._handles:
                        self._handles[key] = self.backend.share(key, self.make(key))
                ready.append(job)
            except (SparsimError, MemoryError) as error:
                failures.append(Done(tuple(failed(job, *why(error, job))), None, 0.0))
                self._release([job])
        return tuple(ready), failures

    def _batch_size(self, waiting: int) -> int:
        """As many as take half a second, but no more than leaves every worker some."""
        if not self._seconds:
            return 1
        fair = math.ceil(waiting / (self.backend.workers * self.backend.queued))
        return max(1, min(_LARGEST_BATCH, int(_BATCH_SECONDS / self._seconds), fair))

    def _results(self, future: Future[list[Done]], batch: Batch, suspects: deque[Job]) -> list[Done]:
        """What a batch gave; nothing where its worker died and its jobs are to be run again."""
        try:
            results = future.result()
        except self._death:
            results = self._after_death(batch, suspects)
        except Exception as error:
            results = [Done(tuple(failed(job, "error", f"{type(error).__name__}: {error}")), None, 0.0) for job in batch.jobs]
        else:
            self._learn(results)
        if results:
            self._release(batch.jobs)
        return results

    def _after_death(self, batch: Batch, suspects: deque[Job]) -> list[Done]:
        """Run the jobs again one by one; the one that was alone with too many deaths is what killed them."""
        if len(batch.jobs) == 1:
            (job,) = batch.jobs
            self._deaths[job.timing_key] += 1
            if self._deaths[job.timing_key] >= self.backend.deaths:
                return [Done(tuple(failed(job, "killed", "its worker process died while it ran (killed, or out of memory)")), None, 0.0)]
        suspects.extend(batch.jobs)
        return []

    def _learn(self, results: Sequence[Done]) -> None:
        mean = sum(done.seconds for done in results) / len(results)
        self._seconds = mean if not self._seconds else (1 - _FORGET) * self._seconds + _FORGET * mean

    def _release(self, jobs: Sequence[Job]) -> None:
        """Forget inputs that no job needs any more."""
        for key in (key for job in jobs for key in _inputs(job)):
            self._uses[key] -= 1
            if self._uses[key] <= 0 and key in self._handles:
                self.backend.forget(self._handles.pop(key))


def _inputs(job: Job) -> list[str]:
    """Keys of the inputs that a job needs."""
    technologies = [technology for _, technology in job.prices]
    return technologies if job.activity is not None else [job.workload, *technologies]
