"""The fabric engines: one clocked semantics, written to be read in SimPy (`reference`) and compiled with Numba (`compiled`)."""
