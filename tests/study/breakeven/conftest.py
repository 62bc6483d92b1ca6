"""Break-evens are drawn from sweeps: the folder with a small one, and the way to run it."""

from study.sweep.conftest import place, sweep

__all__ = ["place", "sweep"]
