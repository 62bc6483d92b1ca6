"""Largest operands that are read or drawn: refused by name before any memory is spent."""

MAX_DIMENSION = 2**27
"""Rows or columns: the row pointers of that many rows take 1 GiB."""

MAX_NONZEROS = 2**28
"""Nonzeros of a matrix, and elements of X, whose mask is held whole; about 3 GiB with values."""
