"""Timing: what happens in which cycle. Counts only; no joule and no mm²."""
