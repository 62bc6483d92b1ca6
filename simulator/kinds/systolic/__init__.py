"""The systolic array: folds of a dense product, with what it may skip."""
