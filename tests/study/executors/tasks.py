"""Tasks that take, report, fail or take their worker down on purpose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    return int(inputs["base"]) + task.number
