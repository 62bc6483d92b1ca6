"""Sweeps: a file of axes, run point by point into a store, and what its rows show.

Read `spec.py` (the file), `space.py` (its combinations), `run.py` (how they are run) and `store.py` (where they are kept) first.
`reading.py` checks a file, whose key paths (`keys.py`) and expressions say what each point is made of (`inputs.py`); `point.py` is a
point, and what a worker does for it; `strategies.py` choose them. `study.py` is a finished sweep and its rows; `analysis.py`,
`tables.py`, `fronts.py` and `plots.py` are what is shown of it, `folder.py` what is kept, `catalogue.py` what the store is asked
afterwards.
"""
