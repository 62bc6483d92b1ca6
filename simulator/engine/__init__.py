"""The fabric engines: one clocked semantics, written to be read in SimPy (`reference`) and compiled with Numba (`compiled`).

`cluster.py` and `work.py` say what an engine is given (a cluster, a tile's lists) and gives back, `batch.py` lays many tiles
end to end; `engines.py` names the two. Both rooms hold the parts that kinds of hardware share: routers, queues, banks, clocks. The
units of a kind, and its loop over cycles, are in `simulator/kinds/KIND`. Start with `reference`: it is the specification.
"""
