"""A network alone, compiled: its record, its cycle loop, and the engine that drives it with traffic."""
