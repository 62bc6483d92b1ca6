"""Where two machines change places along an axis. Start with `breakeven.py`; `crossings.py` finds the changes and
their bands, `answer.py` is what came out."""
