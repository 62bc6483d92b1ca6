"""Tells the user, once, that kernels are being compiled."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from simulator.engine.compiled.kernels import Kernel

NOTICE = "compiling a simulation kernel ({}): once, up to a minute; it is kept for later runs"


def ensure_kernels(kernels: Iterable[Kernel]) -> None:
    """Compile the kernels that the disk does not hold, with a notice on stderr, before any process needs them."""
    console = Console(markup=False, stderr=True)
    for kernel in kernels:
        if kernel.cached:
            continue
        notice = NOTICE.format(kernel.name)
        if not console.is_terminal:
            console.print(notice, soft_wrap=True)
        with console.status(notice):
            kernel.warm_up()
