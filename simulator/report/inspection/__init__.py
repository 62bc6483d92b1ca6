"""What `sparsim inspect` shows before any run: `machine.py` of a machine, `workload.py` of a workload, `patterns.py` its plots."""
