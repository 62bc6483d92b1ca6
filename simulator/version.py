"""Two versions: that of the installed package, and that of the model, which stored figures are kept under."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from msgspec import Struct
from msgspec.structs import asdict


class ModelVersion(Struct, frozen=True):
    """Which figures the code gives, in the parts that a store looks up apart from each other.

    Raise a part when the same machine and workload give other figures in it than before: a rule of the model, a schedule, a
    cost, a constant of the code, a search that decides otherwise. Leave it when they give the same: a docstring, a name, a
    faster loop. `tests/golden/test_figures.py` fails where figures moved and the part did not. The constants of technology files
    need no version, since a stored point is keyed by their values.
    """

    timing: int
    """Workloads, schedules, engines and the system: cycles and counts. Everything stored is computed anew where it is raised."""
    cost: int
    """Area, energy, metrics and bands: points are priced anew from the timings that are stored."""
    sizing: int
    """What `equal` sizes machines to: best sizes are searched for anew."""

    def of(self, *parts: str) -> dict[str, str]:
        """These parts as JSON values, with the version of NumPy beside `timing`: what it draws may change with it."""
        found = {part: str(number) for part, number in asdict(self).items() if part in parts}
        return found | ({"numpy": _numpy_version()} if "timing" in parts else {})

    def __str__(self) -> str:
        return ", ".join(f"{part} {number}" for part, number in self.of("timing", "cost", "sizing").items())


@cache
def _numpy_version() -> str:
    return version("numpy")


MODEL_VERSION = ModelVersion(timing=13, cost=9, sizing=12)


@cache
def package_version() -> str:
    """Version of sparsim, or `0+source` where it runs without having been installed; pyproject.toml is the one place that says it."""
    try:
        return version("sparsim")
    except PackageNotFoundError:
        return "0+source"
