"""The compiled engine: the reference engine's clocked semantics as Numba kernels over records in one memory.

Start with `layout.py`: what a flit, a queue, a channel, a link, … knows, each a class whose annotations are its fields. A kernel
reads and writes them by name (`channel.link.taken_at = cycle`), `records.py` says how, `intrinsics.py` makes it machine code.
Then read a cycle in its order: `units.py` (lists, tags, requests), `routers.py`, `asking.py` and `allocator.py` (who wants which
link, who gets it), `fabric.py` (arrivals, bank ports, cycles that are skipped). `memory.py`, `network_plan.py` and
`fabric_plan.py` lay a memory out before the first cycle; `turns.py` begins and ends a tile, `batch.py` runs a kernel
through many and reads their counters;
`kernels.py` loads what is compiled, `kernel_files.py` keeps it, `building.py` makes it; `switch/` is a network alone.

A kind of hardware adds records that extend `Unit` and `Fabric`, a plan that extends `FabricPlan`, and its loop over cycles:
`simulator/kinds/gather/compiled` is an example.
"""
