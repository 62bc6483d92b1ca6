"""A command in this process: what it says, how it ends, and what it must not do."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from simulator.cli import main

MOST_SECONDS = 30
"""Of the processor: a loaded computer is no fault of the command."""
MOST_WAITING = 600
"""Seconds on the clock, for what waits for something that never comes."""
ENDS = (0, 2, 3)


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: object
    err: str
    error: BaseException | None
    seconds: float


class TooLongError(BaseException):
    """A command took longer than any may."""


def call(command: Sequence[str]) -> Outcome:
    """Type `sparsim` and a command; warnings are errors."""
    out, err, code, error = io.StringIO(), io.StringIO(), 0, None
    began = time.monotonic()
    before = {number: signal.signal(number, _too_long) for number in (signal.SIGALRM, signal.SIGPROF)}
    signal.alarm(MOST_WAITING)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        with (
            patch.object(sys, "argv", ["sparsim", *command]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("error")
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except (Exception, TooLongError) as escaped:
        code, error = 1, escaped
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
    return Outcome(code, err.getvalue(), error, time.monotonic() - began)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLongError


def wrong(outcome: Outcome) -> str | None:
    """What a command did that none may; None where it ended well, or in words."""
    if outcome.error is not None:
        return f"{type(outcome.error).__name__}: {outcome.error}"[:300]
    if outcome.code not in ENDS:
        return f"exit {outcome.code}: {outcome.err[-300:]}"
    if outcome.code == 2 and not any(line.startswith(("Error: ", "Usage:")) for line in outcome.err.splitlines()):
        return f"exit 2 without a word: {outcome.err[-200:]}"
    drafts = [path.name for path in Path.cwd().iterdir() if path.name.endswith((".part", ".old"))]
    return f"left {drafts}" if drafts else None
