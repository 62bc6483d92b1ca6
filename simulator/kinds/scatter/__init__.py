"""Scatter (column-wise, outer product): partial sums travel from units to banks."""
