"""Worker processes that start undisturbed and end with the process that started them."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold interrupts back while workers are launched: a half-launched one would be lost, and fill the terminal with complaints.

    The workers inherit the mask, so that Ctrl-C reaches this process alone. The mask is not enough here, because the system
    may hand a signal to another thread; so its handler only takes note.
    """
    held: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.signal(number, lambda seen, _: held.append(seen)) for number in _INTERRUPTS} if main else {}
    masks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS) if masks else set()
    try:
        yield
    except Exception:
        # the interrupt may be what broke the launch, and is what the user wants to hear of
        if not held:
            raise
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    if held:
        signal.raise_signal(held[0])


def end_with_parent() -> None:
    """Have this worker process end when its parent does, however that ends."""
    threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
