"""`make soak N=10000`: as many random cases as wanted, fresh ones each time; prints one line, and how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.differential.cases import cases, switch_cases
from tests.differential.compare import (
    gather_counters,
    repeat_figures,
    sampled_counters,
    scatter_counters,
    switch_figures,
    system_figures,
)
from tests.kinds.units.laws import PARTS, UnitsCase, case
from tests.soaking import run_fresh
from tests.system.random_programs import SystemCase

Drawn = TypeVar("Drawn")
Figures = TypeVar("Figures")
REPEATED: SearchStrategy[UnitsCase] = st.integers(0, 2**32 - 1).map(case)
"""Whole runs, each of which takes as long as a hundred tiles."""


def soak(name: str, count: int, strategy: SearchStrategy[Drawn], run: Callable[[Drawn], tuple[Figures, Figures]]) -> tuple[int, list[str]]:
    """Run about `count` cases; how many were run, and those in which the engines differ."""
    found: list[str] = []

    def compare(case: Drawn) -> None:
        reference, compiled = run(case)
        if reference != compiled:
            found.append(f"{case}\n  reference {reference}\n  compiled  {compiled}")

    return run_fresh(count, name, strategy, compare), found


def main() -> int:
    """Soak; exit code 1 where any case differs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    started = time.perf_counter()
    parts: dict[str, tuple[int, SearchStrategy[Any], Callable[[Any], tuple[Any, Any]]]] = {
        "gather": (count - 3 * (count // 5), cases(), gather_counters),
        "sampled": (count // 5, cases(), sampled_counters),
        "scatter": (count // 5, cases(), scatter_counters),
        "network alone": (count // 5, switch_cases(), switch_figures),
        "system level": (count // 2, st.builds(SystemCase, st.integers(0, 2**32 - 1)), system_figures),
        "run with a perfect part": (count // 50, st.tuples(REPEATED, st.sampled_from(PARTS)), lambda drawn: repeat_figures(*drawn)),
    }
    soaked = {name: soak(name, *part) for name, part in parts.items()}
    found = [text for _, texts in soaked.values() for text in texts]
    for text in found[:5]:
        sys.stdout.write(text + "\n")
    seconds = time.perf_counter() - started
    ran = ", ".join(f"{cases_run} {name}" for name, (cases_run, _) in soaked.items())
    total = sum(cases_run for cases_run, _ in soaked.values())
    sys.stdout.write(f"soak: {total} cases ({ran}), {len(found)} mismatches in cycles or any counter, {seconds:.0f} s\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
