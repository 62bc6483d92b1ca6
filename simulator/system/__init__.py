"""The system level: the program of fills, tiles and drains, and the memory that executes it."""
