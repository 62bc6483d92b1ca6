"""Where two machines change places along an axis. Start with `breakeven.py`; `crossings.py` finds the changes and
their bands, `answer.py` is what came out."""

MOST_POINTS = 1000
"""Values of a coarse scan."""
FINEST = 1e-6
"""Least tolerance: no bracket gets narrower than what numbers tell apart."""
