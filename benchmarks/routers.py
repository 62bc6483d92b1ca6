"""The table of docs/rtl.md: what routers of 8 to 64 ports are made of, synthesised, beside the cost and the delay model.

`python benchmarks/routers.py PORTS[,PORTS…] ITERATIONS[,ITERATIONS…] LIBRARY…`, such as `8,16 1,2 cells.lib`: of 32 b of data and
addresses of 8 b, for 7 nm.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from simulator.cost import load_technology
from simulator.cost.hardware import Instance
from simulator.cost.router import Combiner, Crossbar, Scheduler
from simulator.report.synthesis import synthesis_tables
from simulator.synthesis.library import Library
from simulator.synthesis.pieces import pieces
from simulator.synthesis.synthesise import Synthesis, results_of


def routers(ports: int, iterations: Sequence[int]) -> list[Instance]:
    """With one flit an input; and with a queue an output and so many iterations, by itself and with what combines requests."""
    technology = load_technology("7nm")
    crossbar = Crossbar(technology, ports, ports, 32, arbitrated=True)
    found = [Instance("FIFO", "crossbar", crossbar, 1)]
    for count in iterations:
        name = f"iterations: {count}"
        found += [
            Instance(name, "crossbar", crossbar, 1),
            Instance(name, "scheduler", Scheduler(technology, ports, ports, count), 1),
            Instance(name, "combiner", Combiner(technology, ports, ports, 8, queued=False, iterations=count), 1),
        ]
    return found


def main(ports: str, iterations: str, *files: str) -> None:
    """Print what `sparsim synth` prints."""
    library = Library.load(map(Path, files))
    for count in map(int, ports.split(",")):
        built, _ = pieces(routers(count, [*map(int, iterations.split(","))]))
        results, figures = results_of(built, library, "7nm")
        nand = library.nand2
        fo4_ps = library.fo4.delay * library.time_ps
        of = Synthesis(f"{count} ports", "7nm", library.name, nand.name, nand.area, fo4_ps, library.most_driven, results, figures, ())
        Console(width=140).print(synthesis_tables(of))


if __name__ == "__main__":
    main(*sys.argv[1:])
