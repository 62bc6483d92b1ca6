"""A systolic array as hardware: cells, the banks at its edges, and the sequencer that runs folds through it."""
