"""Design-space exploration: sweeps over any field of machine and workload, kept in a store, and what follows from them."""
