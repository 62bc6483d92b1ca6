"""Studies: a question in a file, the sweeps that answer it, figures of their points, and sentences that follow from the figures.

Read `spec.py` (the file), `evidence.py` (points, and what the bands of the constants make of them) and `answer.py` (sentences) first.
`quantities.py` says what an expression may name of a point, `figures` has a file for each kind of figure, `picture.py` draws,
`reading.py` checks names before anything runs, `run.py` runs the sweeps and `folder.py` writes what came out.
"""
