"""Studies over several runs. `comparison.py` is the simplest: several machines on one workload.

`sizing` makes machines equal, `uncertainty` says how far a result can be trusted, `sweep` runs many points into a store, `breakeven`
finds where two machines change places, `training.py` takes a step apart, `load_latency.py` drives a network by itself. `executors` is the
pool of workers that all of them use, and `design.py` says which design a machine is.
"""
