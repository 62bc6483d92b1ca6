"""Gather (row-wise, Gustavson): activations travel from banks to units."""
