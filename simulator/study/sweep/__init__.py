"""Sweeps: a file of axes, run point by point into a store, and what its rows show.

Read `spec.py` (the file), `space.py` (its combinations), `run.py` (how they are run) and `store.py` (where they are kept) first.
`files.py` checks a file; `job.py` is what a worker does; `row.py`, `study.py`, `analysis.py`, `tables.py` and `plots.py` are what is
shown of a finished sweep, `bands.py` how far to trust it, `catalogue.py` what the store is asked afterwards.
"""
