"""Tells the user, once, that kernels are being compiled."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from simulator.engine.compiled.kernels import KernelName
from simulator.engine.compiled.warm_up import kernel_cached, warm_up

NOTICE = "compiling a simulation kernel ({}): once, up to a minute; it is kept for later runs"


def ensure_kernels(names: Iterable[KernelName]) -> None:
    """Compile the kernels that the disk does not hold, with a notice on stderr, before any process needs them."""
    console = Console(markup=False, stderr=True)
    for name in names:
        if kernel_cached(name):
            continue
        notice = NOTICE.format(name)
        if not console.is_terminal:
            console.print(notice, soft_wrap=True)
        with console.status(notice):
            warm_up(name)
