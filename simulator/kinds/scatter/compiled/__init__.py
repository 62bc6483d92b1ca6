"""The scatter dataflow, compiled: its records, what its units and banks do in a cycle, its cycle loop, and the engine that runs it."""
