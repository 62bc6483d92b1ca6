"""A fabric of units that does each operation by gather or by scatter, whichever the trace asks for."""
