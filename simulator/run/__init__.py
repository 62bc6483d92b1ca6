"""A workload on a machine: every operation through its kind, then all through the system level."""
