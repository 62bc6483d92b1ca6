"""`make bench`: what users wait for beside the simulation: short commands from the shell, and networks as graphs.

`python benchmarks/short.py [PAIRS]`. Processor seconds, since a busy machine disturbs them least; a command also as a multiple of
`import numpy, numba` in a process of its own, timed in turn with it, which carries over to other machines. Kernels and byte code are
compiled before.
"""

from __future__ import annotations

import io
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from commands import PROGRAM, process_seconds

from simulator.cost.network import network_layout
from simulator.network import TOPOLOGIES, TopologyName, draw
from simulator.report.plots.networks import topology_figure

RESULTS = Path(__file__).parent / "results-short.json"
CALIBRATION = "import numpy, numba"
COMPARE = ["compare", "crossbar", "hybrid", "replication", "partition", "systolic", "-w", "tinygpt", "-j", "1"]
COMMANDS: dict[str, list[str]] = {
    "--help": ["--help"],
    "run --json": ["run", "crossbar", "-w", "tinygpt", "--json"],
    "run --no-plots": ["run", "crossbar", "-w", "tinygpt", "--no-plots"],
    "run": ["run", "crossbar", "-w", "tinygpt"],
    "run --plots all --format both": ["run", "crossbar", "-w", "tinygpt", "--plots", "all", "--format", "both"],
    "compare": COMPARE,
    "compare --no-plots": [*COMPARE, "--no-plots"],
}
PORTS = (256, 1024)


def command_figures(command: Sequence[str], pairs: int) -> dict[str, float]:
    """Median seconds of a command, and of its ratio to the calibration pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*command, "-o", f"{folder}/out", "--force"] if "-w" in command and "--json" not in command else command
        process_seconds(PROGRAM, arguments)
        timed = [(process_seconds(PROGRAM, arguments), process_seconds(CALIBRATION, ())) for _ in range(pairs)]
    return {
        "seconds": round(statistics.median(taken for taken, _ in timed), 3),
        "times_calibration": round(statistics.median(taken / unit for taken, unit in timed), 2),
    }


def graph_seconds(topology: TopologyName, ports: int) -> tuple[float, float]:
    """Processor seconds to read a network (built, followed, checked, laid out), and to draw it as PNG."""
    draw.cache_clear()
    network_layout.cache_clear()
    began = time.process_time()
    graph = draw(topology, ports, ports, 4)
    network_layout(topology, ports, ports, 4)
    read = time.process_time()
    topology_figure(graph).savefig(io.BytesIO(), format="png")
    return read - began, time.process_time() - read


def graph_figures(topology: TopologyName, pairs: int) -> dict[str, float]:
    """Medians at the larger size, and the log-log slope of reading against ports."""
    small, large = ([graph_seconds(topology, ports) for _ in range(pairs)] for ports in PORTS)
    read, drawn = (statistics.median(column) for column in zip(*large, strict=True))
    slope = math.log(read / statistics.median(first for first, _ in small), PORTS[1] / PORTS[0])
    return {"read_s": round(read, 3), "drawn_s": round(drawn, 3), "read_slope": round(slope, 2)}


def main(pairs: int) -> None:
    """Measure, print, and write results-short.json."""
    record = {
        "commands": {name: command_figures(command, pairs) for name, command in COMMANDS.items()},
        f"graphs of {PORTS[1]} ports": {name: graph_figures(name, pairs) for name in TOPOLOGIES},
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
