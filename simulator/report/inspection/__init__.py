"""What `sparsim inspect` shows of a workload or a machine, before any run."""
