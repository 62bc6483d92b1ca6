"""Studies over several runs: comparisons, sweeps, sizes, bands, training steps."""
