"""Kinds of hardware: each folder is one kind, with all that it is and does."""
