"""The compiled engine: the reference engine's clocked semantics as Numba kernels over flat integer tables."""
