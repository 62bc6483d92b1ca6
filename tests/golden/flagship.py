"""Certificates of the flagship's machines; record them: python -m tests.golden.flagship NAME… (some minutes each).

Units and lanes, of an array its edges, are what the flagship compares at, and stay; all else is stepped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from simulator import load_machine, load_workload
from simulator.pricing import technology_of
from simulator.run.floor import Floor
from simulator.study.sizing.climb import certify
from simulator.study.sizing.problem import Limits, Problem
from simulator.study.sizing.runner import InTurn
from tests.golden.certificates import record, recorded

FILE = Path(__file__).with_name("flagship.json")
WORKLOAD, OBJECTIVE = "flagship", "edap"
KEPT = ("fabric.units", "fabric.lanes", "fabric.rows", "fabric.cols")


def main(names: list[str]) -> None:
    """Record machines; one after another, each as soon as it is done."""
    workload = load_workload(WORKLOAD)
    floor, runner = Floor(workload), InTurn(workload)
    for name in names or list(recorded(FILE)):
        machine = load_machine(f"flagship/{name}")
        problem = Problem(machine, OBJECTIVE, Limits(), technology_of(machine), floor)
        certificate = certify(problem, runner, KEPT)
        record(FILE, name, machine, {"certificate": certificate.to_dict()})
        sys.stdout.write(f"{name}: {len(certificate.neighbours)} steps, holds: {certificate.holds}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
