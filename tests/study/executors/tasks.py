"""Tasks that take, report, fail or take their worker down on purpose."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.errors import MappingError
from simulator.study.executors import Report


@dataclass(frozen=True)
class Task:
    """A number to add to a shared one."""

    number: int
    what: str = ""
    inputs: tuple[str, ...] = ("base",)


@dataclass(frozen=True, eq=False)
class Base:
    """A number to add to that knows itself: only the garbage collector lets go of it."""

    number: int
    itself: list[Base] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.itself.append(self)

    def __int__(self) -> int:
        return self.number


def add(tasks: Sequence[Task], inputs: Mapping[str, Any], report: Report) -> list[int]:
    """Add each number to the shared one, and do what it says beside."""
    return [_one(task, inputs, report) for task in tasks]


def _one(task: Task, inputs: Mapping[str, Any], report: Report) -> int:
    report(f"task {task.number}", 0.5)
    match task.what.split(" ", 1):
        case ["die"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["die_once", mark]:
            try:
                Path(mark).touch(exist_ok=False)
            except FileExistsError:
                return int(inputs["base"]) + task.number
            os.kill(os.getpid(), signal.SIGKILL)
        case ["fail"]:
            raise MappingError("does not fit")
        case ["wait", seconds]:
            time.sleep(float(seconds))
        case ["process"]:
            return os.getpid()
        case ["held"]:
            return int(inputs["base"]) + sum(isinstance(each, Base) for each in gc.get_objects())
    return int(inputs["base"]) + task.number
