"""The scatter dataflow, compiled. `engine.py`: its records, its memory, the run of a tile; `units.py` and `kernels.py`: a cycle."""
