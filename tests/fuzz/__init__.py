"""Hostile files of every kind of input: `python -m fuzz 1000 [SEED]`, or `make fuzz N=1000`."""
